using System.Runtime.CompilerServices;
using ArrowCid.Memory;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.S3;

/// <summary>The objects of a folder of a bucket, for a pool.</summary>
internal sealed class S3Objects(S3Bucket bucket) : ObjectStore(bucket.Name)
{
    private readonly SemaphoreSlim _opening = new(1);
    private BucketProbe? _probe;

    public override async Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> bytes,
        CancellationToken cancellationToken)
    {
        BucketProbe probe = await ProbeAsync(cancellationToken);
        bool isNew = await ObjectUpload.RunAsync(bucket, key, bytes.Length,
            (offset, length) => new MemoryReadStream(bytes.Slice((int)offset, length)), mayReplace: false,
            cancellationToken);
        if (!isNew || probe.ChecksDigests) return isNew;
        byte[] stored = GC.AllocateUninitializedArray<byte>(bytes.Length);
        bool isWhole = await bucket.ReadAsync(key, 0, stored, cancellationToken) &&
            Sha256.Hash(stored) == Sha256.Hash(bytes.Span);
        if (isWhole) return true;
        await bucket.DeleteAsync(key, cancellationToken);
        throw new ArrowCidException(ErrorCode.Io,
            $"{Name} stored other bytes than were sent, and does not check digests; they were deleted");
    }

    public override async Task<bool> ReadAsync(string key, long offset, Memory<byte> target,
        CancellationToken cancellationToken)
    {
        if (target.Length <= bucket.Settings.RangeBytes)
            return await bucket.ReadAsync(key, offset, target, cancellationToken);
        int range = bucket.Settings.RangeBytes, count = (int)(((long)target.Length + range - 1) / range);
        int absent = 0;
        await Parallel.ForAsync(0, count,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = bucket.Settings.Parallel,
                CancellationToken = cancellationToken,
            },
            async (i, token) =>
            {
                int from = i * range;
                Memory<byte> part = target.Slice(from, Math.Min(range, target.Length - from));
                if (!await bucket.ReadAsync(key, offset + from, part, token)) _ = Interlocked.Increment(ref absent);
            });
        return absent == 0;
    }

    public override Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        bucket.DeleteAsync(key, cancellationToken);

    public override async IAsyncEnumerable<(string Key, long ByteLength)> ListAsync(string prefix,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ObjectInfo each in bucket.ListAsync(prefix, cancellationToken))
            yield return (each.Key, each.Length);
    }

    protected override void Close()
    {
        _opening.Dispose();
        bucket.Dispose();
    }

    /// <summary>Tests the bucket before the first write.</summary>
    private async Task<BucketProbe> ProbeAsync(CancellationToken end)
    {
        await _opening.WaitAsync(end);
        try
        {
            if (_probe is { } known) return known;
            BucketProbe probe = await BucketProbe.RunAsync(bucket, end);
            if (probe.Faults.Count > 0)
            {
                throw new ArrowCidException(ErrorCode.Unsupported,
                    $"{Name} cannot keep blocks: {string.Join("; ", probe.Faults)}");
            }

            _probe = probe;
            return probe;
        }
        finally
        {
            _ = _opening.Release();
        }
    }
}
