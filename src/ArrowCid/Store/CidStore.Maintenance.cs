using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Looking after a store (<c>Registry/MAINTENANCE.md</c>).</summary>
public sealed partial class CidStore
{
    private readonly Dictionary<MaintenanceTask, MaintenanceStatistics> _maintained = [];
    private IDisposable? _maintenance;

    /// <summary>Ends the maintenance of this handle, a step at work included; the store stays open.</summary>
    internal void EndMaintenance() => _maintenance?.Dispose();

    /// <summary>The registry below.</summary>
    internal StoreRegistry Registry => _registry;

    /// <summary>
    /// Does once what <see cref="CidStoreOptions.Maintenance"/> does in rounds, without pauses: updates and merges
    /// indexes, removes expired blocks and those that the store's <see cref="MaintenancePolicy"/> does not keep, and
    /// frees their space. One process at a time; after a kill at any point, the next call continues.
    /// </summary>
    /// <param name="dryRun">Only says what would be done; the store may be open for reading only.</param>
    /// <param name="done">Gets each step once it is done.</param>
    /// <param name="cancel">Ends it; what it had done stays.</param>
    /// <returns>The steps that did something, or could not (<see cref="MaintenanceStep.Failure"/>).</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or handle maintains the store;
    /// <see cref="ErrorCode.Unsupported"/>: the store is a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and this is no dry
    /// run.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public IReadOnlyList<MaintenanceStep> Maintain(bool dryRun = false, Action<MaintenanceStep>? done = null,
        CancellationToken cancel = default)
    {
        if (_blocks.IsRing)
            throw new ArrowCidException(ErrorCode.Unsupported, $"{Directory} is a ring: it looks after itself");
        if (!dryRun && !_blocks.TryBeginMaintenance())
        {
            throw new ArrowCidException(ErrorCode.Busy, _blocks.Maintainer() is { } process and not 0
                ? $"{Directory}: process {process} maintains this store already"
                : $"{Directory}: another process maintains this store already");
        }

        using Activity? activity = StoreMeter.Activities.StartActivity("arrowcid.store.maintain");
        _ = activity?.SetTag(StoreMeter.DirectoryTag, Directory);
        try
        {
            var steps = new List<MaintenanceStep>();
            foreach (MaintenanceStep? step in new MaintenanceRound(this, dryRun).Steps(cancel))
            {
                if (step is null) continue;
                steps.Add(step);
                Note(step, done);
            }

            return steps;
        }
        finally
        {
            if (!dryRun) _blocks.EndMaintenance();
        }
    }

    /// <summary>As <see cref="Maintain"/>, on a thread of the pool.</summary>
    /// <param name="dryRun">Only says what would be done; the store may be open for reading only.</param>
    /// <param name="progress">Gets each step once it is done.</param>
    /// <param name="cancel">Ends it; what it had done stays.</param>
    /// <returns>The steps that did something, or failed (<see cref="MaintenanceStep.Failure"/>).</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Maintain"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and this is no dry
    /// run.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public Task<IReadOnlyList<MaintenanceStep>> MaintainAsync(bool dryRun = false,
        IProgress<MaintenanceStep>? progress = null, CancellationToken cancel = default) =>
        Task.Run(() => Maintain(dryRun, progress is null ? null : progress.Report, cancel), cancel);

    /// <summary>Returns the policy of what is deleted automatically from this store.</summary>
    /// <returns>The policy; <see cref="MaintenancePolicy.None"/> where none was set.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the name <see
    /// cref="MaintenancePolicy.Name"/> points to something else; <see cref="ErrorCode.BlockNotFound"/>: its block is
    /// not stored.</exception>
    public MaintenancePolicy GetMaintenancePolicy()
    {
        if (ResolveName(MaintenancePolicy.Name) is not { } cid) return MaintenancePolicy.None;
        try
        {
            return MaintenancePolicy.Decode(ReadNode(cid) ?? throw NotHere(cid));
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
    /// <exception cref="ArrowCidException">As for <see cref="SetName(string, Cid)"/>; <see
    /// cref="ErrorCode.NameConflict"/>: another one was set at the same time.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void SetMaintenancePolicy(MaintenancePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Cid? before = ResolveName(MaintenancePolicy.Name);
        Cid cid = PutBlock(Multicodec.DagCbor, policy.Encode()).Cid;
        if (cid != before) _ = SetName(MaintenancePolicy.Name, cid, before);
    }

    /// <summary>The work of maintenance in this handle since it was opened, by task.</summary>
    public IReadOnlyList<MaintenanceStatistics> GetMaintenanceStatistics()
    {
        lock (_maintained)
        {
            return
            [
                .. Enum.GetValues<MaintenanceTask>().Select(task => _maintained.GetValueOrDefault(task) ??
                    new MaintenanceStatistics(task, 0, 0, 0, 0, TimeSpan.Zero)),
            ];
        }
    }

    /// <summary>The process that maintains the store now, as far as it can be seen from here.</summary>
    /// <returns>Its id; 0 where one does that cannot be seen, null where none does.</returns>
    public int? GetMaintainer() => _blocks.Maintainer();

    /// <summary>
    /// What was removed from the store, when, why and by whom, the last first. Removals are logged among the facts and
    /// outlive their blocks; compaction keeps them for 30 days, and of each segment of facts the last 4,096.
    /// </summary>
    /// <returns>A line a block and removal.</returns>
    /// <exception cref="ArrowCidException">The store cannot be read: <see cref="ErrorCode.StoreGone"/>,
    /// <see cref="ErrorCode.Io"/>.</exception>
    public IReadOnlyList<RemovalEntry> Removals()
    {
        var found = new SortedDictionary<FactStamp, RemovalFact>();
        foreach (FactPayload record in _blocks.FactRecords())
        {
            foreach (FactGroup group in FactReader.Read(record.Bytes, record.Nanoseconds, static _ => { }))
            {
                // A kill during a compaction leaves it twice.
                foreach (RemovalFact fact in group.Facts.OfType<RemovalFact>()) found[group.Stamp] = fact;
            }
        }

        return
        [
            .. found.Reverse().SelectMany(each => each.Value.Blocks.Select(block => new RemovalEntry(block.Cid,
                (long)Math.Min(block.Bytes, long.MaxValue), each.Key.When, (RemovalReason)block.Reason,
                each.Value.Rule, each.Value.By))),
        ];
    }

    /// <summary>Takes a step into the figures, and tells of it.</summary>
    internal void Note(MaintenanceStep step, Action<MaintenanceStep>? done)
    {
        if (!step.IsDryRun)
        {
            _blocks.Reporter.Maintained(step.Task.ToString(), step.Count, step.ByteLength, step.Took,
                step.Failure);
            lock (_maintained)
            {
                MaintenanceStatistics before = _maintained.GetValueOrDefault(step.Task) ??
                    new MaintenanceStatistics(step.Task, 0, 0, 0, 0, TimeSpan.Zero);
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

    private void BeginMaintenance(MaintenanceOptions options)
    {
        if (!_blocks.IsReadOnly && !_blocks.IsRing) _maintenance = options.Begin(this);
    }
}
