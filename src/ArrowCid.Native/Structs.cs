using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

// SAFETY: the structs lie as arrowcid.h declares them; a test compares sizes and offsets with a C compiler's.

/// <summary><c>arrowcid_cid</c>: the binary form of a CID of version 1 with a codec below 128 and a SHA-256.</summary>
[InlineArray(ByteCount)]
internal struct CidBytes
{
    public const int ByteCount = 36;

    // The version, the codec as one byte, SHA-256, the length of the digest.
    private const int CodecAt = 1, DigestAt = 4, MaxCodec = 0x7f;

    private byte _first;

    private static ReadOnlySpan<byte> Prefix => [0x01, 0x55, 0x12, 0x20];

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: the CID has no such form.</exception>
    public static CidBytes Of(Cid cid) => IsOf(cid) && cid.TryGetSha256(out Digest256 digest)
        ? OfDigest(digest, cid.Codec)
        : throw new ArrowCidException(ErrorCode.Unsupported, $"{cid} does not fit 36 bytes: {Form}");

    /// <summary>Whether a CID has this form.</summary>
    public static bool IsOf(Cid cid) => cid.Version == 1 && cid.Codec <= MaxCodec && cid.TryGetSha256(out _);

    /// <summary>The rule, for messages.</summary>
    public static string Form =>
        "a CID here is of version 1, with a codec below 128 such as raw, dag-cbor and dag-pb, and SHA-256";

    /// <summary>A CID of the digest; zeros where there is no digest.</summary>
    public static CidBytes OfDigest(Digest256 digest, ulong codec = Multicodec.Raw)
    {
        var bytes = default(CidBytes);
        if (digest == default) return bytes;
        if (codec > MaxCodec)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                $"{Cid.FromSha256(codec, digest)} does not fit 36 bytes: {Form}");
        }

        Span<byte> target = bytes;
        Prefix.CopyTo(target);
        target[CodecAt] = (byte)codec;
        digest.CopyTo(target[DigestAt..]);
        return bytes;
    }

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidCid"/>: the bytes are another CID, or
    /// none.</exception>
    [UnscopedRef]
    public readonly Cid Read()
    {
        ReadOnlySpan<byte> bytes = this;
        bool isCid = bytes[0] == Prefix[0] && bytes[CodecAt] <= MaxCodec &&
            bytes[2..DigestAt].SequenceEqual(Prefix[2..]);
        if (isCid) return Cid.FromSha256(bytes[CodecAt], new Digest256(bytes[DigestAt..]));
        throw new ArrowCidException(ErrorCode.InvalidCid,
            $"the 36 bytes begin with {Convert.ToHexStringLower(bytes[..DigestAt])}, and not with 01, a codec and " +
            $"1220: {Form}");
    }
}

/// <summary><c>arrowcid_block</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Block
{
    public CidBytes Cid, SchemaCid;
    public long Rows, Length, Time;
    public int Kind;
    public short IsNew, IsRepaired;

    public static Block Of(in PutResult put)
    {
        Block block = Of(put.Address);
        block.SetOutcome(in put);
        return block;
    }

    /// <summary>A put of bytes or of a dataset, whose block may be of any kind.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="CidBytes.Of(Cid)"/>.</exception>
    public static Block Of(CidStore store, in PutResult put)
    {
        if (!store.TryFindAny(put.Cid, out BlockInfo info)) return Of(in put);
        Block block = Of(in info, store.NodeOf(in info));
        block.SetOutcome(in put);
        return block;
    }

    public static Block Of(in StoredBlock stored)
    {
        Block block = Of(stored.Address);
        block.Time = Nanoseconds(stored.Time);
        return block;
    }

    /// <param name="info">The block.</param>
    /// <param name="node">What it is where it is a node of IPLD, or null.</param>
    public static Block Of(in BlockInfo info, in NodeHead? node) => new()
    {
        Cid = CidBytes.OfDigest(info.Digest, info.Codec),
        SchemaCid = node?.Schema is { } schema ? CidBytes.Of(schema) : CidBytes.OfDigest(info.SchemaDigest),
        Rows = node?.Rows ?? info.Rows,
        Length = info.Length,
        Time = Nanoseconds(info.Time),
        Kind = (int)(node?.Kind ?? (BlockKind)info.Kind),
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

    public static Block Of(in StoreEvent announcement)
    {
        if (announcement.Kind == StoreEventKind.Gap) return default;
        Block block = Of(announcement.Address);
        block.Time = Nanoseconds(announcement.Time);
        block.IsNew = (short)(announcement.Kind == StoreEventKind.New ? 1 : 0);
        return block;
    }

    private void SetOutcome(in PutResult put)
    {
        IsNew = (short)(put.IsNew ? 1 : 0);
        IsRepaired = (short)(put.IsRepaired ? 1 : 0);
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

    public static long Nanoseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick;
}

/// <summary><c>arrowcid_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Options
{
    public long Size, Capacity, SegmentSize, TimeoutMilliseconds;
    public int Durability, Verify, Retention, Flags;
}

/// <summary><c>arrowcid_name</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NameOut
{
    public CidBytes Cid;
    public int Kind;
    public long Time;
    public NameText Name;

    /// <exception cref="ArrowCidException">As for <see cref="CidBytes.Of(Cid)"/>.</exception>
    public static NameOut Of(CidStore store, NameChange name)
    {
        Cid cid = name.Cid!.Value;
        var found = new NameOut { Cid = CidBytes.Of(cid), Time = Block.Nanoseconds(name.Time) };
        if (store.TryFindAny(cid, out BlockInfo info))
            found.Kind = (int)(store.NodeOf(in info)?.Kind ?? (BlockKind)info.Kind);
        // SAFETY: the span is the struct's own bytes; a name has at most 255, so that the last one stays 0.
        Span<byte> text = found.Name;
        _ = Utf8Text.Fill(name.Name, text[..^1]);
        return found;
    }
}

/// <summary>The text of a <see cref="NameOut"/>, ended by a NUL.</summary>
[InlineArray(ByteCount)]
internal struct NameText
{
    public const int ByteCount = 256;

    private byte _first;
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

    public static AnnouncementOut Of(in StoreEvent announcement) => new()
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
