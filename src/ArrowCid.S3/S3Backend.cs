using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.S3;

/// <summary>The blocks of a bucket.</summary>
internal sealed partial class S3Backend : BlockBackend
{
    private readonly S3Bucket _bucket;
    private readonly BucketIndex _index;
    private readonly SemaphoreSlim _opening = new(1);
    private BucketFormat? _format;

    public S3Backend(S3Bucket bucket)
        : base(bucket.Name)
    {
        _bucket = bucket;
        _index = new BucketIndex(bucket);
    }

    public override bool CanPut => true;

    public override bool CanDelete => true;

    public override bool CanList => true;

    public override string? Test(CancellationToken cancellationToken = default) =>
        Wait(PrepareAsync, cancellationToken).ChecksDigests
        ? null
        : $"{Name} does not check digests: each upload is read back and hashed";

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        cid.TryGetSha256(out Digest256 digest) &&
        Wait(end => FindEntriesAsync(digest, end), cancellationToken).Count > 0;

    protected override void HasMany(IReadOnlyList<Cid> cids, Span<bool> found, CancellationToken cancellationToken) =>
        Wait(end => FindManyAsync(cids, end), cancellationToken).CopyTo(found);

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken) =>
        Wait(_index.ListAsync, cancellationToken);

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _ = WriteMany([cid], each => new BlockLease(each, bytes, null), progress: null, cancellationToken);

    private protected override BlockLease? Find(Cid cid, in Digest256 digest,
        CancellationToken cancellationToken)
    {
        Digest256 wanted = digest;
        return Wait(end => FindAsync(cid, wanted, end), cancellationToken);
    }

    protected override BlockCopyResult WriteMany(IReadOnlyList<Cid> cids, Func<Cid, BlockLease> open,
        Action<long>? progress, CancellationToken cancellationToken) => Wait(async end =>
    {
        BucketFormat format = await PrepareAsync(end);
        using var upload = new BlockUpload(_bucket, _index, isProved: !format.ChecksDigests, progress, end);
        return await upload.RunAsync(cids, open);
    }, cancellationToken);

    protected override void Remove(Cid cid, CancellationToken cancellationToken)
    {
        if (cid.TryGetSha256(out Digest256 digest)) _ = Wait(end => RemoveAsync(digest, end), cancellationToken);
    }

    protected override void Close()
    {
        _index.Dispose();
        _opening.Dispose();
        _bucket.Dispose();
    }

    // A thread of the pool has no context that the answer would wait for.
    private static T Wait<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return Task.Run(() => call(cancellationToken), cancellationToken).GetAwaiter().GetResult();
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is not ArrowCidException)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }

    /// <summary>Tests the bucket and makes it a place of blocks, unless it is one already.</summary>
    private async Task<BucketFormat> PrepareAsync(CancellationToken end)
    {
        await _opening.WaitAsync(end);
        try
        {
            return _format ??= await ReadFormatAsync(end) ?? await WriteFormatAsync(end);
        }
        finally
        {
            _ = _opening.Release();
        }
    }

    private async Task<BucketFormat?> ReadFormatAsync(CancellationToken end)
    {
        const int Most = 1 << 16;
        byte[]? bytes = await _bucket.ReadAllAsync(BucketFormat.Key, Most, end);
        return bytes is null ? null : BucketFormat.Decode(bytes, Name);
    }

    private async Task<BucketFormat> WriteFormatAsync(CancellationToken end)
    {
        BucketProbe probe = await BucketProbe.RunAsync(_bucket, end);
        if (probe.Faults.Count > 0)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                $"{Name} cannot keep blocks: {string.Join("; ", probe.Faults)}");
        }

        var format = new BucketFormat
        {
            Version = BucketFormat.Current,
            Id = Guid.CreateVersion7(),
            ChecksDigests = probe.ChecksDigests,
        };
        _ = await _bucket.WriteAsync(BucketFormat.Key, new MemoryReadStream(format.Encode()), mayReplace: false, end);
        // Another process may have been first.
        return await ReadFormatAsync(end) ??
            throw new ArrowCidException(ErrorCode.Io, $"{Name}: {BucketFormat.Key} was written and is not there");
    }

    /// <summary>Withdraws the entries of a block, and then deletes its objects. A pack stays for its other
    /// blocks.</summary>
    private async Task<bool> RemoveAsync(Digest256 digest, CancellationToken end)
    {
        List<BucketEntry> entries = await _index.FindAsync(digest, isFresh: true, end);
        await _index.AddAsync([.. entries.Select(entry => entry with { Form = EntryForm.Dropped })], end);
        CrashPoint.Pass(CrashStep.O4);
        foreach (BucketEntry entry in entries.Where(entry => entry.Form == EntryForm.Block))
            await _bucket.DeleteAsync(entry.Key, end);
        return entries.Count > 0;
    }

    private async Task<List<BucketEntry>> FindEntriesAsync(Digest256 digest, CancellationToken end)
    {
        List<BucketEntry> found = await _index.FindAsync(digest, isFresh: false, end);
        return found.Count > 0 ? found : await _index.FindAsync(digest, isFresh: true, end);
    }

    /// <summary>Finds which blocks are stored; the index is refreshed once at most.</summary>
    private async Task<bool[]> FindManyAsync(IReadOnlyList<Cid> cids, CancellationToken end)
    {
        var found = new bool[cids.Count];
        for (int round = 0; round < 2 && Array.IndexOf(found, false) is >= 0 and int first; round++)
        {
            if (round > 0) await _index.RefreshAsync(end);
            for (int i = first; i < found.Length; i++)
            {
                found[i] = found[i] || (cids[i].TryGetSha256(out Digest256 digest) &&
                    (await _index.FindAsync(digest, isFresh: false, end)).Count > 0);
            }
        }

        return found;
    }

    private async Task<BlockLease?> FindAsync(Cid cid, Digest256 digest, CancellationToken end)
    {
        ArrowCidException? damage = null;
        foreach (bool isFresh in (bool[])[false, true])
        {
            foreach (BucketEntry entry in await _index.FindAsync(digest, isFresh, end))
            {
                try
                {
                    if (await ReadAsync(entry, digest, end) is { } bytes) return new BlockLease(cid, bytes, null);
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
                {
                    // Another copy may be whole.
                    damage = e;
                }
            }

            if (damage is not null) throw damage;
        }

        return null;
    }

    /// <summary>Reads a block, long ones in several ranges at the same time, and hashes it meanwhile.</summary>
    /// <returns>Null if the object is gone.</returns>
    private async Task<byte[]?> ReadAsync(BucketEntry entry, Digest256 digest, CancellationToken end)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(entry.Length);
        int range = _bucket.Settings.RangeBytes, count = Math.Max(1, (int)(((long)entry.Length + range - 1) / range));
        using var slots = new SemaphoreSlim(_bucket.Settings.Parallel);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(end);
        Task<bool>[] reads = [.. Enumerable.Range(0, count).Select(ReadOneAsync)];
        try
        {
            var hash = new Sha256();
            for (int i = 0; i < count; i++)
            {
                if (!await reads[i]) return null;
                hash.Append(RangeOf(i).Span);
            }

            return hash.Finish() == digest
                ? bytes
                : throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{Name} has other bytes for {entry.Cid}");
        }
        finally
        {
            await failed.CancelAsync();
            await Task.WhenAll(reads).ContinueWith(static task => task.Exception, CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        Memory<byte> RangeOf(int i) =>
            bytes.AsMemory(i * range, (int)Math.Min(range, entry.Length - ((long)i * range)));

        async Task<bool> ReadOneAsync(int i)
        {
            await slots.WaitAsync(failed.Token);
            try
            {
                return await _bucket.ReadAsync(entry.Key, (long)entry.Offset + ((long)i * range), RangeOf(i),
                    failed.Token);
            }
            finally
            {
                _ = slots.Release();
            }
        }
    }
}
