using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The 128 bytes before every payload, as they lie in the file.</summary>
[StructLayout(LayoutKind.Sequential, Size = StoreLayout.RecordHeaderBytes)]
internal struct RecordHeader
{
    public ulong Magic;
    public ulong PayloadLength;
    public ushort Kind;
    public ushort Flags;
    public uint Codec;
    public uint HashCode;
    public uint Crc;
    public Digest256 Digest;
    public Digest256 SchemaDigest;
    public ulong Rows;
    public ulong Sequence;
    public ulong TimeNanoseconds;
    public uint Zeros;
    public uint PreviousCrc;

    public readonly RecordKind RecordKind => (RecordKind)Kind;

    /// <summary>Whether the record is a block that the index may name.</summary>
    public readonly bool IsBlock =>
        RecordKind is RecordKind.Batch or RecordKind.Schema or RecordKind.Raw or RecordKind.View;

    public readonly bool HasPayload => RecordKind is not (RecordKind.View or RecordKind.Ref);

    /// <summary>Whether the digest is that of the payload after the header.</summary>
    public readonly bool IsHashed => HasPayload && RecordKind != RecordKind.Pad;

    /// <summary>Whether the lane's next number belongs to the same transaction.</summary>
    public readonly bool IsContinued => ((RecordFlags)Flags & RecordFlags.Continued) != 0;

    /// <summary>Whether look-ups find the record only once it is committed.</summary>
    public readonly bool IsFoundOnceCommitted => ((RecordFlags)Flags & RecordFlags.FoundOnceCommitted) != 0;

    /// <summary>The bytes from this header to the next.</summary>
    public readonly long Extent =>
        HasPayload ? StoreLayout.RecordBytes((long)PayloadLength) : StoreLayout.RecordHeaderBytes;

    public readonly BlockInfo ToInfo() => new(Digest, Codec, RecordKind, SchemaDigest, (long)Rows, (long)PayloadLength,
        DateTimeOffset.UnixEpoch.AddTicks((long)(TimeNanoseconds / 100)),
        (RecordFlags)Flags & ~RecordFlags.Transaction);

    /// <summary>Reads the header at an offset into private memory and judges the copy.</summary>
    /// <returns>False where no whole record of this segment begins there.</returns>
    public static bool TryRead(Segment segment, long offset, out RecordHeader header)
    {
        if (offset < StoreLayout.SegmentRecords || offset > segment.Bytes - StoreLayout.RecordHeaderBytes)
        {
            header = default;
            return false;
        }

        header = segment.Map.Copy<RecordHeader>(offset);
        return header.IsRight(segment.Nonce, offset, segment.Bytes);
    }

    /// <summary>Whether the header at an offset is a block's of this digest, as far as its first line says: each word
    /// is read once.</summary>
    /// <returns>What the block is, or <see cref="RecordKind.None"/>.</returns>
    public static RecordKind Glimpse(Segment segment, long offset, in Digest256 digest)
    {
        if (offset < StoreLayout.SegmentRecords
            || offset > segment.Bytes - StoreLayout.RecordHeaderBytes) return RecordKind.None;
        ReadOnlySpan<ulong> line = segment.Map.Words(offset, StoreLayout.LineBytes / sizeof(ulong));
        ReadOnlySpan<ulong> wanted = MemoryMarshal.Cast<byte, ulong>(Digest256.Bytes(in digest));
        // The magic is written last, so it is read first.
        if (Volatile.Read(in line[0]) != (segment.Nonce ^ (ulong)offset)) return RecordKind.None;
        if (line[4] != wanted[0] || line[5] != wanted[1] || line[6] != wanted[2] || line[7] != wanted[3])
            return RecordKind.None;
        ulong word = Volatile.Read(in line[2]);
        bool isGuarded = ((RecordFlags)(ushort)(word >> 16) & RecordFlags.FoundOnceCommitted) != 0;
        if (isGuarded && offset >= segment.Committed) return RecordKind.None;
        var kind = (RecordKind)(ushort)word;
        return kind is RecordKind.Batch or RecordKind.Schema or RecordKind.Raw or RecordKind.View
            ? kind
            : RecordKind.None;
    }

    public static bool TryParse(Span<byte> copy, ulong nonce, long offset, long segmentBytes, out RecordHeader header)
    {
        header = MemoryMarshal.Read<RecordHeader>(copy);
        return header.IsRight(nonce, offset, segmentBytes);
    }

    private readonly bool IsRight(ulong nonce, long offset, long segmentBytes)
    {
        if (Magic != (nonce ^ (ulong)offset) || Crc != ComputeCrc()) return false;
        if (RecordKind is < RecordKind.Batch or > RecordKind.Pad || Zeros != 0) return false;
        // A digest's code other than SHA-256 never enters; a block is one Memory<byte> (2 GiB - 1).
        if (HashCode != Superblock.Sha256Code) return false;
        if (PayloadLength > int.MaxValue || Rows > long.MaxValue) return false;
        return !HasPayload || PayloadLength <= (ulong)(segmentBytes - offset - StoreLayout.RecordHeaderBytes);
    }

    /// <summary>The checksum of the header with its own field zero.</summary>
    private readonly uint ComputeCrc()
    {
        ReadOnlySpan<ulong> words =
            MemoryMarshal.Cast<RecordHeader, ulong>(new ReadOnlySpan<RecordHeader>(in this));
        uint crc = uint.MaxValue;
        foreach (ulong word in words[..(CrcWord / 2)]) crc = BitOperations.Crc32C(crc, word);
        crc = BitOperations.Crc32C(crc, (ulong)(uint)words[CrcWord / 2]);
        foreach (ulong word in words[(CrcWord / 2 + 1)..]) crc = BitOperations.Crc32C(crc, word);
        return ~crc;
    }

    /// <summary>P4: fields and checksum first, the magic last; until then the place holds no record, whatever lay
    /// there.</summary>
    public void WriteTo(Segment segment, long offset)
    {
        Debug.Assert(offset >= StoreLayout.SegmentRecords && offset % StoreLayout.RecordAlignment == 0);
        Debug.Assert(RecordKind is >= RecordKind.Batch and <= RecordKind.Pad);
        Debug.Assert(PayloadLength <= int.MaxValue && Rows <= long.MaxValue);
        Debug.Assert(Extent <= segment.Bytes - offset, "a record ends within its segment");
        Magic = segment.Nonce ^ (ulong)offset;
        HashCode = Superblock.Sha256Code;
        (Crc, Zeros) = (0, 0);
        Span<byte> copy = stackalloc byte[StoreLayout.RecordHeaderBytes];
        MemoryMarshal.Write(copy, in this);
        Crc = StoreLayout.Crc(copy);
        MemoryMarshal.Cast<byte, uint>(copy)[CrcWord] = Crc;
        segment.Map.Write(offset, 0);
        segment.Map.CopyFrom(copy[sizeof(ulong)..], offset + sizeof(ulong));
        segment.Map.Write(offset, Magic);
        Debug.Assert(IsRight(segment.Nonce, offset, segment.Bytes), "readers accept what was written");
    }

    private const int CrcWord = 7;
}
