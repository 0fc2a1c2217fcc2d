using System.Buffers;
using System.Security.Cryptography;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Signing;

/// <summary>
/// COSE_Sign1 and COSE_Mac0 (RFC 9052) in the one form that is written and read: a tag, the protected headers
/// <c>{1: algorithm, 4: key}</c>, no other headers, the payload detached. All lengths are fixed, so that a message is
/// one prefix, a key, a middle and a value, and each of its bytes counts.
/// </summary>
internal static class CoseFormat
{
    public const int SignatureBytes = 64;
    public const int TagBytes = 32;
    public const int SharedKeyBytes = 16;

    private const int QuickBytes = 1024;

    // Tag 18, 4 items; 39 bytes of {1: -7, 4: 33 bytes}. Then {}, null, and 64 bytes.
    private static readonly byte[] s_signPrefix = [0xd2, 0x84, 0x58, 0x27, 0xa2, 0x01, 0x26, 0x04, 0x58, 0x21];
    private static readonly byte[] s_signMiddle = [0xa0, 0xf6, 0x58, 0x40];

    // The headers begin after the tag, the list and their length.
    private const int HeadersAt = 4;

    // Tag 17, 4 items; 21 bytes of {1: 5, 4: 16 bytes}. Then {}, null, and 32 bytes.
    private static readonly byte[] s_macPrefix = [0xd1, 0x84, 0x55, 0xa2, 0x01, 0x05, 0x04, 0x50];
    private static readonly byte[] s_macMiddle = [0xa0, 0xf6, 0x58, 0x20];

    /// <summary>A message.</summary>
    public static byte[] Write(CoseKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        (byte[] prefix, byte[] middle, _, _) = FormOf(kind);
        return [.. prefix, .. key, .. middle, .. value];
    }

    /// <summary>Reads a message.</summary>
    /// <param name="kind">The message.</param>
    /// <param name="bytes">Any bytes.</param>
    /// <param name="key">The id of the key.</param>
    /// <param name="value">The signature or the tag.</param>
    /// <returns>False where they are no such message in this form.</returns>
    public static bool TryRead(CoseKind kind, ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> key,
        out ReadOnlySpan<byte> value)
    {
        (byte[] prefix, byte[] middle, int keyBytes, int valueBytes) = FormOf(kind);
        key = value = default;
        bool isOne = bytes.Length == prefix.Length + keyBytes + middle.Length + valueBytes &&
            bytes.StartsWith(prefix) && bytes[(prefix.Length + keyBytes)..].StartsWith(middle);
        if (!isOne) return false;
        key = bytes.Slice(prefix.Length, keyBytes);
        value = bytes[^valueBytes..];
        return true;
    }

    /// <summary>The protected headers of COSE_Sign1 with a key.</summary>
    public static byte[] HeadersOf(ReadOnlySpan<byte> key) => [.. s_signPrefix.AsSpan(HeadersAt), .. key];

    /// <summary>The key that protected headers of COSE_Sign1 name.</summary>
    /// <returns>False where they are not in the one form.</returns>
    public static bool TryKeyOf(ReadOnlySpan<byte> headers, out ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> prefix = s_signPrefix.AsSpan(HeadersAt);
        bool isOne = headers.Length == prefix.Length + PublicKey.ByteCount && headers.StartsWith(prefix);
        key = isOne ? headers[prefix.Length..] : default;
        return isOne;
    }

    /// <summary>What ES256 signs: the hash of ["Signature1", protected headers, h'', payload].</summary>
    public static Digest256 HashToSign(ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload)
    {
        // In one piece: an object that hashes has memory that must not move, which is dear for so few bytes.
        byte[] head = Head("Signature1"u8, s_signPrefix.AsSpan(2), key, payload.Length);
        int length = head.Length + payload.Length;
        byte[]? rented = null;
        Span<byte> whole = length <= QuickBytes
            ? stackalloc byte[QuickBytes]
            : (rented = ArrayPool<byte>.Shared.Rent(length));
        head.CopyTo(whole);
        payload.CopyTo(whole[head.Length..]);
        Digest256 digest = Sha256.Hash(whole[..length]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return digest;
    }

    /// <summary>The tag that HMAC makes of ["MAC0", protected headers, h'', payload].</summary>
    public static byte[] Tag(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload)
    {
        byte[] head = Head("MAC0"u8, s_macPrefix.AsSpan(2), key, payload.Length);
        return HMACSHA256.HashData(secret, [.. head, .. payload]);
    }

    private static (byte[] Prefix, byte[] Middle, int KeyBytes, int ValueBytes) FormOf(CoseKind kind) =>
        kind == CoseKind.Sign1
            ? (s_signPrefix, s_signMiddle, PublicKey.ByteCount, SignatureBytes)
            : (s_macPrefix, s_macMiddle, SharedKeyBytes, TagBytes);

    /// <summary>The list of four up to the bytes of the payload.</summary>
    private static byte[] Head(ReadOnlySpan<byte> context, ReadOnlySpan<byte> headers, ReadOnlySpan<byte> key,
        int payloadBytes)
    {
        const byte ListOfFour = 0x84, TextHead = 0x60, NoBytes = 0x40;
        Span<byte> length = stackalloc byte[CborHead.MaxLength];
        int lengthBytes = CborHead.Write(length, CborHead.Bytes, (ulong)payloadBytes);
        return [ListOfFour, (byte)(TextHead + context.Length), .. context, .. headers, .. key, NoBytes,
            .. length[..lengthBytes]];
    }
}
