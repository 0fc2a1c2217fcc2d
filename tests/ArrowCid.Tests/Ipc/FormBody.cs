using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Tests.Compression;

namespace ArrowCid.Tests.Ipc;

/// <summary>One message's body in a <see cref="Form"/>, with its nodes and buffers.</summary>
internal sealed class FormBody(Form form)
{
    private readonly List<byte> _bytes = [];

    public List<(long, long)> Nodes { get; } = [];

    public List<(long, long)> Buffers { get; } = [];

    public List<long> Variadic { get; } = [];

    public byte[] ToArray() => _bytes.ToArray();

    public void Add(ArrowArray array)
    {
        Assert.Equal(0, array.Offset);
        BufferLayout layout = array.Layout;
        Nodes.Add((array.Length, form.UnknownNullCounts ? -1 : array.NullCount));
        if (form.Version == 3 && layout is BufferLayout.SparseUnion or BufferLayout.DenseUnion or BufferLayout.RunEnds)
            Add(Enumerable.Repeat((byte)0xFF, Bits.ByteCount(array.Length)).ToArray());
        if (layout == BufferLayout.ByteViews) Variadic.Add(array.Buffers.Length - 2);
        for (int i = 0; i < array.Buffers.Length; i++)
        {
            byte[] buffer = array.Buffers[i].ToArray();
            if (form.BigEndian) Turn(buffer, Parts(array.Type, layout, i), layout == BufferLayout.ByteViews && i == 1);
            Add(buffer);
        }

        foreach (ArrowArray child in array.Children) Add(child);
    }

    private void Add(byte[] buffer)
    {
        if (form.Codec >= 0 && buffer.Length > 0)
        {
            bool stored = form.StoresSome && Buffers.Count % 2 == 1;
            byte[] packed = stored ? buffer
                : Frames.Of(form.Codec == 1, buffer);
            byte[] framed = new byte[8 + packed.Length];
            BinaryPrimitives.WriteInt64LittleEndian(framed, stored ? -1 : buffer.Length);
            packed.CopyTo(framed, 8);
            buffer = framed;
        }

        Buffers.Add((_bytes.Count, buffer.Length));
        _bytes.AddRange(buffer);
        while (_bytes.Count % form.Alignment != 0) _bytes.Add(0);
    }

    /// <summary>The widths of the numbers that repeat in a buffer; none where bytes stay as they are.</summary>
    private static int[] Parts(ArrowType type, BufferLayout layout, int buffer)
    {
        if (buffer == 0) return [];
        if (type is DictionaryType { IndexType: var index }) return Parts(index, BufferLayout.Fixed, 1);
        switch (type.Id)
        {
            case ArrowTypeId.IntervalMonthDayNano: return [4, 4, 8];
            case ArrowTypeId.IntervalDayTime: return [4, 4];
            case ArrowTypeId.FixedSizeBinary: return [];
            case ArrowTypeId.ListView: return [4];
            case ArrowTypeId.LargeListView: return [8];
            default: break;
        }

        if (layout == BufferLayout.Fixed) return [type.ByteWidth()];
        if (buffer != 1) return [];
        return layout switch
        {
            BufferLayout.Bytes32 or BufferLayout.List32 or BufferLayout.DenseUnion => [4],
            BufferLayout.Bytes64 or BufferLayout.List64 => [8],
            _ => [],
        };
    }

    private static void Turn(byte[] buffer, int[] parts, bool views)
    {
        for (int at = 0; views && at + 16 <= buffer.Length; at += 16)
        {
            bool isLong = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at)) > 12;
            Array.Reverse(buffer, at, 4);
            if (!isLong) continue;
            Array.Reverse(buffer, at + 8, 4);
            Array.Reverse(buffer, at + 12, 4);
        }

        int stride = parts.Sum();
        for (int at = 0; stride > 0 && at + stride <= buffer.Length;)
        {
            foreach (int part in parts)
            {
                Array.Reverse(buffer, at, part);
                at += part;
            }
        }
    }
}
