using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Arrays of numbers as batches of one row of <c>arrow.fixed_shape_tensor</c>.</summary>
internal sealed class TensorHandler : IContentHandler
{
    private static readonly Dictionary<Type, ITensorItems> s_items = new()
    {
        [typeof(sbyte[])] = new TensorItems<sbyte>(ArrowType.Int8),
        [typeof(short[])] = new TensorItems<short>(ArrowType.Int16),
        [typeof(ushort[])] = new TensorItems<ushort>(ArrowType.UInt16),
        [typeof(int[])] = new TensorItems<int>(ArrowType.Int32),
        [typeof(uint[])] = new TensorItems<uint>(ArrowType.UInt32),
        [typeof(long[])] = new TensorItems<long>(ArrowType.Int64),
        [typeof(ulong[])] = new TensorItems<ulong>(ArrowType.UInt64),
        [typeof(Half[])] = new TensorItems<Half>(ArrowType.Float16),
        [typeof(float[])] = new TensorItems<float>(ArrowType.Float32),
        [typeof(double[])] = new TensorItems<double>(ArrowType.Float64),
    };

    private interface ITensorItems
    {
        RecordBatch Store(object array);

        object? Load(RecordBatch batch);
    }

    public string Form => "tensor";

    public bool CanHandle(Type type) => s_items.ContainsKey(type);

    public StoredContent Store(CidStore store, object value) =>
        StoredContent.Of(store.Put(s_items[value.GetType()].Store(value)));

    public object? Load(CidStore store, Cid cid, Type type)
    {
        using BatchLease? lease = store.TryGet(cid);
        if (lease is null) return null;
        return s_items[type].Load(lease.View) ??
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"{cid} is no array of {type.GetElementType()!.Name}");
    }

    private sealed class TensorItems<T>(ArrowType type) : ITensorItems where T : unmanaged
    {
        public RecordBatch Store(object array)
        {
            var values = (T[])array;
            if (values.Length == 0)
                throw new ArrowCidException(ErrorCode.Unsupported, "an array without items is no tensor");
            return NumpyFile.BatchOf(type, values.Length, [values.Length], ArrowArray.From<T>(values, type).Buffers[1]);
        }

        public object? Load(RecordBatch batch)
        {
            bool isOfType = batch is { Length: 1, Schema.Fields: [{ Type: FixedSizeListType list }] } &&
                list.Item.Type.Equals(type);
            if (!isOfType) return null;
            ArrowArray column = batch.Columns[0], items = column.Children[0];
            int size = ((FixedSizeListType)column.Type).ListSize;
            return items.NullCount > 0
                ? null
                : MemoryMarshal.Cast<byte, T>(items.Buffers[1].Span)
                    .Slice(items.Offset + (column.Offset * size), size).ToArray();
        }
    }
}
