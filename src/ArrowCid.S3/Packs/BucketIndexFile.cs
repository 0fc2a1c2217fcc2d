using System.Buffers.Binary;
using System.Collections.Concurrent;
using ArrowCid.Memory;

namespace ArrowCid.S3;

/// <summary>
/// One index object: sorted entries behind a table of how many begin with each first byte. A long one is read in the
/// ranges that look-ups need, which are kept. Its format is in BUCKET.md.
/// </summary>
internal sealed class BucketIndexFile
{
    private const int CountAt = 8, TableAt = 16, FirstBytes = 256, EntriesAt = TableAt + (FirstBytes * sizeof(uint));
    private const int MaxEntries = (int.MaxValue - EntriesAt - Digest256.ByteCount) / BucketEntry.ByteLength;

    private readonly S3Bucket _bucket;
    private readonly ObjectInfo _object;
    private readonly uint[] _ends;
    private readonly byte[]? _whole;
    private readonly ConcurrentDictionary<int, byte[]> _ranges = new();

    private BucketIndexFile(S3Bucket bucket, ObjectInfo found, uint[] ends, byte[]? whole) =>
        (_bucket, _object, _ends, _whole) = (bucket, found, ends, whole);

    private static ReadOnlySpan<byte> Magic => "ACIDIDX1"u8;

    /// <summary>The number of entries.</summary>
    public int Count => (int)_ends[^1];

    /// <summary>Writes entries.</summary>
    /// <param name="entries">In any order; equal ones are written once.</param>
    public static byte[] Encode(IEnumerable<BucketEntry> entries)
    {
        BucketEntry[] sorted = [.. entries.Distinct().Order()];
        if (sorted.Length > MaxEntries)
            throw new ArrowCidException(ErrorCode.TooLarge, $"an index object takes at most {MaxEntries} entries");
        byte[] bytes = new byte[EntriesAt + (sorted.Length * BucketEntry.ByteLength) + Digest256.ByteCount];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(CountAt), (ulong)sorted.Length);
        Span<byte> first = stackalloc byte[Digest256.ByteCount];
        int at = 0;
        for (int value = 0; value < FirstBytes; value++)
        {
            for (; at < sorted.Length; at++)
            {
                sorted[at].Digest.CopyTo(first);
                if (first[0] != value) break;
                sorted[at].Write(bytes.AsSpan(EntriesAt + (at * BucketEntry.ByteLength)));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(TableAt + (value * sizeof(uint))), (uint)at);
        }

        Sha256.Hash(bytes.AsSpan(..^Digest256.ByteCount)).CopyTo(bytes.AsSpan(^Digest256.ByteCount..));
        return bytes;
    }

    /// <summary>Opens an index object.</summary>
    /// <returns>Null if it was merged into another since it was listed.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it is damaged.</exception>
    public static async Task<BucketIndexFile?> OpenAsync(S3Bucket bucket, ObjectInfo found, CancellationToken end)
    {
        bool isWhole = found.Length <= bucket.Settings.WholeIndexBytes;
        if (found.Length < EntriesAt + Digest256.ByteCount) throw Damaged(bucket, found);
        byte[] bytes = new byte[isWhole ? (int)found.Length : EntriesAt];
        return await bucket.ReadAsync(found.Key, 0, bytes, end) ? Decode(bucket, found, bytes) : null;
    }

    /// <summary>Opens an index object of which the start is known.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="found">The object.</param>
    /// <param name="bytes">All of its bytes, or those before the entries.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it is damaged.</exception>
    public static BucketIndexFile Decode(S3Bucket bucket, ObjectInfo found, byte[] bytes)
    {
        bool isWhole = bytes.Length == found.Length;
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(CountAt));
        long expected = EntriesAt + ((long)Math.Min(count, MaxEntries) * BucketEntry.ByteLength) + Digest256.ByteCount;
        if (!bytes.AsSpan().StartsWith(Magic) || count > MaxEntries || expected != found.Length)
            throw Damaged(bucket, found);
        if (isWhole && Sha256.Hash(bytes.AsSpan(..^Digest256.ByteCount)) !=
            new Digest256(bytes.AsSpan(^Digest256.ByteCount..)))
            throw Damaged(bucket, found);
        uint[] ends = new uint[FirstBytes];
        uint last = 0;
        for (int i = 0; i < FirstBytes; i++)
        {
            ends[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(TableAt + (i * sizeof(uint))));
            if (ends[i] < last) throw Damaged(bucket, found);
            last = ends[i];
        }

        if (last != count) throw Damaged(bucket, found);
        return new BucketIndexFile(bucket, found, ends, isWhole ? bytes : null);
    }

    /// <summary>Adds the entries of a block to a list.</summary>
    /// <returns>False if the object was merged into another meanwhile.</returns>
    public async ValueTask<bool> FindAsync(Digest256 digest, List<BucketEntry> found, CancellationToken end)
    {
        byte[] key = new byte[Digest256.ByteCount];
        digest.CopyTo(key);
        uint start = key[0] == 0 ? 0 : _ends[key[0] - 1], count = _ends[key[0]] - start;
        if (count == 0) return true;
        if (await RangeAsync(key[0], start, count, end) is not { } range) return false;
        int low = 0, high = (int)count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (EntryAt(range.Span, middle)[..Digest256.ByteCount].SequenceCompareTo(key) < 0) low = middle + 1;
            else high = middle;
        }

        for (; low < (int)count && EntryAt(range.Span, low).StartsWith(key); low++)
        {
            if (BucketEntry.TryRead(EntryAt(range.Span, low), out BucketEntry entry)) found.Add(entry);
        }

        return true;
    }

    /// <summary>Reads all entries.</summary>
    /// <returns>Null if the object was merged into another meanwhile.</returns>
    public async Task<List<BucketEntry>?> ReadAllAsync(CancellationToken end)
    {
        var entries = new List<BucketEntry>(Count);
        uint start = 0;
        for (int value = 0; value < FirstBytes; value++)
        {
            uint count = _ends[value] - start;
            if (count > 0)
            {
                if (await RangeAsync(value, start, count, end) is not { } range) return null;
                for (int i = 0; i < (int)count; i++)
                {
                    if (BucketEntry.TryRead(EntryAt(range.Span, i), out BucketEntry entry)) entries.Add(entry);
                }
            }

            start = _ends[value];
        }

        return entries;
    }

    private static ReadOnlySpan<byte> EntryAt(ReadOnlySpan<byte> range, int number) =>
        range.Slice(number * BucketEntry.ByteLength, BucketEntry.ByteLength);

    private async ValueTask<ReadOnlyMemory<byte>?> RangeAsync(int value, uint start, uint count, CancellationToken end)
    {
        int offset = EntriesAt + ((int)start * BucketEntry.ByteLength), length = (int)count * BucketEntry.ByteLength;
        if (_whole is not null) return _whole.AsMemory(offset, length);
        if (_ranges.TryGetValue(value, out byte[]? kept)) return kept;
        byte[] bytes = new byte[length];
        if (!await _bucket.ReadAsync(_object.Key, offset, bytes, end)) return null;
        return _ranges.GetOrAdd(value, bytes);
    }

    private static ArrowCidException Damaged(S3Bucket bucket, ObjectInfo found) =>
        new(ErrorCode.InvalidData, $"{bucket.Name}: the index object {found.Key} is damaged");
}
