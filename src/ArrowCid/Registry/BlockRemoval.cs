using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Drops, and what stands against them.</summary>
internal sealed class BlockRemoval(BlockStore blocks, TimeSpan timeout, RegistryReader reader, FactAppender facts,
    EntryReader entries, RegistryResults results, RegistryMessages messages, BacklogReader backlog)
{
    private static readonly Lazy<string> s_by = new(() => string.Create(CultureInfo.InvariantCulture,
        $"{ProcessFacts.Program(ProcessMark.Current)} {ProcessMark.Current}"));

    /// <summary>Drops blocks that nothing keeps. A block that is announced again from then on stays.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process is cleaning up.</exception>
    /// <param name="cids">The blocks.</param>
    /// <param name="isDryRun">Nothing is changed.</param>
    /// <param name="chosen">When they were chosen, by what they were then: what was put since stays too.</param>
    /// <param name="rule">The policy by which they were chosen, for the log of removals.</param>
    /// <param name="isForced">A backlog does not keep them.</param>
    /// <param name="cancel">Ends it before anything is dropped.</param>
    public Removal Remove(IReadOnlyCollection<Cid> cids, bool isDryRun, DateTimeOffset? chosen = null,
        string? rule = null, bool isForced = false, CancellationToken cancel = default) =>
        Drop(isDryRun, () => Decide(cids, chosen, isForced: isForced, cancel: cancel), rule ?? "",
        rule is null ? RemovalReason.Asked : RemovalReason.Forgotten);

    /// <summary>Drops blocks of which another place has a proved copy. Pins and holds keep them, and so do stored
    /// batches and views that cannot be read without them; names and links do not.</summary>
    public Removal Demote(IReadOnlyCollection<Cid> cids, bool isDryRun, CancellationToken cancel = default) =>
        Drop(isDryRun, () => Decide(cids, isDemotion: true, cancel: cancel), "", RemovalReason.Demoted);

    /// <summary>As <see cref="Remove"/>, of what has expired by then and was not put again since.</summary>
    public Removal RemoveExpired(DateTimeOffset now, bool isDryRun, CancellationToken cancel = default) =>
        Drop(isDryRun, () => Decide(Expired(DateTimeOffset.UnixEpoch, now), cancel: cancel), "", RemovalReason.Expired);

    /// <summary>Whether any block whose expiry is after a time has expired, and has no keep reason of its
    /// own.</summary>
    public bool HasExpired(DateTimeOffset after, DateTimeOffset now) => reader.Ask(() =>
        Expired(after, now).Exists(cid => OwnReasons(RegistryPins.DigestOf(cid)).Count == 0));

    private Removal Drop(bool isDryRun, Func<Removal> judge, string rule, RemovalReason reason)
    {
        Removal? removal = null;
        Sweep(isDryRun, rule, _ =>
        {
            removal = judge();
            return removal.Gone.ConvertAll(each => new RemovedBlock(each.Cid, (ulong)each.Bytes, (ulong)reason));
        });
        return removal!;
    }

    private List<Cid> Expired(DateTimeOffset after, DateTimeOffset now)
    {
        var expired = new List<Cid>();
        var range = new KeyRange(IndexKey.OfTime(MillisecondsOf(after)), IndexKey.OfTime(MillisecondsOf(now) + 1));
        MergedCursor cursor = reader.Open(IndexKind.Expires, range, isDescending: false);
        while (cursor.Next())
        {
            Digest256 digest = IndexKey.DigestOf(cursor.Key);
            BlockState? page = reader.State.Find(in digest);
            bool stands = page?.Sheet?.Expires.Value == IndexKey.TimeOf(cursor.Key);
            if (stands && EntryReader.ExpiryOf(page) <= now && entries.Look(in digest, page) is { } info)
                expired.Add(Cid.FromSha256(info.Codec, digest));
        }

        return expired;
    }

    /// <summary>Why a block is kept; nothing where <see cref="Remove"/> would take it.</summary>
    public List<KeepReason> Why(Cid cid)
    {
        Removal removal = reader.Ask(() => Decide([cid]));
        return removal.Kept.Count == 0 ? [] : removal.Kept[0].Reasons;
    }

    private Removal Decide(IReadOnlyCollection<Cid> cids, DateTimeOffset? chosen = null, bool isDemotion = false,
        bool isForced = false, CancellationToken cancel = default)
    {
        var going = new Dictionary<Digest256, BlockInfo>();
        var reasons = new Dictionary<Digest256, List<KeepReason>>();
        var kept = new List<(Cid, List<KeepReason>)>();
        foreach (Cid cid in cids.Distinct())
        {
            cancel.ThrowIfCancellationRequested();
            bool isOurs = cid.Version == 1 && cid.TryGetSha256(out _);
            if (!isOurs || (entries.Look(RegistryPins.DigestOf(cid)) ?? LookForQuarantined(cid)) is not { } info)
            {
                kept.Add((cid, [new KeepReason { Kind = KeepKind.NotHere, Name = null, By = null }]));
                continue;
            }

            List<KeepReason> own = OwnReasons(info.Digest, isForced);
            if (isDemotion) _ = own.RemoveAll(reason => reason.Kind == KeepKind.Named);
            if (chosen is { } time && reader.State.Find(info.Digest)?.LastPut > NanosecondsOf(time))
                own.Add(new KeepReason { Kind = KeepKind.Recent, Name = null, By = null });
            if (own.Count > 0) reasons[info.Digest] = own;
            going[info.Digest] = info;
        }

        if (going.Count > 0) KeepWhatIsNeeded(going, reasons, isDemotion, cancel);
        var gone = new List<(Cid, long)>();
        foreach ((Digest256 digest, BlockInfo info) in going)
        {
            Cid cid = Cid.FromSha256(info.Codec, digest);
            if (reasons.TryGetValue(digest, out List<KeepReason>? why))
            {
                kept.Add((cid, why));
                continue;
            }

            gone.Add((cid, info.Kind == RecordKind.View ? 0 : info.Length));
        }

        return new Removal(gone, kept);
    }

    /// <summary>A block whose bytes are quarantined is removed like any other, and is not reported as lost
    /// afterwards.</summary>
    private BlockInfo? LookForQuarantined(Cid cid)
    {
        Digest256 digest = RegistryPins.DigestOf(cid);
        return blocks.Damages.FindQuarantined(in digest) is null ? null : new BlockInfo(digest, (uint)cid.Codec,
            RecordKind.Raw, default, 0, 0, DateTimeOffset.UnixEpoch, RecordFlags.None);
    }

    private static ulong MillisecondsOf(DateTimeOffset time) => (ulong)Math.Max(0, time.ToUnixTimeMilliseconds());

    /// <summary>The reasons to keep a block that do not come from other blocks.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="isForced">Whether a backlog does not keep it.</param>
    public List<KeepReason> OwnReasons(Digest256 digest, bool isForced = false)
    {
        var reasons = new List<KeepReason>();
        BlockState? page = reader.State.Find(in digest);
        foreach (string name in reader.State.NamesOf(in digest, page)) reasons.Add(new KeepReason
        {
            Kind = KeepKind.Named,
            Name = name,
            By = null,
        });
        BlockMetadataState? sheet = page?.Sheet;
        if (sheet is { Pin.Value: true }) reasons.Add(new KeepReason
        {
            Kind = KeepKind.Pinned,
            Name = null,
            By = null,
        });
        results.AddReasons(in digest, page, reasons);
        if (entries.IsHeld(sheet)) reasons.Add(new KeepReason { Kind = KeepKind.Held, Name = null, By = null });
        if (!isForced && messages.KeptBy(page) is { } channel)
            reasons.Add(new KeepReason { Kind = KeepKind.Message, Name = null, By = channel });
        if (!isForced && backlog.PlaceFor(in digest, page) is { } place)
            reasons.Add(new KeepReason { Kind = KeepKind.NotCopied, Name = place, By = null });
        return reasons;
    }

    /// <summary>The signed statements about a block, which stay as long as it does.</summary>
    public static IEnumerable<(KeepKind Why, Digest256 Digest)> StatementsOf(BlockState? page)
    {
        foreach (SignedPair pair in page?.Sheet?.Signed?.Keys.ToArray() ?? [])
        {
            yield return (KeepKind.StatementOf, RegistryPins.DigestOf(pair.Statement));
            yield return (KeepKind.StatementOf, RegistryPins.DigestOf(pair.Signature));
        }
    }

    /// <summary>What blocks that stay need stays too.</summary>
    private void KeepWhatIsNeeded(Dictionary<Digest256, BlockInfo> going,
        Dictionary<Digest256, List<KeepReason>> reasons, bool isDemotion, CancellationToken cancel)
    {
        // Of each block that is to go and stays: what it needs, once.
        var staying = new Stack<BlockInfo>();
        // What a damaged block links to may be elsewhere.
        if (!isDemotion && DamagedPlace() is { } place) KeepAll(new KeepReason
        {
            Kind = KeepKind.Unknowable,
            Name = place,
            By = null,
        });
        foreach (BlockInfo info in blocks.Listing.List())
        {
            cancel.ThrowIfCancellationRequested();
            if (entries.IsDeadNow(info.Digest)) continue;
            if (!going.ContainsKey(info.Digest) || reasons.ContainsKey(info.Digest)) Keep(info);
        }

        while (staying.TryPop(out BlockInfo info)) Keep(info);

        void KeepAll(KeepReason reason)
        {
            foreach (BlockInfo info in going.Values)
            {
                if (Cid.FromSha256(info.Codec, info.Digest) == reason.By) continue;
                if (!reasons.TryGetValue(info.Digest, out List<KeepReason>? known))
                {
                    reasons[info.Digest] = known = [];
                    staying.Push(info);
                }

                if (!known.Exists(other => other.Kind == reason.Kind)) known.Add(reason);
            }
        }

        void Keep(BlockInfo by)
        {
            if (BlockNeeds.Of(blocks, in by) is not { } needs)
            {
                if (isDemotion) return;
                KeepAll(new KeepReason
                {
                    Kind = KeepKind.Unknowable,
                    Name = null,
                    By = Cid.FromSha256(by.Codec, by.Digest),
                });
                return;
            }

            foreach ((KeepKind why, Digest256 needed) in needs.Concat(StatementsOf(reader.State.Find(by.Digest))))
            {
                if (isDemotion && why == KeepKind.LinkedFrom) continue;
                if (needed == by.Digest || !going.TryGetValue(needed, out BlockInfo info)) continue;
                if (!reasons.TryGetValue(needed, out List<KeepReason>? known))
                {
                    reasons[needed] = known = [];
                    staying.Push(info);
                }

                if (!known.Exists(reason => reason.Kind == why))
                    known.Add(new KeepReason { Kind = why, Name = null, By = Cid.FromSha256(by.Codec, by.Digest) });
            }
        }
    }

    /// <summary>Chooses blocks to drop, over everything committed up to a fence, and drops them up to it. Each record
    /// of drops states why its blocks were dropped.</summary>
    /// <param name="isDryRun">Nothing is changed.</param>
    /// <param name="rule">The policy by which they are chosen.</param>
    /// <param name="choose">Chooses, once the registry was read up to the numbers that it gets; again where an index is
    /// found damaged meanwhile.</param>
    public void Sweep(bool isDryRun, string rule, Func<ulong[], IReadOnlyList<RemovedBlock>> choose)
    {
        if (isDryRun)
        {
            ulong[] marks = blocks.Listing.Marks();
            _ = reader.AskAt(marks, () => choose(marks));
            return;
        }

        using MaintenanceLockScope term = BecomeJanitor();
        using CollectionBarrier bar = blocks.Coordination.BlockBulkLoads();
        term.BeginSweep();
        try
        {
            CrashPoint.Pass(CrashStep.W1);
            ulong[] fence = blocks.Listing.Marks();
            IReadOnlyList<RemovedBlock> going = reader.AskAt(fence, () => choose(fence));
            foreach (RemovedBlock[] some in going.Chunk(FactLimits.MaxRemoved))
            {
                facts.Append(new DropFact(fence, Array.ConvertAll(some, block => RegistryPins.DigestOf(block.Cid))),
                    new RemovalFact(facts.Subject ?? s_by.Value, rule, some));
                CrashPoint.Pass(CrashStep.W2);
            }

            if (going.Count > 0) blocks.Flush();
            CrashPoint.Pass(CrashStep.W3);
        }
        finally
        {
            term.EndSweep();
        }
    }

    public MaintenanceLockScope BecomeJanitor() =>
        blocks.Coordination.TryBecomeJanitor(timeout) ?? throw new ArrowCidException(
        ErrorCode.Busy, $"{blocks.Directory}: another process or thread is cleaning up; try again");

    /// <summary>The first place of the log where records cannot be read: a block that links to others, or a pin, may
    /// have stood there.</summary>
    private string? DamagedPlace() => blocks.Damages.Damage().FirstOrDefault();

    public static ulong NanosecondsOf(DateTimeOffset time) =>
        (ulong)Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks) * 100;

    /// <summary>Whether a block was dropped and not put again. Its bytes may still be there.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="hasRemovals">Whether any block was ever dropped.</param>
    public bool IsRemoved(in Digest256 digest, out bool hasRemovals)
    {
        Digest256 asked = digest;
        (bool isRemoved, hasRemovals) = reader.Ask(() => (entries.IsDeadNow(in asked), reader.State.HasDrops));
        return isRemoved;
    }

    /// <summary>When a block was last removed; null where the log of removals does not have it.</summary>
    public DateTimeOffset? WhenRemoved(in Digest256 digest)
    {
        DateTimeOffset? removed = null;
        Digest256 asked = digest;
        byte[] bytes = Digest256.Bytes(in digest).ToArray();
        foreach (FactPayload record in blocks.Listing.FactRecords())
        {
            if (record.Bytes.AsSpan().IndexOf(bytes) < 0) continue;
            foreach (FactGroup group in FactReader.Read(record.Bytes, record.Nanoseconds, static _ => { }))
            {
                bool isOfBlock = group.Facts.OfType<RemovalFact>().Any(fact => Array.Exists(fact.Blocks, block =>
                    block.Cid.TryGetSha256(out Digest256 one) && one == asked));
                if (isOfBlock && (removed is null || group.Stamp.When > removed)) removed = group.Stamp.When;
            }
        }

        return removed;
    }
}
