using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

// SAFETY: the structs lie as arrowcid.h declares them; a test compares sizes and offsets with a C compiler's.

/// <summary><c>arrowcid_cid</c>: the binary form of a CID of version 1, codec raw, SHA-256.</summary>
[InlineArray(ByteCount)]
internal struct CidBytes
{
    public const int ByteCount = 36;

    private byte _first;

    private static ReadOnlySpan<byte> Prefix => [0x01, 0x55, 0x12, 0x20];

    public static CidBytes Of(Cid cid)
    {
        var bytes = default(CidBytes);
        // What has no such form stands as zeros.
        if (cid.Version == 1 && cid.TryGetSha256(out Digest256 digest)) bytes = OfDigest(digest, cid.Codec);
        return bytes;
    }

    /// <summary>A CID of the digest; zeros where that is none.</summary>
    public static CidBytes OfDigest(Digest256 digest, ulong codec = Multicodec.Raw)
    {
        var bytes = default(CidBytes);
        if (digest == default || codec != Multicodec.Raw) return bytes;
        Span<byte> target = bytes;
        Prefix.CopyTo(target);
        digest.CopyTo(target[Prefix.Length..]);
        return bytes;
    }

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidCid"/>: the bytes are another CID, or
    /// none.</exception>
    [UnscopedRef]
    public readonly Cid Read()
    {
        ReadOnlySpan<byte> bytes = this;
        if (bytes.StartsWith(Prefix)) return Cid.FromSha256(Multicodec.Raw, new Digest256(bytes[Prefix.Length..]));
        throw new ArrowCidException(ErrorCode.InvalidCid,
            $"the 36 bytes begin with {Convert.ToHexStringLower(bytes[..Prefix.Length])}, not 01551220: no CID of " +
            "version 1, codec raw and SHA-256");
    }
}

/// <summary><c>arrowcid_block</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Block
{
    public CidBytes Cid, SchemaCid;
    public long Rows, Length, Time;
    public int Kind, IsNew;

    public static Block Of(in PutResult put)
    {
        Block block = Of(put.Address);
        block.IsNew = put.IsNew ? 1 : 0;
        return block;
    }

    public static Block Of(in StoredBlock stored)
    {
        Block block = Of(stored.Address);
        block.Time = Nanoseconds(stored.Time);
        return block;
    }

    public static Block Of(in BlockInfo info) => new()
    {
        Cid = CidBytes.OfDigest(info.Digest, info.Codec),
        SchemaCid = CidBytes.OfDigest(info.SchemaDigest),
        Rows = info.Rows,
        Length = info.Length,
        Time = Nanoseconds(info.Time),
        Kind = (int)info.Kind,
    };

    public static Block Of(StoredEntry entry) => new()
    {
        Cid = CidBytes.Of(entry.Cid),
        SchemaCid = entry.SchemaCid is { } schema ? CidBytes.Of(schema) : default,
        Rows = entry.Rows,
        Length = entry.ByteLength,
        Time = entry.Created is { } created ? Nanoseconds(created) : 0,
        Kind = (int)entry.Kind,
    };

    public static Block Of(in Announcement announcement)
    {
        if (announcement.Kind == AnnouncementKind.Gap) return default;
        Block block = Of(announcement.Address);
        block.Time = Nanoseconds(announcement.Time);
        block.IsNew = announcement.Kind == AnnouncementKind.New ? 1 : 0;
        return block;
    }

    private static Block Of(in BlockAddress address)
    {
        bool isBatch = address.SchemaCid.TryGetSha256(out Digest256 schema) && schema != default;
        return new Block
        {
            Cid = CidBytes.Of(address.Cid),
            SchemaCid = CidBytes.OfDigest(schema),
            Rows = address.Rows,
            Length = address.ByteLength,
            Kind = (int)(isBatch ? BlockKind.Batch : BlockKind.Raw),
        };
    }

    private static long Nanoseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick;
}

/// <summary><c>arrowcid_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Options
{
    public long Size, Capacity, SegmentSize, TimeoutMilliseconds;
    public int Durability, Verify, Retention, Flags;
}

/// <summary><c>arrowcid_column</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ColumnMemory
{
    public byte* Validity;
    public long ValidityLength;
    public byte* Values;
    public long ValuesLength;
    public byte* Offsets;
    public long OffsetsLength;
    public byte* Data;
    public long DataLength;
}

/// <summary><c>arrowcid_announcement</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AnnouncementOut
{
    public Block Block;
    public int Kind, Lane, GapReason, Reserved;
    public long GapFirst, GapLast;

    public static AnnouncementOut Of(in Announcement announcement) => new()
    {
        Block = Block.Of(in announcement),
        Kind = (int)announcement.Kind,
        Lane = announcement.Lane,
        GapReason = announcement.Gap is { } gap ? (int)gap.Reason : 0,
        GapFirst = (long)(announcement.Gap?.First ?? 0),
        GapLast = (long)(announcement.Gap?.Last ?? 0),
    };
}

/// <summary><c>arrowcid_error</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ErrorOut
{
    public int Code;
    public ErrorText Message;
}

/// <summary>The message of an <see cref="ErrorOut"/>.</summary>
[InlineArray(ByteCount)]
internal struct ErrorText
{
    public const int ByteCount = 1020;

    private byte _first;
}
