using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Collecting what nobody needs.</summary>
internal sealed partial class StoreRegistry
{
    private static readonly Lazy<string> s_by = new(() => string.Create(CultureInfo.InvariantCulture,
        $"{ProcessFacts.Program(ProcessMark.Current)} {ProcessMark.Current}"));

    /// <summary>Drops what may go by the rules. Roots are names, pins, holds, what has not expired and what was put a
    /// short time ago; what is announced from now on stays.</summary>
    /// <param name="rules">What may go.</param>
    /// <param name="isDryRun">Nothing is changed.</param>
    /// <param name="cancel">Ends the search for what may go, before anything is dropped.</param>
    /// <returns>What goes, and every other block with why it stays.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: somebody else is cleaning up.</exception>
    public (List<CollectedNode> Gone, IReadOnlyCollection<CollectedNode> All) Collect(CollectionRules rules,
        bool isDryRun, CancellationToken cancel = default)
    {
        BlockCollection? seen = null;
        List<CollectedNode> gone = [];
        Sweep(isDryRun, rule: "", () =>
        {
            seen = Gather(in rules, cancel);
            gone = seen.Run(rules.MostBytes);
            return gone.ConvertAll(node =>
                new RemovedBlock(node.Cid, (ulong)node.Bytes, (ulong)rules.ReasonOf(node)));
        });
        return (gone, seen!.Nodes);
    }

    /// <summary>Chooses blocks to drop, over what is committed up to a fence, and drops them up to it. Each record of
    /// drops says of its blocks why they went.</summary>
    private void Sweep(bool isDryRun, string rule, Func<IReadOnlyList<RemovedBlock>> choose)
    {
        if (isDryRun)
        {
            lock (_gate)
            {
                ReadTo(_blocks.Marks());
                _ = Guarded(choose);
            }

            return;
        }

        using JanitorTerm term = _blocks.TryBecomeJanitor(_timeout) ?? throw new ArrowCidException(ErrorCode.Busy,
            $"{_blocks.Directory}: another process or thread is cleaning up; try again");
        using SweepBar bar = _blocks.BarFilling();
        term.BeginSweep();
        try
        {
            CrashPoint.Pass(CrashStep.W1);
            ulong[] fence = _blocks.Marks();
            IReadOnlyList<RemovedBlock> going;
            lock (_gate)
            {
                ReadTo(fence);
                going = Guarded(choose);
            }

            foreach (RemovedBlock[] some in going.Chunk(FactLimits.MaxRemoved))
            {
                Say(new DropFact(fence, Array.ConvertAll(some, block => DigestOf(block.Cid))),
                    new RemovalFact(s_by.Value, rule, some));
                CrashPoint.Pass(CrashStep.W2);
            }

            if (going.Count > 0) _blocks.Flush();
            CrashPoint.Pass(CrashStep.W3);
        }
        finally
        {
            term.EndSweep();
        }
    }

    private BlockCollection Gather(in CollectionRules rules, CancellationToken cancel)
    {
        var seen = new BlockCollection();
        Dictionary<Digest256, string> before = rules.KeepsHistory ? NamedBefore() : [];
        foreach (BlockInfo info in _blocks.List())
        {
            cancel.ThrowIfCancellationRequested();
            if (IsDeadNow(info.Digest)) continue;
            FactPage? page = _book.Find(info.Digest);
            List<(KeepKind Why, Digest256 Digest)>? needs = BlockNeeds.Of(_blocks, in info);
            var node = new CollectedNode(info)
            {
                Needs = needs ?? [],
                IsUnknowable = needs is null,
                Reasons = OwnReasons(info.Digest),
                HasExpired = ExpiryOf(page) <= rules.Now,
                LastPut = page is { LastPut: > 0 } ? page.LastPut : NanosecondsOf(info.Time),
            };
            if (before.TryGetValue(info.Digest, out string? name))
                node.Reasons.Add(new KeepReason(KeepKind.NamedBefore, name, null));
            AddReasonsOfTime(node, page, in rules);
            seen.Add(node);
        }

        if (!rules.TakesUnneeded) seen.KeepLasting();
        if (DamagedPlace() is { } place) seen.KeepAll(new KeepReason(KeepKind.Unknowable, place, null));
        return seen;
    }

    /// <summary>The first place of the log where records cannot be read: a block that links to others, or a pin, may
    /// have stood there.</summary>
    private string? DamagedPlace() => _blocks.Damage().FirstOrDefault();

    private static void AddReasonsOfTime(CollectedNode node, FactPage? page, in CollectionRules rules)
    {
        if (ExpiryOf(page) > rules.Now) node.Reasons.Add(new KeepReason(KeepKind.Unexpired, null, null));
        bool isRecent = node.LastPut > NanosecondsOf(rules.PutBefore);
        bool isSpared = node.HasExpired ? rules.SparesExpired : rules.TakesUnneeded;
        if (isRecent && isSpared) node.Reasons.Add(new KeepReason(KeepKind.Recent, null, null));
    }

    private Dictionary<Digest256, string> NamedBefore()
    {
        var before = new Dictionary<Digest256, string>();
        foreach (NameLog log in _book.Names)
        {
            foreach (NameRecord change in log.Changes)
            {
                if (change.Target is { } target && target.TryGetSha256(out Digest256 digest))
                    _ = before.TryAdd(digest, log.Name);
            }
        }

        return before;
    }

    private static ulong NanosecondsOf(DateTimeOffset time) =>
        (ulong)Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks) * 100;
}
