using System.Buffers.Binary;
using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>The unchanging half of a segment's first page.</summary>
internal sealed record SegmentHeader(Guid SegmentId, int Slot, uint Generation, int Lane, SegmentKind Kind, ulong Nonce,
    long Bytes, ulong FirstSequence, ulong Order, ulong CreatedNanoseconds)
{
    private const ulong Magic = 0x0147_4553_4352_5241; // "ARRCSEG\1"
    private const int CrcOffset = StoreLayout.SegmentHeaderBytes - 8;

    /// <summary>The header's checksum, which the first record uses as the checksum of its predecessor.</summary>
    public uint Crc { get; private set; }

    public void Write(Span<byte> half)
    {
        Debug.Assert(half.Length == StoreLayout.SegmentHeaderBytes);
        Debug.Assert(Slot is >= 0 and < StoreLayout.MaxSegments && Lane is >= 0 and < StoreLayout.MaxLanes);
        Debug.Assert(Bytes >= StoreLayout.MiB && Bytes % StoreLayout.MiB == 0);
        half.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(half, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(half[8..], StoreLayout.Major);
        BinaryPrimitives.WriteUInt32LittleEndian(half[12..], (uint)Kind);
        SegmentId.TryWriteBytes(half[16..32]);
        BinaryPrimitives.WriteUInt32LittleEndian(half[32..], (uint)Slot);
        BinaryPrimitives.WriteUInt32LittleEndian(half[36..], (uint)Lane);
        BinaryPrimitives.WriteUInt32LittleEndian(half[40..], Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(half[48..], Nonce);
        BinaryPrimitives.WriteUInt64LittleEndian(half[56..], (ulong)Bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(half[64..], FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(half[72..], Order);
        BinaryPrimitives.WriteUInt64LittleEndian(half[80..], CreatedNanoseconds);
        Crc = StoreLayout.Crc(half[..CrcOffset]);
        BinaryPrimitives.WriteUInt32LittleEndian(half[CrcOffset..], Crc);
    }

    /// <summary>Reads a private copy of the half page.</summary>
    /// <returns>Null where it is not a segment header of this format, or its checksum is wrong.</returns>
    public static SegmentHeader? Read(ReadOnlySpan<byte> half)
    {
        uint crc = StoreLayout.Crc(half[..CrcOffset]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(half) != Magic ||
            BinaryPrimitives.ReadUInt32LittleEndian(half[8..]) != StoreLayout.Major ||
            BinaryPrimitives.ReadUInt32LittleEndian(half[CrcOffset..]) != crc)
            return null;
        return new SegmentHeader(
            new Guid(half[16..32]),
            (int)BinaryPrimitives.ReadUInt32LittleEndian(half[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(half[40..]),
            (int)BinaryPrimitives.ReadUInt32LittleEndian(half[36..]),
            (SegmentKind)BinaryPrimitives.ReadUInt32LittleEndian(half[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(half[48..]),
            (long)BinaryPrimitives.ReadUInt64LittleEndian(half[56..]),
            BinaryPrimitives.ReadUInt64LittleEndian(half[64..]),
            BinaryPrimitives.ReadUInt64LittleEndian(half[72..]),
            BinaryPrimitives.ReadUInt64LittleEndian(half[80..]))
        {
            Crc = crc,
        };
    }
}
