using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>An entry of the audit trail as seals list it: enough to tell whether it is still there,
/// unchanged.</summary>
/// <param name="Kind">The kind of its fact: audit or removal.</param>
/// <param name="Time">The time of its stamp.</param>
/// <param name="Hash">The first 16 bytes of the SHA-256 of the fact with its stamp.</param>
internal readonly record struct SealedEntry(FactKind Kind, ulong Time, UInt128 Hash) : IComparable<SealedEntry>
{
    /// <summary>The number of bytes of an entry in a list.</summary>
    public const int ByteCount = 1 + sizeof(ulong) + HashBytes;

    private const int HashBytes = 16;

    /// <summary>When it was recorded.</summary>
    public DateTimeOffset When => new FactStamp(Time, default).When;

    /// <summary>The entry of a fact.</summary>
    public static SealedEntry Of(FactStamp stamp, Fact fact)
    {
        Digest256 hash = Sha256.Hash(FactWriter.Write([new FactGroup(stamp, [fact])], out _));
        return new SealedEntry(fact.Kind, stamp.Time, BinaryPrimitives.ReadUInt128BigEndian(Digest256.Bytes(in hash)));
    }

    /// <summary>Reads an entry.</summary>
    public static SealedEntry Read(ReadOnlySpan<byte> bytes) => new((FactKind)bytes[0],
        BinaryPrimitives.ReadUInt64BigEndian(bytes[1..]),
        BinaryPrimitives.ReadUInt128BigEndian(bytes[(1 + sizeof(ulong))..]));

    /// <summary>Writes the entry.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[0] = (byte)Kind;
        BinaryPrimitives.WriteUInt64BigEndian(bytes[1..], Time);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[(1 + sizeof(ulong))..], Hash);
    }

    /// <inheritdoc/>
    public int CompareTo(SealedEntry other)
    {
        int order = Time.CompareTo(other.Time);
        if (order == 0) order = Kind.CompareTo(other.Kind);
        return order != 0 ? order : Hash.CompareTo(other.Hash);
    }
}
