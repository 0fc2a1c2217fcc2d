using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>
/// A digest that names its hash function: code, length, digest. Digests up to 32 bytes are held inline. Equality is
/// that of the binary form. <c>default(Multihash)</c> is the identity hash of no bytes, a valid value.
/// </summary>
public readonly struct Multihash : IEquatable<Multihash>
{
    /// <summary>The longest digest, in bytes, that ArrowCid reads or makes.</summary>
    public const int MaxDigestLength = 1024;

    /// <summary>The longest identity digest, in bytes, but for
    /// <see cref="CidParseOptions.AllowLongIdentity"/>.</summary>
    public const int MaxIdentityLength = 128;

    /// <summary>The shortest digest, in bytes, that proves anything in <see cref="Verify"/> (identity aside).</summary>
    public const int MinVerifiableLength = 20;

    internal const int MaxHeaderLength = 11;
    private const int InlineLength = Digest256.ByteCount;

    private readonly byte[]? _longDigest;
    private readonly Digest256 _inlineDigest;
    private readonly ulong _code;
    private readonly ushort _length;

    internal Multihash(Digest256 sha256) =>
        (_inlineDigest, _code, _length) = (sha256, Multicodec.Sha256, Digest256.ByteCount);

    private Multihash(ulong code, ReadOnlySpan<byte> digest)
    {
        (_code, _length) = (code, (ushort)digest.Length);
        if (digest.Length == InlineLength) _inlineDigest = new Digest256(digest);
        else if (digest.Length < InlineLength) _inlineDigest = Padded(digest);
        else _longDigest = digest.ToArray();
    }

    /// <summary>The hash function's code (<see cref="Multicodec"/>, an open set).</summary>
    public ulong Code => _code;

    /// <summary>The digest. The span is valid while the variable that it is taken from is.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Digest => _longDigest ?? Digest256.Bytes(in _inlineDigest)[.._length];

    /// <summary>The digest's length in bytes.</summary>
    public int DigestLength => _length;

    /// <summary>The length of the binary form in bytes.</summary>
    public int ByteLength => Varint.Length(_code) + Varint.Length(_length) + _length;

    /// <summary>Whether the digest is shorter than its function makes it. False for identity and for functions that
    /// ArrowCid does not know.</summary>
    public bool IsTruncated => _length < FullLength(_code);

    internal bool IsSha256 => _code == Multicodec.Sha256 && _length == Digest256.ByteCount;

    internal Digest256 InlineDigest => _inlineDigest;

    /// <summary>Makes a multihash of a digest.</summary>
    /// <param name="code">The hash function's code, at most <see cref="Varint.MaxValue"/>.</param>
    /// <param name="digest">The digest, copied; at most <see cref="MaxDigestLength"/> bytes, and
    /// <see cref="MaxIdentityLength"/> for identity.</param>
    /// <returns>The multihash.</returns>
    /// <exception cref="ArgumentException">The code or the digest is over its limit.</exception>
    public static Multihash Create(ulong code, ReadOnlySpan<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, Varint.MaxValue);
        int most = code == Multicodec.Identity ? MaxIdentityLength : MaxDigestLength;
        if (digest.Length > most)
        {
            throw new ArgumentException(
                $"A {Multicodec.Name(code)} digest has at most {most} bytes, not {digest.Length}.", nameof(digest));
        }

        return new Multihash(code, digest);
    }

    /// <summary>Hashes bytes with SHA-256.</summary>
    /// <param name="content">The bytes.</param>
    /// <returns>The multihash, with all 32 bytes of the digest.</returns>
    public static Multihash ComputeSha256(ReadOnlySpan<byte> content) => new(Sha256.Hash(content));

    /// <summary>Hashes bytes with the function of a code: identity, SHA-1, SHA-256, SHA-384, SHA-512, and SHA3 of 256,
    /// 384 and 512 bits where the system has it.</summary>
    /// <param name="code">The hash function's code.</param>
    /// <param name="content">The bytes; at most <see cref="MaxIdentityLength"/> for identity.</param>
    /// <param name="hash">The multihash, or the default.</param>
    /// <returns>False where the function is not available, or the content too long for identity.</returns>
    public static bool TryCompute(ulong code, ReadOnlySpan<byte> content, out Multihash hash)
    {
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        int length = ComputeDigest(code, content, digest);
        bool identity = code == Multicodec.Identity && content.Length <= MaxIdentityLength;
        hash = identity ? new Multihash(code, content) : length > 0 ? new Multihash(code, digest[..length]) : default;
        return identity || length > 0;
    }

    /// <summary>Reads a multihash that fills the bytes.</summary>
    /// <param name="bytes">The binary form and nothing after it.</param>
    /// <param name="options">What to let pass.</param>
    /// <returns>The multihash.</returns>
    /// <exception cref="ArrowCidException">Not a multihash (<see cref="ErrorCode.InvalidCid"/>).</exception>
    public static Multihash FromBytes(ReadOnlySpan<byte> bytes, CidParseOptions options = CidParseOptions.None)
    {
        CidError error = Read(bytes, options, out Multihash hash, out int consumed);
        if (error == CidError.None && consumed < bytes.Length) error = CidError.TrailingBytes;
        return error == CidError.None ? hash : throw new ArrowCidException(ErrorCode.InvalidCid,
            $"Not a multihash: {Cid.Describe(error)}: {Cid.Shorten(bytes)}");
    }

    /// <summary>Reads a multihash from the start of a span.</summary>
    /// <param name="source">The bytes; those after the multihash are not looked at.</param>
    /// <param name="hash">The multihash, or the default.</param>
    /// <param name="consumed">The number of bytes that it took, or 0.</param>
    /// <returns>False where the bytes are not a multihash or end inside it.</returns>
    public static bool TryReadFrom(ReadOnlySpan<byte> source, out Multihash hash, out int consumed) =>
        Read(source, CidParseOptions.None, out hash, out consumed) == CidError.None;

    /// <summary>Whether bytes hash to the digest. A truncated digest is compared over its own length.</summary>
    /// <param name="content">The bytes.</param>
    /// <returns>Match, mismatch, or unverifiable: another function than <see cref="TryCompute"/> has, or a digest under
    /// <see cref="MinVerifiableLength"/> bytes that does not differ.</returns>
    public HashVerification Verify(ReadOnlySpan<byte> content)
    {
        if (_code == Multicodec.Identity)
        {
            return content.SequenceEqual(Digest) ? HashVerification.Match : HashVerification.Mismatch;
        }

        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        int length = ComputeDigest(_code, content, digest);
        if (length == 0) return HashVerification.Unverifiable;
        if (!digest[..length].StartsWith(Digest)) return HashVerification.Mismatch;
        return _length >= MinVerifiableLength ? HashVerification.Match : HashVerification.Unverifiable;
    }

    /// <summary>The binary form.</summary>
    /// <returns>A new array of <see cref="ByteLength"/> bytes.</returns>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[ByteLength];
        _ = Write(bytes);
        return bytes;
    }

    /// <summary>Writes the binary form.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="written">The number of bytes written, or 0.</param>
    /// <returns>False where the destination is shorter than <see cref="ByteLength"/>.</returns>
    public bool TryWriteBytes(Span<byte> destination, out int written)
    {
        written = destination.Length >= ByteLength ? Write(destination) : 0;
        return written > 0;
    }

    /// <inheritdoc/>
    public bool Equals(Multihash other) => _code == other._code && _length == other._length
        && _inlineDigest == other._inlineDigest
        && (_length <= InlineLength || _longDigest.AsSpan().SequenceEqual(other._longDigest));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Multihash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // All of the digest and the process's random seed: the author of a CID's text chooses its digest.
        ReadOnlySpan<int> words = MemoryMarshal.Cast<byte, int>(Digest256.Bytes(in _inlineDigest));
        int inline = HashCode.Combine(words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]);
        if (_longDigest is null) return HashCode.Combine(_code, _length, inline);
        HashCode hash = default;
        hash.Add(_code);
        hash.AddBytes(_longDigest);
        return hash.ToHashCode();
    }

    /// <summary>For people: the function's name, the digest's bits, its bytes in hexadecimal, joined by '-'.</summary>
    /// <returns>For instance <c>sha2-256-256-b94d…</c>.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Multicodec.Name(_code)}-{_length * 8}-{Convert.ToHexStringLower(Digest)}");

    /// <summary>Whether two multihashes have the same binary form.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(Multihash left, Multihash right) => left.Equals(right);

    /// <summary>Whether two multihashes have different binary forms.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(Multihash left, Multihash right) => !left.Equals(right);

    internal static CidError Read(ReadOnlySpan<byte> source, CidParseOptions options, out Multihash hash,
        out int consumed)
    {
        (hash, consumed) = (default, 0);
        CidError error = Varint.Read(source, out ulong code, out int codeLength);
        if (error != CidError.None) return error;
        error = Varint.Read(source[codeLength..], out ulong length, out int lengthLength);
        if (error != CidError.None) return error;
        if (length > MaxDigestLength) return CidError.DigestTooLong;
        bool tooLong = code == Multicodec.Identity && length > MaxIdentityLength
            && (options & CidParseOptions.AllowLongIdentity) == 0;
        if (tooLong) return CidError.IdentityTooLong;
        ReadOnlySpan<byte> rest = source[(codeLength + lengthLength)..];
        if (length > (ulong)rest.Length) return CidError.Truncated;
        hash = new Multihash(code, rest[..(int)length]);
        consumed = codeLength + lengthLength + (int)length;
        return CidError.None;
    }

    /// <summary>Compares the binary forms byte by byte.</summary>
    internal int CompareTo(in Multihash other)
    {
        if (_code == other._code && _length == other._length) return Digest.SequenceCompareTo(other.Digest);
        Span<byte> left = stackalloc byte[MaxHeaderLength], right = stackalloc byte[MaxHeaderLength];
        // No header is the start of another, so headers that differ decide.
        return left[..WriteHeader(left)].SequenceCompareTo(right[..other.WriteHeader(right)]);
    }

    internal int WriteHeader(Span<byte> destination)
    {
        int written = Varint.Write(destination, _code);
        return written + Varint.Write(destination[written..], _length);
    }

    internal int Write(Span<byte> destination)
    {
        int written = WriteHeader(destination);
        Digest.CopyTo(destination[written..]);
        return written + _length;
    }

    private static Digest256 Padded(ReadOnlySpan<byte> digest)
    {
        Span<byte> padded = stackalloc byte[InlineLength];
        padded.Clear();
        digest.CopyTo(padded);
        return new Digest256(padded);
    }

    private static int FullLength(ulong code) => code switch
    {
        Multicodec.Sha1 => SHA1.HashSizeInBytes,
        Multicodec.Sha3Bits224 => 28,
        Multicodec.Sha256 or Multicodec.Sha3Bits256 or Multicodec.Blake2b256 or Multicodec.Blake3 =>
            SHA256.HashSizeInBytes,
        Multicodec.Sha384 or Multicodec.Sha3Bits384 => SHA384.HashSizeInBytes,
        Multicodec.Sha512 or Multicodec.Sha3Bits512 => SHA512.HashSizeInBytes,
        _ => 0,
    };

    /// <summary>Hashes with the BCL's functions; the length of the digest, or 0 where none fits the code.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "SHA-1 is only compared with digests that others made.")]
    private static int ComputeDigest(ulong code, ReadOnlySpan<byte> content, Span<byte> digest)
    {
        switch (code)
        {
            case Multicodec.Sha256:
                Sha256.Hash(content).CopyTo(digest);
                return Digest256.ByteCount;
            // The framework's functions end the process without OpenSSL.
            case var _ when !OpenSsl.IsThere: return 0;
            case Multicodec.Sha1: return SHA1.HashData(content, digest);
            case Multicodec.Sha384: return SHA384.HashData(content, digest);
            case Multicodec.Sha512: return SHA512.HashData(content, digest);
            case Multicodec.Sha3Bits256 when SHA3_256.IsSupported: return SHA3_256.HashData(content, digest);
            case Multicodec.Sha3Bits384 when SHA3_384.IsSupported: return SHA3_384.HashData(content, digest);
            case Multicodec.Sha3Bits512 when SHA3_512.IsSupported: return SHA3_512.HashData(content, digest);
            default: return 0;
        }
    }
}
