using A = Apache.Arrow;
using T = Apache.Arrow.Types;

namespace ArrowCid.Columnar;

/// <summary>
/// Columns and batches as those of Apache.Arrow, over the same memory: no value is copied. What Apache's accessors do
/// not check themselves is checked here, once for each column (<see cref="SlotBounds"/>).
/// </summary>
internal static class ToApache
{
    // An array without slots may come without offsets; Apache reads the first one.
    private static readonly ReadOnlyMemory<byte> s_firstOffset = new byte[sizeof(long)];

    /// <summary>A whole batch.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry
    /// it.</exception>
    /// <exception cref="InvalidArrowException">An offset, view, index, type code or run end points outside.</exception>
    public static A.RecordBatch Batch(RecordBatch batch)
    {
        A.Schema schema = ToApacheType.Schema(batch.Schema);
        var columns = new A.IArrowArray[batch.Schema.Fields.Count];
        for (int i = 0; i < columns.Length; i++) columns[i] = Column(batch, i, schema.GetFieldByIndex(i));
        return new A.RecordBatch(schema, columns, batch.Length);
    }

    /// <summary>The first column of a name.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: no such column; others as for
    /// <see cref="Batch"/>.</exception>
    public static A.IArrowArray Column(RecordBatch batch, string name)
    {
        int index = batch.Schema.IndexOf(name);
        // Throws with the columns that there are.
        if (index < 0) _ = batch.Column(name);
        return Column(batch, index, ToApacheType.FieldAt(batch.Schema, index));
    }

    private static A.IArrowArray Column(RecordBatch batch, int index, A.Field field) =>
        A.ArrowArrayFactory.BuildArray(
            Data(batch.ColumnAt(index), field.DataType, new FieldPath(null, field.Name)));

    private static A.ArrayData Data(ArrowArray array, T.IArrowType type, FieldPath path)
    {
        SlotBounds.Require(array, path);
        ReadOnlySpan<ReadOnlyMemory<byte>> from = array.Buffers;
        var buffers = new A.ArrowBuffer[from.Length];
        for (int i = 0; i < buffers.Length; i++) buffers[i] = new A.ArrowBuffer(from[i]);
        if (IsOffsets(array.Layout) && from[1].IsEmpty) buffers[1] = new A.ArrowBuffer(s_firstOffset);
        A.ArrayData? dictionary = array.Type is DictionaryType d
            ? Data(array.Dictionary ?? ArrowArrayBuilder.For(d.ValueType).Build(),
                ((T.DictionaryType)type).ValueType, path)
            : null;
        return new A.ArrayData(type, array.Length, NullCount(array), array.Offset, buffers,
            Children(array, type, path), dictionary);
    }

    private static A.ArrayData[] Children(ArrowArray array, T.IArrowType type, FieldPath path)
    {
        ReadOnlySpan<ArrowArray> from = array.ChildSpan;
        if (from.IsEmpty) return [];
        IReadOnlyList<A.Field> fields = ((T.NestedType)type).Fields;
        var children = new A.ArrayData[from.Length];
        for (int i = 0; i < children.Length; i++)
            children[i] = Data(from[i], fields[i].DataType, new FieldPath(path, fields[i].Name));
        return children;
    }

    /// <summary>Apache takes every slot for valid where the count is 0, whatever the bitmap has: a count that is only
    /// claimed is not handed on.</summary>
    private static int NullCount(ArrowArray array) => array.Layout switch
    {
        BufferLayout.Null => array.Length,
        BufferLayout.SparseUnion or BufferLayout.DenseUnion => -1,
        _ => array.Validity.IsEmpty ? 0 : -1,
    };

    private static bool IsOffsets(BufferLayout layout) =>
        layout is BufferLayout.Bytes32 or BufferLayout.Bytes64 or BufferLayout.List32 or BufferLayout.List64;
}
