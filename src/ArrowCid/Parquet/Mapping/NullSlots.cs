using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Slots that a null hides: all null, or zero where a type has no nulls.</summary>
internal static class NullSlots
{
    /// <summary>Builds <paramref name="count"/> null slots, of an array's type and over its dictionaries.</summary>
    public static ArrowArray Of(ArrowArray like, int count)
    {
        ArrowType type = like.Type;
        byte[] none = new byte[Bits.ByteCount(count)];
        switch (like.Layout)
        {
            case BufferLayout.Null:
                return new ArrowArray(type, count, []);
            case BufferLayout.Bits:
                return new ArrowArray(type, count, [none, new byte[Bits.ByteCount(count)]]);
            case BufferLayout.Fixed or BufferLayout.Dictionary:
                return new ArrowArray(type, count, [none, new byte[checked(count * type.ByteWidth())]], null,
                    like.Dictionary);
            case BufferLayout.Bytes32:
                return new ArrowArray(type, count, [none, Zeros(count + 1, 4), default]);
            case BufferLayout.Bytes64:
                return new ArrowArray(type, count, [none, Zeros(count + 1, 8), default]);
            case BufferLayout.ByteViews:
                return new ArrowArray(type, count, [none, Zeros(count, ByteView.Size)]);
            case BufferLayout.List32 or BufferLayout.List64:
                return new ArrowArray(type, count,
                    [none, Zeros(count + 1, like.Layout == BufferLayout.List32 ? 4 : 8)],
                    [like.Children[0].Slice(0, 0)]);
            case BufferLayout.ListView32 or BufferLayout.ListView64:
                int width = like.Layout == BufferLayout.ListView32 ? 4 : 8;
                return new ArrowArray(type, count, [none, Zeros(count, width), Zeros(count, width)],
                    [like.Children[0].Slice(0, 0)]);
            case BufferLayout.FixedSizeList:
                int size = ((FixedSizeListType)type).ListSize;
                return new ArrowArray(type, count, [none], [Of(like.Children[0], checked(count * size))]);
            case BufferLayout.Struct:
                return new ArrowArray(type, count, [none], [.. like.Children.Select(child => Of(child, count))]);
            case BufferLayout.SparseUnion:
                return new ArrowArray(type, count, [Codes((UnionType)type, count)],
                    [.. like.Children.Select(child => Of(child, count))]);
            case BufferLayout.DenseUnion:
                // All point at one slot of the first child.
                return new ArrowArray(type, count, [Codes((UnionType)type, count), Zeros(count, 4)],
                    [.. like.Children.Select((child, i) => Of(child, i == 0 ? Math.Min(count, 1) : 0))]);
            default:
                var ends = ((RunEndEncodedType)type).RunEnds.Type;
                byte[] end = new byte[count == 0 ? 0 : ends.ByteWidth()];
                if (count > 0) Slots.PutIndex(end, ends.ByteWidth(), 0, count);
                int runs = count == 0 ? 0 : 1;
                return new ArrowArray(type, count, [],
                    [new ArrowArray(ends, runs, [default, end]), Of(like.Children[1], runs)]);
        }
    }

    private static byte[] Zeros(int count, int width) => new byte[checked(count * width)];

    private static byte[] Codes(UnionType type, int count)
    {
        byte[] codes = new byte[count];
        if (!type.TypeCodes.IsEmpty) codes.AsSpan().Fill((byte)type.TypeCodes[0]);
        return codes;
    }
}
