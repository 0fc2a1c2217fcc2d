using A = Apache.Arrow;
using T = Apache.Arrow.Types;

namespace ArrowCid.Columnar;

/// <summary>
/// Batches of Apache.Arrow as the encoder reads them: the buffers of each <see cref="A.ArrayData"/> are taken over, no
/// value is copied or looked at. What the encoder refuses of foreign data it refuses of these.
/// </summary>
internal static class FromApache
{
    /// <summary>A batch over the same memory.</summary>
    /// <exception cref="InvalidArrowException">The columns do not fit the schema, the length or their
    /// types.</exception>
    public static RecordBatch Batch(A.RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Schema schema = FromApacheType.Schema(batch.Schema);
        if (batch.ColumnCount != schema.Fields.Count)
        {
            throw new InvalidArrowException(
                $"the batch has {batch.ColumnCount} columns, its schema {schema.Fields.Count} fields");
        }

        var columns = new ArrowArray[batch.ColumnCount];
        for (int i = 0; i < columns.Length; i++)
        {
            Field field = schema.Fields[i];
            columns[i] = Array(batch.Column(i).Data, field.Type, null, field.Name);
        }

        return new RecordBatch(schema, batch.Length, columns);
    }

    /// <summary>A column over the same memory. Names, nullability and metadata of children are those of the declared
    /// type: Apache's builders make their own.</summary>
    private static ArrowArray Array(A.ArrayData data, ArrowType type, FieldPath? parent, string name)
    {
        FieldPath? path = null;
        T.IArrowType actual = FromApacheType.Storage(data.DataType);
        if (!Fits(type, actual))
        {
            path = new FieldPath(parent, name);
            throw new InvalidArrowException($"a column is of {actual.Name}, its field of {type}", path);
        }

        BufferLayout layout = type.Layout();
        A.ArrowBuffer[] from = layout == BufferLayout.Null ? [] : data.Buffers ?? [];
        var buffers = new ReadOnlyMemory<byte>[from.Length];
        for (int i = 0; i < buffers.Length; i++) buffers[i] = from[i].Memory;
        ArrowArray[] children = [];
        ArrowArray? dictionary = null;
        if (type.Children.Count > 0) children = Children(data, type, path ?? new FieldPath(parent, name));
        if (type is DictionaryType { ValueType: var values } && data.Dictionary is { } entries)
            dictionary = Array(entries, values, parent, name);
        try
        {
            return new ArrowArray(type, data.Length, buffers, children, dictionary, data.Offset,
                layout.HasValidity() ? data.NullCount : -1);
        }
        catch (InvalidArrowException e)
        {
            throw new InvalidArrowException(e.Rule, new FieldPath(parent, name), inner: e);
        }
        catch (ArgumentException e)
        {
            throw new InvalidArrowException(e.Message, new FieldPath(parent, name), inner: e);
        }
    }

    private static ArrowArray[] Children(A.ArrayData data, ArrowType type, FieldPath path)
    {
        A.ArrayData[] from = data.Children ?? [];
        if (from.Length != type.Children.Count)
            throw new InvalidArrowException($"{type} has {type.Children.Count} children, not {from.Length}", path);
        var children = new ArrowArray[from.Length];
        for (int i = 0; i < children.Length; i++)
        {
            Field child = type.Children[i];
            children[i] = Array(from[i], child.Type, path, child.Name);
        }

        return children;
    }

    /// <summary>Whether slots of a type lie in memory as the declared type has them; children are compared on their
    /// own.</summary>
    private static bool Fits(ArrowType declared, T.IArrowType actual) => (declared, actual) switch
    {
        (FixedSizeListType d, T.FixedSizeListType a) => d.ListSize == a.ListSize,
        (UnionType d, T.UnionType a) => (d.Id == ArrowTypeId.DenseUnion) == (a.Mode == T.UnionMode.Dense)
            && HasCodes(d, a),
        (DictionaryType d, T.DictionaryType a) => Fits(d.IndexType, a.IndexType),
        (StructType, T.StructType) or (MapType, T.MapType) or (RunEndEncodedType, T.RunEndEncodedType) => true,
        (ListType d, T.NestedType a) => (d.Id, a) is (ArrowTypeId.List, T.ListType)
            or (ArrowTypeId.LargeList, T.LargeListType) or (ArrowTypeId.ListView, T.ListViewType)
            or (ArrowTypeId.LargeListView, T.LargeListViewType),
        (NestedType or DictionaryType, _) or (_, T.NestedType or T.DictionaryType) => false,
        _ => declared.Equals(FromApacheType.Type(actual)),
    };

    private static bool HasCodes(UnionType declared, T.UnionType actual)
    {
        if (declared.TypeCodes.Length != actual.TypeIds.Length) return false;
        for (int i = 0; i < actual.TypeIds.Length; i++)
        {
            if (declared.TypeCodes[i] != actual.TypeIds[i]) return false;
        }

        return true;
    }
}
