using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>A set of digests that does not change, in the order of their first bytes. One of at most
/// <see cref="MostKept"/> digests is kept: 32 bytes for each. Of a larger one the numbers and sums of buckets are kept,
/// and the digests of the buckets that differ are read again, that many at a time. Kept ones are for any number of
/// threads, others for one.</summary>
internal sealed class SyncSet
{
    /// <summary>The most bits of a digest that choose its bucket.</summary>
    public const int MostBits = 16;

    /// <summary>The most digests that are kept: 64 MiB.</summary>
    public const int MostKept = 1 << 21;

    private const int PartItems = 1 << 16;

    private readonly Digest256[] _items = [];
    private readonly int[] _starts = new int[(1 << MostBits) + 1];
    private readonly int _most = MostKept;

    // Of a set that is not kept:
    private readonly Func<IEnumerable<Digest256>>? _read;
    private readonly int[] _counts = [];
    private ulong[]? _sums;
    private SyncHash _hash;
    private SyncSet? _part;
    private bool[] _isInPart = [];

    /// <param name="items">The digests, each once, which are kept.</param>
    public SyncSet(IReadOnlyCollection<Digest256> items)
    {
        Count = items.Count;
        _items = new Digest256[items.Count];
        foreach (Digest256 item in items) _starts[PrefixOf(in item) + 1]++;
        for (int i = 1; i < _starts.Length; i++) _starts[i] += _starts[i - 1];
        int[] next = [.. _starts.AsSpan(0, 1 << MostBits)];
        foreach (Digest256 item in items) _items[next[PrefixOf(in item)]++] = item;
    }

    private SyncSet(Func<IEnumerable<Digest256>> read, int[] counts, int most)
    {
        (_read, _counts, _most) = (read, counts, most);
        Count = counts.Sum(count => (long)count);
    }

    /// <summary>Makes a set of what can be read several times.</summary>
    /// <param name="read">Reads the digests, each once, the same ones each time, in any order.</param>
    /// <param name="most">The most digests that are kept.</param>
    /// <param name="cancellationToken">Ends the first reading.</param>
    public static SyncSet Of(Func<IEnumerable<Digest256>> read, int most = MostKept,
        CancellationToken cancellationToken = default)
    {
        var kept = new Parts();
        var counts = new int[1 << MostBits];
        foreach (Digest256 item in read())
        {
            if (kept.Count % PartItems == 0) cancellationToken.ThrowIfCancellationRequested();
            counts[PrefixOf(in item)]++;
            kept.Add(in item);
            if (kept.Count > most) return OfMany(read, counts, most, kept.Count, cancellationToken);
        }

        return new SyncSet(kept);
    }

    /// <summary>The set without items.</summary>
    public static SyncSet Empty { get; } = new([]);

    /// <summary>The number of digests.</summary>
    public long Count { get; }

    /// <summary>The bytes of memory that it takes at most.</summary>
    public long ByteLength => _read is null
        ? ((long)_items.Length * Digest256.ByteCount) + ((long)_starts.Length * sizeof(int))
        : ((long)_most * Digest256.ByteCount) + ((long)_starts.Length * (sizeof(ulong) + (3 * sizeof(int))));

    /// <summary>All digests.</summary>
    public IEnumerable<Digest256> Items => _read?.Invoke() ?? _items;

    /// <summary>The digests of a group.</summary>
    /// <param name="plan">The groups.</param>
    /// <param name="group">The number of the group.</param>
    /// <param name="hash">The hash of the session.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: other digests are read than
    /// before.</exception>
    public Digest256[] ItemsOf(SketchPlan plan, int group, in SyncHash hash)
    {
        IReadOnlyList<int> buckets = plan.BucketsOf(group);
        if (_read is null)
        {
            var items = new Digest256[buckets.Sum(bucket => Buckets(plan.Bits, bucket).Length)];
            int at = 0;
            foreach (int bucket in buckets)
            {
                ReadOnlySpan<Digest256> some = Buckets(plan.Bits, bucket);
                some.CopyTo(items.AsSpan(at));
                at += some.Length;
            }

            return items;
        }

        bool isRead = _part is not null && Array.TrueForAll([.. buckets], bucket => _isInPart[FirstOf(plan, bucket)]);
        if (!isRead) _part = Read(plan, group, in hash);
        return _part!.ItemsOf(plan, group, in hash);
    }

    /// <summary>The number of digests in a group.</summary>
    public long CountOf(SketchPlan plan, int group) => plan.BucketsOf(group).Sum(bucket => CountOf(plan.Bits, bucket));

    /// <summary>The bucket of a digest.</summary>
    public static int BucketOf(in Digest256 digest, int bits) => PrefixOf(in digest) >> (MostBits - bits);

    /// <summary>The sum of the hashes of all digests.</summary>
    public ulong Sum(in SyncHash hash)
    {
        ulong sum = 0;
        if (_read is not null)
        {
            foreach (ulong each in Sums(in hash)) sum = unchecked(sum + each);
            return sum;
        }

        foreach (ref readonly Digest256 item in _items.AsSpan()) sum = unchecked(sum + hash.Of(in item));
        return sum;
    }

    /// <summary>The sums of all buckets on the wire: for each the sum of hashes as a little-endian u64, and the number
    /// of items as a little-endian u32.</summary>
    public byte[] BucketSums(in SyncHash hash, int bits)
    {
        const int bytesEach = sizeof(ulong) + sizeof(uint);
        var sums = new byte[bytesEach << bits];
        int width = 1 << (MostBits - bits);
        for (int bucket = 0; bucket < 1 << bits; bucket++)
        {
            ulong sum = 0;
            if (_read is not null)
            {
                foreach (ulong each in Sums(in hash).AsSpan(bucket * width, width)) sum = unchecked(sum + each);
            }
            else
            {
                foreach (ref readonly Digest256 item in Buckets(bits, bucket)) sum = unchecked(sum + hash.Of(in item));
            }

            Span<byte> target = sums.AsSpan(bucket * bytesEach, bytesEach);
            BinaryPrimitives.WriteUInt64LittleEndian(target, sum);
            BinaryPrimitives.WriteUInt32LittleEndian(target[sizeof(ulong)..], (uint)CountOf(bits, bucket));
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

    private static SyncSet OfMany(Func<IEnumerable<Digest256>> read, int[] counts, int most, int seen,
        CancellationToken cancel)
    {
        Array.Clear(counts);
        foreach (Digest256 item in read())
        {
            if (seen++ % PartItems == 0) cancel.ThrowIfCancellationRequested();
            counts[PrefixOf(in item)]++;
        }

        return new SyncSet(read, counts, most);
    }

    private ReadOnlySpan<Digest256> Buckets(int bits, int bucket)
    {
        int shift = MostBits - bits;
        return _items.AsSpan(_starts[bucket << shift].._starts[(bucket + 1) << shift]);
    }

    private long CountOf(int bits, int bucket)
    {
        if (_read is null) return Buckets(bits, bucket).Length;
        long count = 0;
        int width = 1 << (MostBits - bits);
        foreach (int each in _counts.AsSpan(bucket * width, width)) count += each;
        return count;
    }

    private static int FirstOf(SketchPlan plan, int bucket) => bucket << (MostBits - plan.Bits);

    /// <summary>Reads the sums of all buckets.</summary>
    private ulong[] Sums(in SyncHash hash)
    {
        if (_sums is not null && _hash.Equals(hash)) return _sums;
        (ulong[] sums, int[] counts) = (new ulong[_counts.Length], new int[_counts.Length]);
        foreach (Digest256 item in _read!())
        {
            int prefix = PrefixOf(in item);
            sums[prefix] = unchecked(sums[prefix] + hash.Of(in item));
            counts[prefix]++;
        }

        if (!counts.AsSpan().SequenceEqual(_counts)) throw Changed();
        (_hash, _sums) = (hash, sums);
        return sums;
    }

    /// <summary>Reads the digests of a group, and of the groups after it as far as they may be kept.</summary>
    private SyncSet Read(SketchPlan plan, int group, in SyncHash hash)
    {
        ulong[] sums = Sums(in hash);
        var isWanted = new bool[_counts.Length];
        int width = 1 << (MostBits - plan.Bits);
        for (long count = 0; group < plan.Groups; group++)
        {
            long more = CountOf(plan, group);
            if (count > 0 && count + more > _most) break;
            count += more;
            foreach (int bucket in plan.BucketsOf(group)) isWanted.AsSpan(bucket * width, width).Fill(true);
        }

        (_part, _isInPart) = (null, isWanted);
        var kept = new Parts();
        var read = new ulong[_counts.Length];
        var counts = new int[_counts.Length];
        foreach (Digest256 item in _read!())
        {
            int prefix = PrefixOf(in item);
            if (!isWanted[prefix]) continue;
            read[prefix] = unchecked(read[prefix] + hash.Of(in item));
            // What is too much is not kept.
            if (++counts[prefix] > _counts[prefix]) throw Changed();
            kept.Add(in item);
        }

        for (int i = 0; i < isWanted.Length; i++)
        {
            if (isWanted[i] && (counts[i] != _counts[i] || read[i] != sums[i])) throw Changed();
        }

        return new SyncSet(kept);
    }

    private static ArrowCidException Changed() =>
        new(ErrorCode.Busy, "blocks were removed while the sides were compared; sync again");

    private static int PrefixOf(in Digest256 digest) =>
        BinaryPrimitives.ReadUInt16BigEndian(Digest256.Bytes(in digest));

    /// <summary>A list that grows without being copied.</summary>
    private sealed class Parts : IReadOnlyCollection<Digest256>
    {
        private readonly List<Digest256[]> _parts = [];

        public int Count { get; private set; }

        public void Add(in Digest256 digest)
        {
            int at = Count++ % PartItems;
            if (at == 0) _parts.Add(new Digest256[PartItems]);
            _parts[^1][at] = digest;
        }

        public IEnumerator<Digest256> GetEnumerator()
        {
            for (int i = 0; i < Count; i++) yield return _parts[i / PartItems][i % PartItems];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
