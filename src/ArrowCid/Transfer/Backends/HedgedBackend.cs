using System.Runtime.ExceptionServices;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>Backends of which any may answer: the next one is asked where one is slow, fails or lacks the block. The
/// first proved answer counts, and the other reads are canceled.</summary>
internal sealed class HedgedBackend : BlockBackend
{
    // One that has failed is asked after the others for that long.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly BlockBackend[] _backends;
    private readonly HedgeOptions _options;
    private readonly bool _isOwner;
    private readonly AnswerTimes _times = new();

    // The clock's reading at the last failure of each backend; 0 for none.
    private readonly long[] _failed;

    /// <param name="backends">The backends, the preferred ones first.</param>
    /// <param name="options">When the next one is asked.</param>
    /// <param name="isOwner">Whether they are disposed of with this.</param>
    public HedgedBackend(BlockBackend[] backends, HedgeOptions options, bool isOwner)
        : base(string.Join(" or ", backends.Select(backend => backend.Name)))
    {
        (_backends, _options, _isOwner) = (backends, options, isOwner);
        _failed = new long[backends.Length];
    }

    private protected override BlockLease? Find(Cid cid, in Digest256 digest, CancellationToken cancellationToken) =>
        FindAsync(cid, cancellationToken).GetAwaiter().GetResult();

    protected override void Close()
    {
        if (!_isOwner) return;
        foreach (BlockBackend backend in _backends) backend.Dispose();
    }

    private async Task<BlockLease?> FindAsync(Cid cid, CancellationToken cancellationToken)
    {
        using var losers = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = new Queue<int>(InOrder());
        var running = new List<(Task<BlockLease?> Read, int Backend, long Start)>();
        ArrowCidException? first = null;
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                if (waiting.Count > 0 && running.Count < _options.MaxParallel)
                    running.Add(Ask(waiting.Dequeue(), cid, losers.Token));
                while (running.Count > 0)
                {
                    bool mayAsk = waiting.Count > 0 && running.Count < _options.MaxParallel;
                    Task? done = await NextAsync(running.Select(each => each.Read), mayAsk, losers.Token)
                        .ConfigureAwait(false);
                    // Not one has answered in time: the next one is asked too.
                    if (done is null) break;
                    int at = running.FindIndex(each => each.Read == done);
                    (Task<BlockLease?> read, int backend, long start) = running[at];
                    running.RemoveAt(at);
                    try
                    {
                        BlockLease? block = await read.ConfigureAwait(false);
                        Volatile.Write(ref _failed[backend], 0);
                        if (block is null) break;
                        _times.Add(_options.Time.GetElapsedTime(start));
                        return block;
                    }
                    catch (ArrowCidException e)
                    {
                        Volatile.Write(ref _failed[backend], Math.Max(1, _options.Time.GetTimestamp()));
                        // It counts if no other backend has the block.
                        first ??= e;
                        break;
                    }
                }
            }
        }
        finally
        {
            await losers.CancelAsync().ConfigureAwait(false);
            foreach ((Task<BlockLease?> read, _, _) in running) Discard(read);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (first is not null) ExceptionDispatchInfo.Throw(first);
        return null;
    }

    /// <summary>Starts a read. It blocks a thread of its own, so that many reads at once do not wait for the pool to
    /// grow.</summary>
    private (Task<BlockLease?> Read, int Backend, long Start) Ask(int backend, Cid cid, CancellationToken cancel) =>
        (Task.Factory.StartNew(() => _backends[backend].TryGet(cid, cancel), CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default), backend,
            _options.Time.GetTimestamp());

    /// <summary>Waits for a read that ends.</summary>
    /// <param name="reads">The reads.</param>
    /// <param name="mayAsk">Whether another backend can be asked, so that the wait ends after the delay.</param>
    /// <param name="cancel">Cancels the wait.</param>
    /// <returns>The read; null where none has ended within the delay.</returns>
    private async Task<Task?> NextAsync(IEnumerable<Task> reads, bool mayAsk, CancellationToken cancel)
    {
        TimeSpan delay = !mayAsk ? Timeout.InfiniteTimeSpan : _options.Delay ?? _times.Delay;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task time = Task.Delay(delay, _options.Time, timer.Token);
        Task done = await Task.WhenAny([.. reads, time]).ConfigureAwait(false);
        await timer.CancelAsync().ConfigureAwait(false);
        if (done != time) return done;
        cancel.ThrowIfCancellationRequested();
        return null;
    }

    /// <summary>Those that have failed lately come last.</summary>
    private IEnumerable<int> InOrder() => Enumerable.Range(0, _backends.Length).OrderBy(HasFailed);

    private bool HasFailed(int backend) => Volatile.Read(ref _failed[backend]) is > 0 and var at
        && _options.Time.GetElapsedTime(at) < s_patience;

    /// <summary>Releases the answer of a read that has lost, whenever it comes.</summary>
    private static void Discard(Task<BlockLease?> read) => _ = read.ContinueWith(static ended =>
    {
        // An exception of it is observed here and counts for nothing.
        if (ended.IsCompletedSuccessfully) ended.Result?.Dispose();
        else _ = ended.Exception;
    }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
