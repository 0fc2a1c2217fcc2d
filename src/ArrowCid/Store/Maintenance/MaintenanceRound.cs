using System.Diagnostics;
using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// One look at all that there is to do for a store, in steps. It keeps nothing that counts: each step is found out from
/// the store and is whole or not there, so that a round that was killed goes on with the next one.
/// </summary>
internal sealed class MaintenanceRound(CidStore store, bool isDryRun)
{
    // A shorter unread part is read in milliseconds by the next query.
    private const ulong LeastUnread = 4096;

    // A query asks each run; more of them than this are made fewer while there is time.
    private const int MostRuns = 6;

    private const double MostAlive = 0.5;

    // By a bound on nothing: only what is counted as done ends it.
    private const int MostSteps = 1 << 20;

    private static readonly MaintenanceTask[] s_order =
    [
        MaintenanceTask.Checkpoint, MaintenanceTask.Merge, MaintenanceTask.Expire, MaintenanceTask.Forget,
        MaintenanceTask.Collect, MaintenanceTask.Evict, MaintenanceTask.Compact,
    ];

    private readonly BlockStore _blocks = store.Blocks;
    private readonly StoreRegistry _registry = store.Registry;

    /// <summary>From when on expiries are looked for; what expired before was found by an earlier round.</summary>
    public DateTimeOffset ExpiredAfter { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>Whether the policy is applied: where nothing was said since, it would find what it found.</summary>
    public bool WithPolicy { get; init; } = true;

    /// <summary>Whether segments of facts are looked at too, though nothing was dropped.</summary>
    public bool WithFacts { get; init; } = true;

    /// <summary>Does a step for each element that is asked for: null where it found nothing to do. Of a task of which a
    /// step could not be done the rest is left for this round.</summary>
    public IEnumerable<MaintenanceStep?> Steps(CancellationToken cancel)
    {
        foreach (MaintenanceTask task in s_order)
        {
            IEnumerator<TaskResult?> work = Work(task, cancel).GetEnumerator();
            for (int i = 0; i < MostSteps; i++)
            {
                cancel.ThrowIfCancellationRequested();
                DateTimeOffset time = store.Clock.GetUtcNow();
                long started = Stopwatch.GetTimestamp();
                (bool isMore, TaskResult? done, string? failure) = Try(work);
                if (!isMore) break;
                CrashPoint.Pass(CrashStep.T1);
                yield return done is null && failure is null
                    ? null
                    : new MaintenanceStep
                    {
                        Task = task,
                        Count = done?.Count ?? 0,
                        ByteLength = done?.Bytes ?? 0,
                        Time = time,
                        Took = Stopwatch.GetElapsedTime(started),
                        Words = done?.Words ?? "not done",
                        Failure = failure,
                        IsDryRun = isDryRun,
                    };
                if (failure is not null) break;
            }
        }
    }

    private static (bool IsMore, TaskResult? TaskResult, string? Failure) Try(IEnumerator<TaskResult?> work)
    {
        try
        {
            return work.MoveNext() ? (true, work.Current, null) : (false, null, null);
        }
        catch (ArrowCidException e) when (e.Code is not (ErrorCode.StoreGone or ErrorCode.Forked))
        {
            return (true, null, Remedy.Join(e.Message, e.Remedy));
        }
    }

    private IEnumerable<TaskResult?> Work(MaintenanceTask task, CancellationToken cancel) => task switch
    {
        MaintenanceTask.Checkpoint => Checkpoint(cancel),
        MaintenanceTask.Merge => Merge(cancel),
        MaintenanceTask.Expire => Expire(cancel),
        MaintenanceTask.Forget => Forget(cancel),
        MaintenanceTask.Collect => Collect(cancel),
        MaintenanceTask.Evict => Evict(cancel),
        _ => isDryRun ? CompactDry(cancel) : Compact(cancel),
    };

    private IEnumerable<TaskResult?> Checkpoint(CancellationToken cancel)
    {
        for (ulong unread; (unread = _registry.Reader.Unread()) >= LeastUnread;)
        {
            bool isDone = isDryRun || _registry.Reader.Checkpoint(cancel, isOneRun: true);
            if (!isDone) yield break;
            ulong read = isDryRun ? unread : unread - Math.Min(unread, _registry.Reader.Unread());
            yield return new TaskResult((long)read, 0, Words($"{read} records into the indexes"));
            if (isDryRun || read == 0) yield break;
        }
    }

    private IEnumerable<TaskResult?> Merge(CancellationToken cancel)
    {
        for (int runs; (runs = _registry.Reader.RunsToMerge(MostRuns)) > 0;)
        {
            if (isDryRun)
            {
                yield return new TaskResult(0, 0, Words($"{runs} index files into one"));
                yield break;
            }

            if (_registry.Reader.MergeStep(MostRuns, cancel) is not { } merged) yield break;
            yield return new TaskResult(merged.Blocks, 0,
                Words($"{merged.Runs} index files into one of {merged.Blocks} blocks"));
        }
    }

    private IEnumerable<TaskResult?> Expire(CancellationToken cancel)
    {
        if (!_registry.Removals.HasExpired(ExpiredAfter, store.Clock.GetUtcNow())) yield break;
        foreach ((int blocks, long bytes) in store.Retention.CollectInSteps(new CollectOptions { DryRun = isDryRun },
            cancel))
            yield return Of(blocks, bytes, "expired");
    }

    private IEnumerable<TaskResult?> Forget(CancellationToken cancel)
    {
        if (!WithPolicy) yield break;
        foreach (ForgetRule rule in store.Maintenance.GetPolicy().Forget)
        {
            ForgetResult result = store.Retention.Forget(rule, isDryRun, cancel);
            int gone = result.Versions.Where(version => version.IsForgotten).DistinctBy(version => version.Cid).Count();
            yield return gone == 0
                ? null
                : new TaskResult(gone, result.ByteLength,
                    Words($"{gone} versions of {result.ByteLength} bytes forgotten by '{rule.Id}'"));
        }
    }

    private IEnumerable<TaskResult?> Collect(CancellationToken cancel)
    {
        if (!WithPolicy) yield break;
        MaintenancePolicy policy = store.Maintenance.GetPolicy();
        if (!policy.Collects) yield break;
        // All records together are no smaller than the blocks.
        bool isWithin = !policy.Unreferenced && policy.MaxBytes is { } most
            && _blocks.Examination.GetStatistics().BytesCommitted <= most;
        if (isWithin) yield break;
        foreach ((int blocks, long bytes) in store.Retention.CollectInSteps(policy.ToCollect(isDryRun), cancel))
            yield return Of(blocks, bytes, "that nothing needs collected");
    }

    private IEnumerable<TaskResult?> Evict(CancellationToken cancel)
    {
        if (store.Places.Cache.EvictIfOver(isDryRun, cancel) is not { } result) yield break;
        yield return Of(result.Removed.Count, result.ByteLength, "that other places have evicted");
        if (!isDryRun && store.Places.Cache.IsOver())
            yield return new TaskResult(0, 0,
                Words($"over the size of the cache; {result.Kept.Count} blocks have to stay"));
    }

    private IEnumerable<TaskResult?> Compact(CancellationToken cancel)
    {
        bool withData = _blocks.Coordination.HasDropsLeft();
        if (!withData && !WithFacts) yield break;
        if (_blocks.Space.BeginCompaction(MostAlive, withData) is not { } steps) yield break;
        while (steps.TryStep(cancel, out ReclaimReport report))
        {
            cancel.ThrowIfCancellationRequested();
            yield return Of(report);
        }
    }

    private IEnumerable<TaskResult?> CompactDry(CancellationToken cancel)
    {
        yield return Of(_blocks.Space.Reclaim(MostAlive, dryRun: true, patience: default,
            new Operation(ProgressUnit.Segments, progress: null, cancel)));
    }

    private static TaskResult? Of(int blocks, long bytes, string what) => blocks == 0
        ? null
        : new TaskResult(blocks, bytes, Words($"{blocks} blocks of {bytes} bytes {what}"));

    private static TaskResult? Of(ReclaimReport report)
    {
        int gone = report.Segments.Count(one => one.Outcome == ReclaimOutcome.Freed);
        return gone == 0
            ? null
            : new TaskResult(gone, report.BytesFreed,
                Words($"{gone} segments of {report.BytesFreed} bytes freed, {report.BytesMoved} moved"));
    }

    private static string Words(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record TaskResult(long Count, long Bytes, string Words);
}
