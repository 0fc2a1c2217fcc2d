using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Compaction, repair, checkpoints and the maintenance policy.</summary>
public sealed partial class StoreMaintenance
{
    private readonly CidStore _store;

    internal StoreMaintenance(CidStore store) => _store = store;

    /// <summary>
    /// Rebuilds the table and index of a damaged store from its segments, and hashes every block. <see
    /// cref="CidStore.List"/>
    /// shows the blocks found; the next <see cref="CidStore.Open"/> opens a store with the same ID. The file
    /// <c>ctl.v1</c> must exist with an intact first page, which describes the segments.
    /// </summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="progress">Gets the number of segments that were read so far.</param>
    /// <param name="cancellationToken">Cancels the call. The store is as it was then, and may be rebuilt again.</param>
    /// <returns>The number of blocks found, schemas among them.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a process has the store open;
    /// <see cref="ErrorCode.StoreGone"/>: no store is there, or its <c>ctl.v1</c> is gone;
    /// <see cref="ErrorCode.BlockCorrupt"/>: the first page of <c>ctl.v1</c> is damaged; otherwise as for
    /// <see cref="CidStore.Open"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public static long Rebuild(string directory, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var operation = new Operation(ProgressUnit.Segments, progress, cancellationToken);
        long blocks = BlockStore.Rebuild(directory, repairs: false, operation);
        operation.Finish();
        return blocks;
    }

    /// <summary>
    /// Cleans up after processes that died: their lanes are taken over, with records written but not yet announced;
    /// unfinished files are deleted. Any later operation that meets the leftovers does the same; this does it now.
    /// </summary>
    /// <param name="dryRun">Nothing is changed; the store may be open for reading only.</param>
    /// <param name="cancellationToken">Cancels the call. What was cleaned up before stays so.</param>
    /// <returns>What there was.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: others hold what is needed;
    /// <see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IReadOnlyList<ReapedItem> Reap(bool dryRun = false, CancellationToken cancellationToken = default) =>
        [.. _store.Blocks.Reaper.Reap(dryRun, cancellationToken).Select(one => new ReapedItem
        {
            Kind = one.Kind,
            Name = one.Name,
            ByteLength = one.Bytes,
        })];

    private readonly Dictionary<MaintenanceTask, MaintenanceStatistics> _maintained = [];

    /// <summary>
    /// Does once what <see cref="CidStoreOptions.Maintenance"/> does in rounds, without pauses: updates and merges
    /// indexes, removes expired blocks and those that the store's <see cref="MaintenancePolicy"/> does not keep, and
    /// frees their space. One process at a time; after a kill at any point, the next call continues.
    /// </summary>
    /// <param name="dryRun">Only says what would be done; the store may be open for reading only.</param>
    /// <param name="progress">Gets each step once it is done.</param>
    /// <param name="cancellationToken">Cancels the call. Steps that are done stay so.</param>
    /// <returns>The steps that did something, or could not (<see cref="MaintenanceStep.Failure"/>).</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or handle maintains the store;
    /// <see cref="ErrorCode.Unsupported"/>: the store is a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and this is no dry
    /// run.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IReadOnlyList<MaintenanceStep> RunOnce(bool dryRun = false, IProgress<MaintenanceStep>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (_store.Blocks.IsRing)
            throw new ArrowCidException(ErrorCode.Unsupported, $"{_store.Directory} is a ring: it looks after itself");
        if (!dryRun && !_store.Blocks.Coordination.TryBeginMaintenance())
        {
            throw new ArrowCidException(ErrorCode.Busy, _store.Blocks.Coordination.Maintainer() is { } process and not 0
                ? $"{_store.Directory}: process {process} maintains this store already"
                : $"{_store.Directory}: another process maintains this store already");
        }

        using Activity? activity = StoreMeter.Activities.StartActivity("arrowcid.store.maintain");
        _ = activity?.SetTag(StoreMeter.DirectoryTag, _store.Directory);
        try
        {
            var steps = new List<MaintenanceStep>();
            foreach (MaintenanceStep? step in new MaintenanceRound(_store, dryRun).Steps(cancellationToken))
            {
                if (step is null) continue;
                steps.Add(step);
                Note(step, progress is null ? null : progress.Report);
            }

            return steps;
        }
        finally
        {
            if (!dryRun) _store.Blocks.Coordination.EndMaintenance();
        }
    }

    /// <summary>Does what <see cref="RunOnce"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="RunOnce"/>
    public Task<IReadOnlyList<MaintenanceStep>> RunOnceAsync(bool dryRun = false,
        IProgress<MaintenanceStep>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => RunOnce(dryRun, progress, cancellationToken), cancellationToken);

    /// <summary>Returns the policy of what is deleted automatically from this store.</summary>
    /// <returns>The policy; <see cref="MaintenancePolicy.None"/> where none was set.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the name <see
    /// cref="MaintenancePolicy.Name"/> points to something else; <see cref="ErrorCode.BlockNotFound"/>: its block is
    /// not stored.</exception>
    public MaintenancePolicy GetPolicy()
    {
        if (_store.Names.Resolve(MaintenancePolicy.Name) is not { } cid) return MaintenancePolicy.None;
        try
        {
            return MaintenancePolicy.Decode(_store.Reading.ReadSettings(cid) ?? throw _store.Proofs.NotHere(cid));
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the name '{MaintenancePolicy.Name}' points to {cid}, which is no policy ({e.Rule}); " +
                "set one, or take the name away", e);
        }
    }

    /// <summary>Sets what is deleted automatically from this store. Every process that maintains it uses the policy
    /// from its next round on.</summary>
    /// <param name="policy">The policy; it replaces what was said before.</param>
    /// <exception cref="ArgumentException">A rule has no name, keeps nothing, or groups by what nothing is grouped
    /// by.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="StoreNames.Set(string, Cid)"/>; <see
    /// cref="ErrorCode.NameConflict"/>: another one was set at the same time.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void SetPolicy(MaintenancePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Cid? before = _store.Names.Resolve(MaintenancePolicy.Name);
        Cid cid = _store.PutRaw(policy.Encode(), Multicodec.DagCbor).Cid;
        if (cid != before) _ = _store.Names.Set(MaintenancePolicy.Name, cid, before);
    }

    /// <summary>The work of maintenance in this handle since it was opened, by task.</summary>
    public IReadOnlyList<MaintenanceStatistics> GetStatistics()
    {
        lock (_maintained)
        {
            return
            [
                .. Enum.GetValues<MaintenanceTask>().Select(task => _maintained.GetValueOrDefault(task) ??
                    new MaintenanceStatistics
                    {
                        Task = task,
                        Steps = 0,
                        Failures = 0,
                        Count = 0,
                        ByteLength = 0,
                        Took = TimeSpan.Zero,
                    }),
            ];
        }
    }

    /// <summary>The process that maintains the store now, as far as it can be seen from here.</summary>
    /// <returns>Its id; 0 where one does that cannot be seen, null where none does.</returns>
    public int? GetMaintainer() => _store.Blocks.Coordination.Maintainer();

    /// <summary>Takes a step into the figures, and tells of it.</summary>
    internal void Note(MaintenanceStep step, Action<MaintenanceStep>? done)
    {
        if (!step.IsDryRun)
        {
            _store.Blocks.Reporter.Maintained(step.Task.ToString(), step.Count, step.ByteLength, step.Took,
                step.Failure);
            lock (_maintained)
            {
                MaintenanceStatistics before = _maintained.GetValueOrDefault(step.Task) ??
                    new MaintenanceStatistics
                    {
                        Task = step.Task,
                        Steps = 0,
                        Failures = 0,
                        Count = 0,
                        ByteLength = 0,
                        Took = TimeSpan.Zero,
                    };
                bool isDone = step.Failure is null;
                _maintained[step.Task] = before with
                {
                    Steps = before.Steps + (isDone ? 1 : 0),
                    Failures = before.Failures + (isDone ? 0 : 1),
                    Count = before.Count + step.Count,
                    ByteLength = before.ByteLength + step.ByteLength,
                    Took = before.Took + step.Took,
                };
            }
        }

        done?.Invoke(step);
    }

    /// <summary>Brings the indexes on disk up to date with all that was put and said. It also happens by itself, when
    /// much was.</summary>
    /// <param name="cancellationToken">Cancels the call. What was written before stays.</param>
    /// <returns>False if another caller is doing it, the store is a ring, or it is open for reading only.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: there is no space for them.</exception>
    public bool Checkpoint(CancellationToken cancellationToken = default) =>
        _store.Registry.Reader.Checkpoint(cancellationToken);
}
