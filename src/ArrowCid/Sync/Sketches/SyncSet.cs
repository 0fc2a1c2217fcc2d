using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>A set of digests that does not change, in the order of their first bytes. It takes 32 bytes for each digest
/// and 256 KiB. For any number of threads.</summary>
internal sealed class SyncSet
{
    /// <summary>The most bits of a digest that choose its bucket.</summary>
    public const int MostBits = 16;

    private readonly Digest256[] _items;
    private readonly int[] _starts = new int[(1 << MostBits) + 1];

    /// <param name="items">The digests, each once.</param>
    public SyncSet(IReadOnlyCollection<Digest256> items)
    {
        _items = new Digest256[items.Count];
        foreach (Digest256 item in items) _starts[PrefixOf(in item) + 1]++;
        for (int i = 1; i < _starts.Length; i++) _starts[i] += _starts[i - 1];
        int[] next = [.. _starts.AsSpan(0, 1 << MostBits)];
        foreach (Digest256 item in items) _items[next[PrefixOf(in item)]++] = item;
    }

    /// <summary>The set without items.</summary>
    public static SyncSet Empty { get; } = new([]);

    /// <summary>The number of digests.</summary>
    public int Count => _items.Length;

    /// <summary>The bytes of memory that it takes.</summary>
    public long ByteLength => ((long)_items.Length * Digest256.ByteCount) + ((long)_starts.Length * sizeof(int));

    /// <summary>All digests.</summary>
    public ReadOnlySpan<Digest256> Items => _items;

    /// <summary>The digests of consecutive buckets.</summary>
    /// <param name="bits">The number of bits that choose a bucket.</param>
    /// <param name="first">The first bucket.</param>
    /// <param name="count">The number of buckets.</param>
    public ReadOnlySpan<Digest256> Buckets(int bits, int first, int count) =>
        _items.AsSpan(_starts[first << (MostBits - bits)].._starts[(first + count) << (MostBits - bits)]);

    /// <summary>The bucket of a digest.</summary>
    public static int BucketOf(in Digest256 digest, int bits) => PrefixOf(in digest) >> (MostBits - bits);

    /// <summary>Whether a digest is in the set.</summary>
    public bool Contains(in Digest256 digest) => Buckets(MostBits, PrefixOf(in digest), 1).Contains(digest);

    /// <summary>The sum of the hashes of all digests.</summary>
    public ulong Sum(in SyncHash hash)
    {
        ulong sum = 0;
        foreach (ref readonly Digest256 item in Items) sum = unchecked(sum + hash.Of(in item));
        return sum;
    }

    /// <summary>The sums of all buckets on the wire: for each the sum of hashes as a little-endian u64, and the number
    /// of items as a little-endian u32.</summary>
    public byte[] BucketSums(in SyncHash hash, int bits)
    {
        const int bytesEach = sizeof(ulong) + sizeof(uint);
        var sums = new byte[bytesEach << bits];
        for (int bucket = 0; bucket < 1 << bits; bucket++)
        {
            ReadOnlySpan<Digest256> items = Buckets(bits, bucket, 1);
            ulong sum = 0;
            foreach (ref readonly Digest256 item in items) sum = unchecked(sum + hash.Of(in item));
            Span<byte> target = sums.AsSpan(bucket * bytesEach, bytesEach);
            BinaryPrimitives.WriteUInt64LittleEndian(target, sum);
            BinaryPrimitives.WriteUInt32LittleEndian(target[sizeof(ulong)..], (uint)items.Length);
        }

        return sums;
    }

    /// <summary>A bit for each bucket, the lowest first, that says whether the sums of two sides differ.</summary>
    public static byte[] Differences(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, int bits)
    {
        const int bytesEach = sizeof(ulong) + sizeof(uint);
        var map = new byte[((1 << bits) + 7) / 8];
        for (int bucket = 0; bucket < 1 << bits; bucket++)
        {
            int at = bucket * bytesEach;
            if (!one.Slice(at, bytesEach).SequenceEqual(other.Slice(at, bytesEach)))
                map[bucket >> 3] |= (byte)(1 << (bucket & 7));
        }

        return map;
    }

    private static int PrefixOf(in Digest256 digest) =>
        BinaryPrimitives.ReadUInt16BigEndian(Digest256.Bytes(in digest));
}
