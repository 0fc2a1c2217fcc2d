using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>The sum of items: the XOR of their digests and of their hashes, and their number. Of a difference of two
/// sets, the items of the other side count as negative.</summary>
internal struct CodedSymbol
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    /// <summary>The XOR of the hashes.</summary>
    public ulong Check { get; private set; }

    /// <summary>The number of items.</summary>
    public long Count { get; private set; }

    /// <summary>Whether there is nothing in it.</summary>
    public readonly bool IsZero => (_a | _b | _c | _d | Check) == 0 && Count == 0;

    /// <summary>The XOR of the digests.</summary>
    public readonly Digest256 Digest
    {
        get
        {
            Span<byte> bytes = stackalloc byte[Digest256.ByteCount];
            Write(bytes);
            return new Digest256(bytes);
        }
    }

    /// <summary>Reads a symbol from the wire.</summary>
    public static CodedSymbol Read(ReadOnlySpan<byte> bytes, ulong check, long count) => new()
    {
        _a = BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        _b = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        _c = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        _d = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
        Check = check,
        Count = count,
    };

    /// <summary>Writes the XOR of the digests.</summary>
    public readonly void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _a);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], _b);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], _c);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], _d);
    }

    /// <summary>Adds an item, or takes one out.</summary>
    public void Add(in Digest256 digest, ulong hash, int sign)
    {
        ReadOnlySpan<byte> bytes = Digest256.Bytes(in digest);
        _a ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        _b ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        _c ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        _d ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        Check ^= hash;
        Count = unchecked(Count + sign);
    }

    /// <summary>Takes out all items of another symbol.</summary>
    public void Subtract(in CodedSymbol other)
    {
        _a ^= other._a;
        _b ^= other._b;
        _c ^= other._c;
        _d ^= other._d;
        Check ^= other.Check;
        Count = unchecked(Count - other.Count);
    }
}
