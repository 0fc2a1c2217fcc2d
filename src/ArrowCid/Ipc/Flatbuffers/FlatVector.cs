using System.Buffers.Binary;

namespace ArrowCid.Ipc;

/// <summary>A FlatBuffers vector whose extent has been checked.</summary>
internal readonly ref struct FlatVector
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly FlatLimits _limits;
    private readonly int _start;
    private readonly int _itemBytes;

    internal FlatVector(ReadOnlySpan<byte> bytes, FlatLimits limits, int start, int count, int itemBytes)
    {
        _bytes = bytes;
        (_limits, _start, Count, _itemBytes) = (limits, start, count, itemBytes);
        IsPresent = true;
    }

    public int Count { get; }

    /// <summary>Whether the vector was written at all, perhaps empty.</summary>
    public bool IsPresent { get; }

    /// <summary>Where an item stands in the input, for messages.</summary>
    public long Offset(int index) => _limits.Start + _start + (long)index * _itemBytes;

    public int Int(int index, int at = 0) => BinaryPrimitives.ReadInt32LittleEndian(Item(index)[at..]);

    public long Long(int index, int at = 0) => BinaryPrimitives.ReadInt64LittleEndian(Item(index)[at..]);

    public FlatTable Table(int index)
    {
        _ = Item(index);
        return FlatTable.At(_bytes, _limits, FlatTable.Follow(_bytes, _limits, _start + index * 4));
    }

    private ReadOnlySpan<byte> Item(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _bytes.Slice(_start + index * _itemBytes, _itemBytes);
    }
}
