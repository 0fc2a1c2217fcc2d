using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>
/// A content identifier: version, codec and multihash. A value of 64 bytes; a digest up to 32 bytes is held inline.
/// Equality and order are those of the binary form, whatever text it came from. <c>default(Cid)</c> is no CID: its text
/// is empty, its binary form has no bytes, it sorts before all others, and no parser returns it.
/// </summary>
[JsonConverter(typeof(CidJsonConverter))]
public readonly partial struct Cid : IEquatable<Cid>, IComparable<Cid>, IComparable, ISpanParsable<Cid>,
    IUtf8SpanParsable<Cid>, ISpanFormattable, IUtf8SpanFormattable
{
    /// <summary>The longest binary form, in bytes.</summary>
    public const int MaxByteLength = 1 + Varint.MaxLength + Multihash.MaxHeaderLength + Multihash.MaxDigestLength;

    private const ulong NoTag = 0, Version0Tag = ulong.MaxValue;
    private const int Version0Length = 2 + Digest256.ByteCount;

    // The codec + 1, or one of the constants above: version and codec in one word keep the value at 64 bytes.
    private readonly ulong _tag;
    private readonly Multihash _hash;

    private Cid(ulong tag, Multihash hash) => (_tag, _hash) = (tag, hash);

    /// <summary>0 or 1; 0 for <c>default(Cid)</c> too.</summary>
    public int Version => _tag is NoTag or Version0Tag ? 0 : 1;

    /// <summary>The content's codec (<see cref="Multicodec"/>, an open set); dag-pb for version 0; 0 for
    /// <c>default(Cid)</c>.</summary>
    public ulong Codec => _tag switch { NoTag => 0, Version0Tag => Multicodec.DagPb, _ => _tag - 1 };

    /// <summary>The content's multihash; the default for <c>default(Cid)</c>.</summary>
    public Multihash Hash => _hash;

    /// <summary>Whether this is <c>default(Cid)</c>.</summary>
    public bool IsDefault => _tag == NoTag;

    /// <summary>Whether the digest is shorter than its function makes it; such a CID can be read, not stored.</summary>
    public bool IsTruncated => _hash.IsTruncated;

    /// <summary>The length of the binary form in bytes; 0 for <c>default(Cid)</c>.</summary>
    public int ByteLength => _tag switch
    {
        NoTag => 0,
        Version0Tag => Version0Length,
        _ => 1 + Varint.Length(_tag - 1) + _hash.ByteLength,
    };

    /// <summary>Hashes bytes with SHA-256 and makes their CID of version 1.</summary>
    /// <param name="codec">The content's codec, at most <see cref="Varint.MaxValue"/>.</param>
    /// <param name="content">The bytes of the block.</param>
    /// <returns>The CID.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The codec is over the limit.</exception>
    public static Cid Sha256(ulong codec, ReadOnlySpan<byte> content) =>
        Create(codec, Multihash.ComputeSha256(content));

    /// <summary>Makes a CID of version 1.</summary>
    /// <param name="codec">The content's codec, at most <see cref="Varint.MaxValue"/>.</param>
    /// <param name="hash">The content's multihash.</param>
    /// <returns>The CID.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The codec is over the limit.</exception>
    public static Cid Create(ulong codec, Multihash hash)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(codec, Varint.MaxValue);
        return new Cid(codec + 1, hash);
    }

    /// <summary>The same content's CID of version 0.</summary>
    /// <returns>A CID whose text starts with <c>Qm</c>.</returns>
    /// <exception cref="InvalidOperationException">The codec is not dag-pb, or the hash no whole SHA-256.</exception>
    public Cid ToV0()
    {
        ThrowIfDefault();
        if (_tag == Version0Tag) return this;
        return _tag - 1 == Multicodec.DagPb && _hash.IsSha256
            ? new Cid(Version0Tag, _hash)
            : throw new InvalidOperationException(
                $"Only dag-pb with a sha2-256 digest of 32 bytes has a version 0, not {ToString("L", null)}.");
    }

    /// <summary>The same content's CID of version 1.</summary>
    /// <returns>A CID with the same codec and multihash.</returns>
    /// <exception cref="InvalidOperationException">This is <c>default(Cid)</c>.</exception>
    public Cid ToV1()
    {
        ThrowIfDefault();
        return _tag == Version0Tag ? new Cid(Multicodec.DagPb + 1, _hash) : this;
    }

    /// <summary>The CID of version 1 that reads the same bytes by another codec.</summary>
    /// <param name="codec">The codec, at most <see cref="Varint.MaxValue"/>.</param>
    /// <returns>A CID of version 1 with the same multihash.</returns>
    /// <exception cref="InvalidOperationException">This is <c>default(Cid)</c>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The codec is over the limit.</exception>
    public Cid WithCodec(ulong codec)
    {
        ThrowIfDefault();
        return Create(codec, _hash);
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
        bool fits = destination.Length >= ByteLength;
        written = fits ? Write(destination) : 0;
        return fits;
    }

    /// <inheritdoc/>
    public bool Equals(Cid other) => _tag == other._tag && _hash.Equals(other._hash);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Cid other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_tag, _hash.GetHashCode());

    /// <summary>Compares the binary forms byte by byte.</summary>
    /// <param name="other">The other CID.</param>
    /// <returns>Below, at or above zero.</returns>
    public int CompareTo(Cid other)
    {
        if (_tag == other._tag) return _hash.CompareTo(in other._hash);
        const int Capacity = 1 + Varint.MaxLength + Multihash.MaxHeaderLength;
        Span<byte> left = stackalloc byte[Capacity], right = stackalloc byte[Capacity];
        // No header but the default's is the start of another, so headers that differ decide.
        return left[..WriteHeader(left)].SequenceCompareTo(right[..other.WriteHeader(right)]);
    }

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        Cid other => CompareTo(other),
        _ => throw new ArgumentException($"A Cid cannot be compared with a {obj.GetType().Name}.", nameof(obj)),
    };

    /// <summary>Whether two CIDs have the same binary form.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(Cid left, Cid right) => left.Equals(right);

    /// <summary>Whether two CIDs have different binary forms.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(Cid left, Cid right) => !left.Equals(right);

    /// <summary>Whether one CID's binary form sorts before another's.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(Cid left, Cid right) => left.CompareTo(right) < 0;

    /// <summary>Whether one CID's binary form sorts before another's or is the same.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(Cid left, Cid right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one CID's binary form sorts after another's.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(Cid left, Cid right) => left.CompareTo(right) > 0;

    /// <summary>Whether one CID's binary form sorts after another's or is the same.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(Cid left, Cid right) => left.CompareTo(right) >= 0;

    internal static Cid FromSha256(ulong codec, Digest256 digest) => Create(codec, new Multihash(digest));

    /// <summary>The digest of a CID of either version whose hash is a whole SHA-256.</summary>
    internal bool TryGetSha256(out Digest256 digest)
    {
        bool whole = _tag != NoTag && _hash.IsSha256;
        digest = whole ? _hash.InlineDigest : default;
        return whole;
    }

    private int Write(Span<byte> destination)
    {
        if (_tag == NoTag) return 0;
        int written = WritePrefix(destination);
        return written + _hash.Write(destination[written..]);
    }

    private int WriteHeader(Span<byte> destination)
    {
        if (_tag == NoTag) return 0;
        int written = WritePrefix(destination);
        return written + _hash.WriteHeader(destination[written..]);
    }

    private int WritePrefix(Span<byte> destination)
    {
        if (_tag == Version0Tag) return 0;
        destination[0] = 1;
        return 1 + Varint.Write(destination[1..], _tag - 1);
    }

    private void ThrowIfDefault()
    {
        if (_tag == NoTag) throw new InvalidOperationException("default(Cid) has no content; it was never set.");
    }
}
