using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Ipld;

namespace ArrowCid.Channels.Sds;

/// <summary>A Bloom filter in the forms of both dialects (<c>SDS.md</c>, section 3).</summary>
internal sealed class SdsFilter
{
    /// <summary>The most bits that a filter may have: 1 MiB.</summary>
    public const int MaxBits = 1 << 23;

    private const int MinBits = 8, MaxHashes = 32, WordBits = 64, Million = 1_000_000;

    private readonly ulong[] _words;

    /// <summary>Creates an empty filter.</summary>
    /// <param name="capacity">The number of ids that it is for.</param>
    /// <param name="errorRate">The share of wrong answers once it holds them.</param>
    public SdsFilter(int capacity, double errorRate)
    {
        int bitsPerId = BitsPerId(errorRate);
        (Capacity, ErrorRate, Hashes) = (capacity, errorRate, (int)Math.Round(Math.Log(2) * bitsPerId));
        Bits = capacity * bitsPerId;
        _words = new ulong[1 + (Bits / WordBits)];
    }

    private SdsFilter(int capacity, double errorRate, int hashes, int bits, ulong[] words) =>
        (Capacity, ErrorRate, Hashes, Bits, _words) = (capacity, errorRate, hashes, bits, words);

    public int Capacity { get; }

    public double ErrorRate { get; }

    /// <summary>The number of bits of an id (k).</summary>
    public int Hashes { get; }

    /// <summary>The number of bits (m).</summary>
    public int Bits { get; }

    /// <summary>The number of words of 64 bits.</summary>
    public int Words => _words.Length;

    // Half of the bits are set at the capacity, and 56 % before ours are rebuilt. @waku/sds never rebuilds its own.
    private bool IsOverfull => 4 * _words.Sum(word => (long)BitOperations.PopCount(word)) > 3L * Bits;

    /// <summary>Whether a filter would have over <see cref="MaxBits"/>.</summary>
    public static bool TooLarge(int capacity, double errorRate) => (long)capacity * BitsPerId(errorRate) > MaxBits
        || (int)Math.Round(Math.Log(2) * BitsPerId(errorRate)) > MaxHashes;

    public void Add(BloomHash hash)
    {
        (long a, long b) = Start(hash);
        for (int i = 0; i < Hashes; i++)
        {
            long bit = (a + (i * b)) % Bits;
            _words[bit / WordBits] |= 1UL << (int)(bit % WordBits);
        }
    }

    public bool Contains(BloomHash hash)
    {
        (long a, long b) = Start(hash);
        for (int i = 0; i < Hashes; i++)
        {
            long bit = (a + (i * b)) % Bits;
            if ((_words[bit / WordBits] & 1UL << (int)(bit % WordBits)) == 0) return false;
        }

        return true;
    }

    /// <summary>The number of bytes that <see cref="Write"/> writes.</summary>
    public int WrittenLength(SdsDialect dialect)
    {
        int words = _words.Length * sizeof(ulong);
        return dialect == SdsDialect.Rfc ? words : ProtobufWriter.FieldLength(1, words)
            + ProtobufWriter.VarintFieldLength(2, (ulong)Capacity)
            + ProtobufWriter.VarintFieldLength(3, (ulong)(ErrorRate * Million))
            + ProtobufWriter.VarintFieldLength(4, (ulong)Hashes) + ProtobufWriter.VarintFieldLength(5, (ulong)Bits);
    }

    public void Write(ProtobufWriter writer, SdsDialect dialect)
    {
        Span<byte> bytes;
        if (dialect == SdsDialect.Rfc)
        {
            bytes = writer.Take(_words.Length * sizeof(ulong));
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
            if (BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(_words, words);
            else _words.CopyTo(words);
            return;
        }

        writer.BeginBytes(1, _words.Length * sizeof(ulong));
        bytes = writer.Take(_words.Length * sizeof(ulong));
        if (BitConverter.IsLittleEndian) MemoryMarshal.AsBytes<ulong>(_words).CopyTo(bytes);
        else BinaryPrimitives.ReverseEndianness(_words, MemoryMarshal.Cast<byte, ulong>(bytes));
        writer.Varint(2, (ulong)Capacity);
        writer.Varint(3, (ulong)(ErrorRate * Million));
        writer.Varint(4, (ulong)Hashes);
        writer.Varint(5, (ulong)Bits);
    }

    /// <summary>Reads a filter of another participant.</summary>
    /// <param name="bytes">The bytes of the message's field.</param>
    /// <param name="dialect">The dialect.</param>
    /// <param name="own">The own filter, whose parameters hold where the bytes name none.</param>
    /// <returns>The filter; null where it is empty, not well formed, or so full that it answers yes to nearly all: it
    /// then counts as absent.</returns>
    public static SdsFilter? TryRead(ReadOnlySpan<byte> bytes, SdsDialect dialect, SdsFilter own)
    {
        if (bytes.IsEmpty) return null;
        try
        {
            SdsFilter? read = dialect == SdsDialect.Rfc ? TryReadWords(bytes, own) : TryReadParameters(bytes);
            return read is { IsOverfull: false } ? read : null;
        }
        catch (InvalidIpldException)
        {
            return null;
        }
    }

    private static SdsFilter? TryReadWords(ReadOnlySpan<byte> bytes, SdsFilter own)
    {
        if (bytes.Length != own.Words * sizeof(ulong)) return null;
        return new SdsFilter(own.Capacity, own.ErrorRate, own.Hashes, own.Bits,
            ReadWords(bytes, isLittleEndian: false));
    }

    private static SdsFilter? TryReadParameters(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtobufReader(bytes, SdsCodec.Format, IpldReadOptions.None);
        ReadOnlySpan<byte> content = [];
        ulong capacity = 0, rate = 0, hashes = 0, bits = 0;
        while (reader.NextField(out int field, out int type))
        {
            int start = reader.Offset;
            if (field is >= 1 and <= 5) reader.Expect(field == 1 ? 2 : 0, type, "a field of a filter", start);
            switch (field)
            {
                case 1: content = reader.ReadBytes(); break;
                case 2: capacity = reader.ReadVarint(); break;
                case 3: rate = reader.ReadVarint(); break;
                case 4: hashes = reader.ReadVarint(); break;
                case 5: bits = reader.ReadVarint(); break;
                default: reader.Skip(type, start); break;
            }
        }

        if (bits is < MinBits or > MaxBits || hashes is 0 or > MaxHashes || capacity is 0 or > MaxBits || rate > Million
            || content.Length != (1 + ((int)bits / WordBits)) * sizeof(ulong)) return null;
        return new SdsFilter((int)capacity, (double)rate / Million, (int)hashes, (int)bits,
            ReadWords(content, isLittleEndian: true));
    }

    private static ulong[] ReadWords(ReadOnlySpan<byte> bytes, bool isLittleEndian)
    {
        ulong[] words = new ulong[bytes.Length / sizeof(ulong)];
        bytes.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        if (isLittleEndian != BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(words, words);
        return words;
    }

    // Not negative: of the hash whose negation overflows the remainder is taken first.
    private (long A, long B) Start(BloomHash hash) => (Math.Abs(hash.A % Bits), Math.Abs(hash.B % Bits));

    private static int BitsPerId(double errorRate) =>
        (int)Math.Ceiling(-Math.Log(errorRate) / Math.Pow(Math.Log(2), 2));
}
