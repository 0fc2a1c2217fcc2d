using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>Nodes and buffers of arrays as they lie in memory, in Arrow's pre-order, perhaps with their bytes
/// swapped.</summary>
internal sealed class IpcParts(bool isBigEndian, bool isV4)
{
    public List<long> Nodes { get; } = [];

    public List<byte[]> Buffers { get; } = [];

    public List<long> Variadic { get; } = [];

    public void Add(ArrowArray array)
    {
        Assert.Equal(0, array.Offset);
        long nulls = array.Layout == BufferLayout.Null ? array.Length
            : array.Layout.HasValidity() ? array.ClaimedNullCount
            : 0;
        Nodes.AddRange([array.Length, nulls]);
        bool isUnion = array.Layout is BufferLayout.SparseUnion or BufferLayout.DenseUnion;
        if (isUnion && isV4)
        {
            var ones = new byte[array.Length % 2 == 0 ? 0 : (array.Length + 7) / 8];
            Array.Fill(ones, (byte)0xFF);
            Buffers.Add(ones);
        }

        if (array.Layout == BufferLayout.ByteViews) Variadic.Add(array.Buffers.Length - 2);
        for (int i = 0; i < array.Buffers.Length; i++)
        {
            byte[] bytes = array.Buffers[i].ToArray();
            if (isBigEndian) Swap(array, i, bytes);
            Buffers.Add(bytes);
        }

        foreach (ArrowArray child in array.Children) Add(child);
    }

    private static void Swap(ArrowArray array, int buffer, byte[] bytes)
    {
        int[] widths = (array.Layout, buffer) switch
        {
            (BufferLayout.Fixed, 1) => Widths(array.Type),
            (BufferLayout.Dictionary, 1) => [array.Type.ByteWidth()],
            (BufferLayout.Bytes32 or BufferLayout.List32 or BufferLayout.DenseUnion, 1) => [4],
            (BufferLayout.Bytes64 or BufferLayout.List64, 1) => [8],
            (BufferLayout.ListView32, 1 or 2) => [4],
            (BufferLayout.ListView64, 1 or 2) => [8],
            _ => [],
        };
        if (array.Layout == BufferLayout.ByteViews && buffer == 1) SwapViews(bytes);
        if (widths.Length == 0 || widths.Sum() == 0) return;
        for (int at = 0; at + widths.Sum() <= bytes.Length;)
        {
            foreach (int width in widths)
            {
                Array.Reverse(bytes, at, width);
                at += width;
            }
        }
    }

    private static int[] Widths(ArrowType type) => type.Id switch
    {
        ArrowTypeId.IntervalDayTime => [4, 4],
        ArrowTypeId.IntervalMonthDayNano => [4, 4, 8],
        ArrowTypeId.FixedSizeBinary => [],
        _ => [type.ByteWidth()],
    };

    private static void SwapViews(byte[] bytes)
    {
        for (int at = 0; at + 16 <= bytes.Length; at += 16)
        {
            bool isLong = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) > 12;
            Array.Reverse(bytes, at, 4);
            if (!isLong) continue;
            Array.Reverse(bytes, at + 8, 4);
            Array.Reverse(bytes, at + 12, 4);
        }
    }
}
