using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a record of a segment is. Numbers are part of the format.</summary>
internal enum RecordKind : ushort
{
    None = 0,

    /// <summary>A canonical block: an Arrow batch.</summary>
    Batch = 1,

    /// <summary>A canonical schema.</summary>
    Schema = 2,

    /// <summary>Any other bytes.</summary>
    Raw = 3,

    /// <summary>A range of another block, as a block; header only.</summary>
    View = 4,

    /// <summary>A block that was put again; header only.</summary>
    Ref = 5,

    /// <summary>Facts about blocks; only in segments of facts.</summary>
    Fact = 6,

    /// <summary>Space that nothing became of.</summary>
    Pad = 7,
}

/// <summary>What else is known of a record. Bits are part of the format.</summary>
[Flags]
internal enum RecordFlags : ushort
{
    None = 0,

    /// <summary>Made by this library's own encoder, so that its form need not be checked again in a store of one's
    /// own.</summary>
    OwnEncoder = 1,

    /// <summary>Copied by compaction: not announced again.</summary>
    Moved = 2,

    /// <summary>The payload was not hashed when the record was written.</summary>
    Unhashed = 4,

    /// <summary>The lane's next number belongs to the same transaction: neither counts without the other.</summary>
    Continued = 8,

    /// <summary>A block of a transaction: look-ups find it only once it is committed.</summary>
    FoundOnceCommitted = 16,

    /// <summary>What concerns the log and not the block.</summary>
    Transaction = Continued | FoundOnceCommitted,
}

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

    /// <summary>Whether the digest is that of the payload behind the header.</summary>
    public readonly bool IsHashed => HasPayload && RecordKind != RecordKind.Pad;

    /// <summary>Whether the lane's next number belongs to the same transaction.</summary>
    public readonly bool IsContinued => ((RecordFlags)Flags & RecordFlags.Continued) != 0;

    /// <summary>Whether look-ups find the record only once it is committed.</summary>
    public readonly bool IsFoundOnceCommitted => ((RecordFlags)Flags & RecordFlags.FoundOnceCommitted) != 0;

    /// <summary>The bytes from this header to the next.</summary>
    public readonly long Extent => HasPayload ? StoreLayout.RecordBytes((long)PayloadLength) : StoreLayout.RecordHeaderBytes;

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
        if (offset < StoreLayout.SegmentRecords || offset > segment.Bytes - StoreLayout.RecordHeaderBytes) return RecordKind.None;
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
    }

    private const int CrcWord = 7;
}

/// <summary>What a store knows of a block without opening it.</summary>
internal readonly record struct BlockInfo(Digest256 Digest, uint Codec, RecordKind Kind, Digest256 SchemaDigest,
    long Rows, long Length, DateTimeOffset Time, RecordFlags Flags)
{
    /// <summary>Of a put: the stored copy was damaged, and the bytes of the put have replaced it.</summary>
    public bool IsRepaired { get; init; }
}

/// <summary>Whence a put takes its bytes: written once, straight into the store, and hashed there.</summary>
internal interface IBlockSource
{
    /// <summary>The block's length in bytes, known before it is written.</summary>
    int Length { get; }

    /// <summary>Fills exactly <see cref="Length"/> bytes and returns the SHA-256 of what then stands there. It may
    /// throw: the store gives the space back.</summary>
    Digest256 WriteTo(Span<byte> destination);

    /// <summary>As <see cref="WriteTo"/>, where many are hashed together afterwards.</summary>
    void Fill(Span<byte> destination) => _ = WriteTo(destination);

    /// <summary>Throws where the bytes that were written may not be put under the digest that they have: the store
    /// gives the space back.</summary>
    void Validate(Digest256 digest)
    {
    }
}
