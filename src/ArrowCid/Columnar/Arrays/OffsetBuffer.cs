using System.Buffers.Binary;

namespace ArrowCid.Columnar;

/// <summary>Offsets, sizes or run ends as int32 or int64.</summary>
internal sealed class OffsetBuffer(bool isLong)
{
    private readonly ByteBuffer _bytes = new();

    public void Add(int value)
    {
        if (isLong) BinaryPrimitives.WriteInt64LittleEndian(_bytes.Extend(sizeof(long)), value);
        else BinaryPrimitives.WriteInt32LittleEndian(_bytes.Extend(sizeof(int)), value);
    }

    public ReadOnlyMemory<byte> Take() => _bytes.Take();
}
