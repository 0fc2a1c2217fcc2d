using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Collection of unneeded blocks.</summary>
internal sealed class BlockCollector(BlockStore blocks, TimeSpan timeout, RegistryReader reader,
    EntryReader entries, BlockRemoval removals)
{
    // After this number of pauses, others put faster than is read in between: then the drop reads the rest, up to its
    // fence.
    private const int MostBehind = 8;

    /// <summary>
    /// Drops what may go by the rules, in steps. Roots are names, pins, holds, what has not expired and what was put a
    /// short time ago; what is announced once it began stays. All blocks are read a few thousand records at a time,
    /// without keeping anybody out; what may go is dropped some hundred blocks at a time, each after another look at
    /// what keeps it, over all that is committed up to a fence: at that fence the decision is what one over another
    /// reading of everything would be, but that more may stay.
    /// </summary>
    /// <param name="rules">What may go.</param>
    /// <param name="isDryRun">Nothing is changed.</param>
    /// <param name="seen">Gets every block, with why it stays.</param>
    /// <param name="sizes">How much a step does; null: <see cref="CollectionSteps.ByDefault"/>.</param>
    /// <param name="cancel">Ends it between two steps; what was dropped stays so.</param>
    /// <returns>One element per step: the blocks that it dropped, each before the blocks that it needs.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process is cleaning up.</exception>
    public IEnumerable<IReadOnlyList<CollectedNode>> Collect(CollectionRules rules, bool isDryRun,
        BlockCollection seen, CollectionSteps? sizes = null, CancellationToken cancel = default)
    {
        CollectionSteps step = sizes ?? CollectionSteps.ByDefault;
        var reading = new CollectionReading(blocks, timeout, step.Read);
        Dictionary<Digest256, string> before = [];
        _ = reader.AskAt(reading.Began, () => rules.KeepsHistory && AddNamedBefore(before));

        for (bool isMore = true; isMore;)
        {
            cancel.ThrowIfCancellationRequested();
            isMore = reading.HasFound || ReadSome(reading, reading.Began, isDryRun);
            if (reading.TakeRestart()) seen.Clear();
            TakeSome(seen, reading, rules, before, step.TakenIn);
            isMore |= reading.HasFound;
            if (isMore) yield return [];
        }

        KeepReason? all = reading.Damage is { } gap ? new KeepReason
        {
            Kind = KeepKind.Unknowable,
            Name = gap,
            By = null,
        } : null;
        foreach (string? place in blocks.Damages.DamageBySegment())
        {
            cancel.ThrowIfCancellationRequested();
            if (place is not null) all = new KeepReason { Kind = KeepKind.Unknowable, Name = place, By = null };
            if (all is not null) break;
            yield return [];
        }

        foreach (int _ in seen.Decide(keepsLasting: !rules.TakesUnneeded, all, rules.MostBytes))
        {
            cancel.ThrowIfCancellationRequested();
            yield return [];
        }

        if (isDryRun)
        {
            yield return seen.Going;
            yield break;
        }

        for (int next = 0, behind = 0; next < seen.Going.Count;)
        {
            cancel.ThrowIfCancellationRequested();
            // What was put meanwhile is read before anybody is kept out for it; in steps while they lead to an end.
            bool isMore = reading.HasFound || ReadSome(reading, blocks.Listing.Marks(), isDryRun);
            TakeSome(seen, reading, rules, before, step.TakenIn);
            // Who cannot know what was put meanwhile leaves the rest to the next collection.
            if (reading.IsRewritten || reading.Damage is not null || seen.KeepsAll) yield break;
            if ((isMore || reading.HasFound) && behind++ < MostBehind)
            {
                yield return [];
                continue;
            }

            behind = 0;
            yield return DropSome(seen, reading, rules, before, step.Dropped, ref next);
        }
    }

    /// <summary>Reads some more under the maintenance lock: otherwise a segment that another process has just taken out
    /// of the table, and may restore, would be skipped.</summary>
    private bool ReadSome(CollectionReading reading, ulong[] marks, bool isDryRun)
    {
        using MaintenanceLockScope? term = isDryRun ? null : removals.BecomeJanitor();
        return reading.TryReadOn(marks);
    }

    private void TakeSome(BlockCollection seen, CollectionReading reading, CollectionRules rules,
        Dictionary<Digest256, string> before, int most)
    {
        lock (reader.Gate)
        {
            reading.Take(most, found => _ = reader.Guarded(() => TakeIn(seen, found, reading, in rules, before)));
        }
    }

    /// <summary>Drops the next few hundred removable blocks, except those that are needed by now.</summary>
    private List<CollectedNode> DropSome(BlockCollection seen, CollectionReading reading, CollectionRules rules,
        Dictionary<Digest256, string> before, int most, ref int next)
    {
        int from = next, to = next;
        List<CollectedNode> gone = [];
        removals.Sweep(isDryRun: false, rule: "", fence =>
        {
            bool isMore = true;
            while (isMore)
            {
                isMore = reading.TryReadOn(fence);
                reading.Take(int.MaxValue, found => _ = TakeIn(seen, found, reading, in rules, before));
            }

            (to, gone) = (from, []);
            if (rules.KeepsHistory) AddNamedBefore(before);
            if (reading.IsRewritten || reading.Damage is not null || seen.KeepsAll)
            {
                to = seen.Going.Count;
                return [];
            }

            for (; to < seen.Going.Count && gone.Count < most; to++)
            {
                CollectedNode node = seen.Going[to];
                if (entries.IsDeadNow(node.Info.Digest)) continue;
                bool mayGo = node.Reasons.Count == 0;
                if (mayGo && ReasonSince(node, in rules, before) is { } reason) seen.Keep(node, reason);
                if (node.Reasons.Count == 0 && !seen.KeepsAll) gone.Add(node);
            }

            gone.RemoveAll(node => node.Reasons.Count > 0);
            return gone.ConvertAll(node => new RemovedBlock(node.Cid, (ulong)node.Bytes, (ulong)rules.ReasonOf(node)));
        });
        next = to;
        return gone;
    }

    /// <summary>Takes in a block that stood in the log. What was announced since the reading began stays, and what it
    /// needs.</summary>
    private bool TakeIn(BlockCollection seen, FoundRecord found, CollectionReading reading, in CollectionRules rules,
        Dictionary<Digest256, string> before)
    {
        CollectedNode? node = seen.Find(found.Digest);
        bool isNew = node is null;
        if (node is null)
        {
            BlockState? page = reader.State.Find(found.Digest);
            if (entries.Look(found.Digest, page) is not { } info) return false;
            seen.Add(node = NodeOf(in info, page, in rules, before));
        }

        // Once it is decided what was not read before stays, whichever number it has.
        var recent = new KeepReason { Kind = KeepKind.Recent, Name = null, By = null };
        if (seen.IsDecided && (isNew || found.IsNew)) seen.Keep(node, recent);
        else if (seen.IsDecided) return true;
        else if (reading.IsSince(in found)) node.Reasons.Add(recent);
        return true;
    }

    private CollectedNode NodeOf(in BlockInfo info, BlockState? page, in CollectionRules rules,
        Dictionary<Digest256, string> before)
    {
        List<(KeepKind Why, Digest256 Digest)>? needs = BlockNeeds.Of(blocks, in info);
        bool hasExpired = EntryReader.ExpiryOf(page) <= rules.Now;
        var node = new CollectedNode(info)
        {
            Needs = [.. needs ?? [], .. BlockRemoval.StatementsOf(page)],
            IsUnknowable = needs is null,
            Reasons = removals.OwnReasons(info.Digest),
            WasExpired = hasExpired,
            HasExpired = hasExpired,
            LastPut = page is { LastPut: > 0 } ? page.LastPut : BlockRemoval.NanosecondsOf(info.Time),
        };
        if (before.TryGetValue(info.Digest, out string? name))
            node.Reasons.Add(new KeepReason { Kind = KeepKind.NamedBefore, Name = name, By = null });
        AddReasonsOfTime(node, page, in rules);
        return node;
    }

    /// <summary>Why a block stays that could go when it was looked at first; null where it can still.</summary>
    private KeepReason? ReasonSince(CollectedNode node, in CollectionRules rules, Dictionary<Digest256, string> before)
    {
        List<KeepReason> own = removals.OwnReasons(node.Info.Digest);
        if (own.Count > 0) return own[0];
        if (before.TryGetValue(node.Info.Digest, out string? name))
            return new KeepReason { Kind = KeepKind.NamedBefore, Name = name, By = null };
        DateTimeOffset? expiry = EntryReader.ExpiryOf(reader.State.Find(node.Info.Digest));
        if (expiry > rules.Now) return new KeepReason { Kind = KeepKind.Unexpired, Name = null, By = null };
        return node.WasExpired && expiry is null ? new KeepReason
        {
            Kind = KeepKind.Lasting,
            Name = null,
            By = null,
        } : null;
    }

    private static void AddReasonsOfTime(CollectedNode node, BlockState? page, in CollectionRules rules)
    {
        if (EntryReader.ExpiryOf(page) > rules.Now) node.Reasons.Add(new KeepReason
        {
            Kind = KeepKind.Unexpired,
            Name = null,
            By = null,
        });
        bool isRecent = node.LastPut > BlockRemoval.NanosecondsOf(rules.PutBefore);
        bool isSpared = node.HasExpired ? rules.SparesExpired : rules.TakesUnneeded;
        if (isRecent && isSpared) node.Reasons.Add(new KeepReason
        {
            Kind = KeepKind.Recent,
            Name = null,
            By = null,
        });
    }

    private bool AddNamedBefore(Dictionary<Digest256, string> before)
    {
        foreach (NameLog log in reader.State.Names)
        {
            foreach (NameRecord change in log.Changes)
            {
                if (change.Target is { } target && target.TryGetSha256(out Digest256 digest))
                    _ = before.TryAdd(digest, log.Name);
            }
        }

        return before.Count > 0;
    }
}
