using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ArrowCid.Memory;

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
