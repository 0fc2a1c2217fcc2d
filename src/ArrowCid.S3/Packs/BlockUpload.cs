using System.Collections.Concurrent;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.S3;

/// <summary>Copies blocks into a bucket: small ones in packs, several objects at the same time. The index is written
/// once the objects are there, so that a block is found only with all that it needs.</summary>
internal sealed class BlockUpload : IDisposable
{
    private const int ProofBytes = 8 << 20;

    private readonly S3Bucket _bucket;
    private readonly BucketIndex _index;
    private readonly bool _isProved;
    private readonly Action<long>? _progress;
    private readonly CancellationToken _end;
    private readonly SemaphoreSlim _slots;
    private readonly List<Task> _running = [];
    private readonly List<BucketEntry> _written = [];
    private readonly Lock _lock = new();
    private readonly ConcurrentBag<MemoryStream> _free = [];
    private PackBuilder? _pack;
    private long _pending, _done;
    private int _added, _packs;

    /// <param name="bucket">The bucket.</param>
    /// <param name="index">Its index.</param>
    /// <param name="isProved">Whether each object is read back and hashed.</param>
    /// <param name="progress">Gets the number of bytes that were uploaded so far.</param>
    /// <param name="end">Ends the copy.</param>
    public BlockUpload(S3Bucket bucket, BucketIndex index, bool isProved, Action<long>? progress, CancellationToken end)
    {
        (_bucket, _index, _isProved, _progress, _end) = (bucket, index, isProved, progress, end);
        _slots = new SemaphoreSlim(bucket.Settings.Parallel);
    }

    /// <summary>Copies blocks that the bucket does not have.</summary>
    /// <param name="cids">The blocks, each after those that it needs.</param>
    /// <param name="open">Opens one, its bytes just proved.</param>
    public async Task<BlockCopyResult> RunAsync(IReadOnlyList<Cid> cids, Func<Cid, BlockLease> open)
    {
        await _index.RefreshAsync(_end);
        try
        {
            foreach (Cid cid in cids)
            {
                Digest256 digest = DigestOf(cid);
                if ((await _index.FindAsync(digest, isFresh: false, _end)).Count > 0) continue;
                await AddAsync(cid, digest, open(cid));
                if (_pending >= _bucket.Settings.IndexEvery) await FlushAsync();
            }

            await FlushAsync();
        }
        catch
        {
            await EndAsync();
            throw;
        }

        return new BlockCopyResult { Blocks = cids.Count, NewBlocks = _added, ByteLength = _done };
    }

    public void Dispose() => _slots.Dispose();

    private static Digest256 DigestOf(Cid cid) => cid.TryGetSha256(out Digest256 digest) && cid.Codec <= uint.MaxValue
        ? digest
        : throw new ArrowCidException(ErrorCode.Unsupported, $"{cid} is not of version 1 with a SHA-256");

    private async Task AddAsync(Cid cid, Digest256 digest, BlockLease block)
    {
        _added++;
        _pending += block.Bytes.Length;
        if (block.Bytes.Length >= _bucket.Settings.PackedBelow)
        {
            await StartAsync(() => WriteBlockAsync(cid, digest, block), block);
            return;
        }

        _pack ??= NewPack();
        using (block) _pack.Add(cid, digest, block.Bytes.Span);
        if (_pack.Length >= _bucket.Settings.PackBytes) await StartPackAsync(_pack);
    }

    /// <summary>The first one may stay small. It was filled where another follows, which gets as much memory at once:
    /// that of one that was uploaded, which costs no page faults, or else new memory.</summary>
    private PackBuilder NewPack()
    {
        if (_packs++ == 0) return new PackBuilder(new MemoryStream());
        return new PackBuilder(_free.TryTake(out MemoryStream? used)
            ? used
            : new MemoryStream(_bucket.Settings.PackBytes + _bucket.Settings.PackedBelow));
    }

    private Task StartPackAsync(PackBuilder pack)
    {
        _pack = null;
        return StartAsync(() => WritePackAsync(pack), null);
    }

    private async Task StartAsync(Func<Task> write, BlockLease? owned)
    {
        try
        {
            await _slots.WaitAsync(_end);
        }
        catch
        {
            owned?.Dispose();
            throw;
        }

        _running.Add(Task.Run(async () =>
        {
            try
            {
                await write();
            }
            finally
            {
                owned?.Dispose();
                _ = _slots.Release();
            }
        }, CancellationToken.None));
        // A failure ends the copy at once.
        foreach (Task task in _running.FindAll(task => task.IsCompleted))
        {
            _ = _running.Remove(task);
            await task;
        }
    }

    private async Task FlushAsync()
    {
        if (_pack is { } pack) await StartPackAsync(pack);
        await Task.WhenAll(_running);
        _running.Clear();
        CrashPoint.Pass(CrashStep.O1);
        // From here on the index may name these objects, also where the answer is an error.
        BucketEntry[] written = [.. _written];
        _written.Clear();
        await _index.AddAsync(written, _end);
        _pending = 0;
    }

    private async Task EndAsync()
    {
        await Task.WhenAll(_running).ContinueWith(static _ => { }, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        // No reader finds what is not in the index.
        foreach (string key in _written.Select(entry => entry.Key).Distinct())
        {
            try
            {
                await _bucket.DeleteAsync(key, CancellationToken.None);
            }
            catch (ArrowCidException)
            {
                return;
            }
        }
    }

    private async Task WritePackAsync(PackBuilder pack)
    {
        try
        {
            await WriteAsync(pack);
        }
        finally
        {
            _free.Add(pack.Release());
        }
    }

    private async Task WriteAsync(PackBuilder pack)
    {
        ReadOnlyMemory<byte> bytes = pack.Finish();
        if (pack.Count == 1)
        {
            BucketEntry entry = pack.Entries[0];
            await WriteBlockAsync(entry.Cid, entry.Digest, bytes.Slice(entry.Offset, entry.Length));
            return;
        }

        await WriteAsync(pack.Key, bytes, _isProved ? Sha256.Hash(bytes.Span) : default);
        Done(pack.Entries);
    }

    private Task WriteBlockAsync(Cid cid, Digest256 digest, BlockLease block) =>
        WriteBlockAsync(cid, digest, block.Bytes);

    private async Task WriteBlockAsync(Cid cid, Digest256 digest, ReadOnlyMemory<byte> bytes)
    {
        var entry = new BucketEntry(digest, cid.Codec, Guid.CreateVersion7(), EntryForm.Block, 0, bytes.Length);
        await WriteAsync(entry.Key, bytes, digest);
        Done([entry]);
    }

    /// <param name="key">The key of the object.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="digest">Their SHA-256, for objects that are read back.</param>
    private async Task WriteAsync(string key, ReadOnlyMemory<byte> bytes, Digest256 digest)
    {
        _ = await ObjectUpload.RunAsync(_bucket, key, bytes.Length,
            (offset, length) => new MemoryReadStream(bytes.Slice((int)offset, length)), mayReplace: false, _end);
        CrashPoint.Pass(CrashStep.O0);
        if (!_isProved || await HashAsync(key, bytes.Length) == digest) return;
        await _bucket.DeleteAsync(key, _end);
        throw new ArrowCidException(ErrorCode.Io,
            $"{_bucket.Name} stored other bytes than were sent, and does not check digests; they were deleted");
    }

    private async Task<Digest256> HashAsync(string key, int length)
    {
        var hash = new Sha256();
        byte[] piece = new byte[Math.Min(length, ProofBytes)];
        for (int at = 0; at < length;)
        {
            Memory<byte> next = piece.AsMemory(0, Math.Min(piece.Length, length - at));
            if (!await _bucket.ReadAsync(key, at, next, _end))
                throw new ArrowCidException(ErrorCode.Io, $"{_bucket.Name}: {key} was uploaded and is not there");
            hash.Append(next.Span);
            at += next.Length;
        }

        return hash.Finish();
    }

    private void Done(IReadOnlyList<BucketEntry> entries)
    {
        lock (_lock)
        {
            _written.AddRange(entries);
            foreach (BucketEntry entry in entries) _done += entry.Length;
            _progress?.Invoke(_done);
        }
    }
}
