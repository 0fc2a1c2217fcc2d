using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Storage;
using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>One sync of a store with another side: finds what differs, then moves facts, blocks and names, in this
/// order, so that a visible block has its metadata and a name its block. What was moved stays where it ends
/// early.</summary>
internal sealed class SyncRun
{
    // The largest number of blocks of one hold.
    private const int HeldAtOnce = 1024;

    private readonly CidStore _store;
    private readonly SyncOptions _options;
    private readonly CancellationToken _cancel;
    private readonly StoreEnd _end;
    private readonly SyncLink _link;
    private readonly SyncTransfer _transfer;
    private readonly List<SyncItem> _items = [];
    private readonly HashSet<Digest256> _pulledFacts = [];
    private readonly Digest256[]? _blocks;
    private readonly List<string> _unnamed = [];
    private long _pulled, _pulledBytes, _pushed, _pushedBytes, _factsPulled, _factsPushed, _factsRefused;

    public SyncRun(CidStore store, SyncPeer peer, SyncOptions options, IProgress<SyncProgress>? progress,
        CancellationToken cancellationToken)
    {
        options.ThrowIfWrong();
        (_store, _options, _cancel) = (store, options, cancellationToken);
        _end = new StoreEnd(store);
        _link = new SyncLink(peer, cancellationToken);
        _transfer = new SyncTransfer(_end, _link, progress, _items,
            new SyncPace(options.BytesPerSecond, store.Clock, Wait));
        _blocks = options.Blocks is { } some ? [.. some.Select(RegistryPins.DigestOf).Distinct()] : null;
        if (Pushes && !peer.CanPut)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{peer.Name} is only read; pull from it");
        if (Pulls && !options.DryRun) store.Blocks.EnterToWrite();
    }

    private bool Pulls => _options.Direction != SyncDirection.Push;

    private bool Pushes => _options.Direction != SyncDirection.Pull;

    public SyncReport Run()
    {
        _transfer.Report(SyncPhase.Find);
        SyncWelcome peer = SyncWelcome.Decode(_link.AskOne(
            new SyncHello(new byte[SyncHash.NonceBytes], new SyncWish(SyncSubject.Store, null, false, null)).Encode(),
            SyncMessageKind.Welcome));
        if (peer.Store == _end.Id)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{_store.Directory} is not synced with itself");
        // What came since the last sync says nothing of what that one left out.
        bool isFull = _options is { Full: true } or { IsOfSome: true } or { Resurrect: true } or { WithPins: true };
        SyncFact? last = _end.LastSync(peer.Store);
        SyncDifferences found = Find(isFull ? null : last);
        // Whether changes of a name are in conflict, only the whole histories of both sides tell.
        bool isUnclear = NameChanges.HasCommon(found.NamesHere, found.NamesThere) ||
            (!Pushes && found.NamesThere.Count > 0) || (!Pulls && found.NamesHere.Count > 0);
        if (found.IsTail && isUnclear) found = Find(null);
        var names = new NameChanges(found.NamesHere, found.NamesThere, _options.MergeNames);
        List<SyncTransfer.MissingBlock> pull = Pulls ? ToPull(found.Blocks) : [];
        List<SyncTransfer.MissingBlock> push = Pushes ? ToPush(found.Blocks) : [];
        List<SyncTransfer.MissingBlock> delete = _options.Delete ? ToDelete(found.Blocks) : [];
        (long search, int trips) = (_link.ByteLength, _link.RoundTrips);
        List<string> waiting = [.. _unnamed];
        if (_options.DryRun) Plan(pull, push, delete, found);
        else waiting = Move(found, names, pull, push, delete);
        SignatureState[] states = Pulls && !_options.DryRun ? Check(found.FactsThere) : [];
        var report = new SyncReport
        {
            StatementsHolding = states.Count(state => state == SignatureState.Holds),
            StatementsBroken = states.Count(state => state == SignatureState.Broken),
            Peer = _link.Peer.Name,
            Way = found.Blocks.Way,
            BlocksHere = found.Blocks.Welcome.IsTail ? 0 : found.BlocksHere,
            BlocksThere = found.Blocks.Welcome.IsTail ? 0 : found.Blocks.Welcome.Count,
            SearchBytes = search,
            RoundTrips = trips,
            BlocksPulled = _pulled,
            BytesPulled = _pulledBytes,
            BlocksPushed = _pushed,
            BytesPushed = _pushedBytes,
            FactsPulled = _factsPulled,
            FactsPushed = _factsPushed,
            FactsRefused = _factsRefused,
            NamesPulled = Pulls ? names.NamesIn.Except(waiting, StringComparer.Ordinal).ToList() : [],
            NamesPushed = Pushes ? names.NamesOut.Except(waiting, StringComparer.Ordinal).ToList() : [],
            Conflicts = names.Conflicts,
            NamesWaiting = waiting,
            Items = _items,
            IsDryRun = _options.DryRun,
        };
        if (!_options.DryRun) Remember(report, found, last, peer.Store);
        return report;
    }

    private SyncDifferences Find(SyncFact? last)
    {
        bool isKnown = last is not null && (!Pulls || last.Cursor.Length > 0) && (!Pushes || last.Fence.Length > 0);
        StoreTail? tail = !isKnown ? null
            : _end.TailSince(Pushes ? last!.Fence : _end.Fence(), _cancel);
        string? since = tail is null ? null : Pulls ? last!.Cursor : last!.Cursor.Length > 0 ? last.Cursor : null;
        if (since is null) tail = null;
        var search = new SyncSearch(_link);
        string? filter = _options.Filter?.ToString();
        string fence = "";
        long here = 0;
        SyncDifference Search(SyncSubject subject)
        {
            var wish = new SyncWish(subject, filter, _options.WithPins, since, _blocks);
            return search.Find(wish, isTail =>
            {
                SyncScope scope = isTail
                    ? new SyncScope(tail!.Fence, StoreEnd.Open(tail, wish), IsTail: true)
                    : _end.Open(wish with { Since = null }, _cancel);
                // The first set is of the earliest moment.
                if (fence.Length == 0) fence = scope.Fence;
                here = scope.Set.Count;
                return scope.Set;
            });
        }

        SyncDifference facts = Search(SyncSubject.Facts);
        SyncDifference blocks = Search(SyncSubject.Blocks);
        var found = new SyncDifferences(blocks, facts, here, fence);
        ReadFacts(found);
        return found;
    }

    /// <summary>Reads the facts that differ, the names apart.</summary>
    private void ReadFacts(SyncDifferences found)
    {
        HashSet<Digest256> known = found.Facts.Welcome.IsTail && found.Facts.There.Count > 0
            ? _end.Catalog.AllDigests()
            : [];
        Digest256[] there = [.. found.Facts.There.Where(digest => !known.Contains(digest))];
        _unnamed.Clear();
        foreach (FactItem item in _transfer.ReadFacts(there))
        {
            if (Named(item) is { } named) found.AddThere(named);
        }

        foreach (byte[] payload in _end.ReadFacts(found.Facts.Here.ToHashSet()))
        {
            foreach (FactItem item in FactItem.Split(payload))
            {
                bool isTheirs = _options.NamePrefix is { } prefix && item.Name is { } name &&
                    SyncNames.IsUnder(prefix, name);
                if (!isTheirs) found.AddHere(item);
            }
        }
    }

    /// <summary>A fact of the other side with the name that it has here; null where it is here, or cannot have
    /// one.</summary>
    private FactItem? Named(FactItem item)
    {
        if (_options.NamePrefix is not { } prefix || item.Name is null || !item.Travels) return item;
        FactItem? renamed = item.Renamed(name => SyncNames.Under(prefix, name));
        if (renamed is null)
        {
            if (!_unnamed.Contains(item.Name)) _unnamed.Add(item.Name);
            return null;
        }

        return _end.Catalog.HasName(renamed.Digest) ? null : renamed;
    }

    private void Wait(TimeSpan time)
    {
        if (_cancel.WaitHandle.WaitOne(time)) _cancel.ThrowIfCancellationRequested();
    }

    /// <summary>The blocks of the other side that come, the ones that others need first.</summary>
    private List<SyncTransfer.MissingBlock> ToPull(SyncDifference blocks)
    {
        IReadOnlyList<Digest256> there = blocks.Welcome.IsTail
            ? [.. blocks.There.Where(digest => !_store.Contains(Cid.FromSha256(Multicodec.Raw, digest)))]
            : blocks.There;
        var found = new List<SyncTransfer.MissingBlock>();
        foreach (SyncTransfer.MissingBlock block in _transfer.Describe(there))
        {
            bool isRemoved = !_options.Resurrect &&
                _end.StateOf(block.Digest, block.About.LastPut) == SyncBlockState.Removed;
            if (isRemoved) _items.Add(block.ToItem(SyncOutcome.RemovedHere));
            else found.Add(block);
        }

        return Fitting(found);
    }

    /// <summary>The blocks here that the other side wants.</summary>
    private List<SyncTransfer.MissingBlock> ToPush(SyncDifference blocks)
    {
        var found = new List<SyncTransfer.MissingBlock>();
        foreach ((SyncTransfer.MissingBlock block, SyncBlockState state) in _transfer.Offer(blocks.Here))
        {
            if (state == SyncBlockState.Removed && !_options.Resurrect)
                _items.Add(block.ToItem(SyncOutcome.RemovedThere));
            else if (state != SyncBlockState.Here) found.Add(block);
        }

        return Fitting(found);
    }

    private List<SyncTransfer.MissingBlock> ToDelete(SyncDifference blocks) =>
    [
        .. _transfer.Offer(blocks.Here).Where(each => each.State == SyncBlockState.Removed)
            .Select(each => each.Block),
    ];

    private List<SyncTransfer.MissingBlock> Fitting(List<SyncTransfer.MissingBlock> blocks)
    {
        List<SyncTransfer.MissingBlock> ordered = [.. blocks.OrderBy(block => block.Rank)];
        if (_options.MaxBytes is not { } most) return ordered;
        var fitting = new List<SyncTransfer.MissingBlock>();
        foreach (SyncTransfer.MissingBlock block in ordered)
        {
            if (block.About.Length > most)
            {
                _items.Add(block.ToItem(SyncOutcome.OverLimit));
                continue;
            }

            most -= block.About.Length;
            fitting.Add(block);
        }

        return fitting;
    }

    private void Plan(List<SyncTransfer.MissingBlock> pull, List<SyncTransfer.MissingBlock> push,
        List<SyncTransfer.MissingBlock> delete, SyncDifferences found)
    {
        _items.AddRange(pull.Select(block => block.ToItem(SyncOutcome.Pull)));
        _items.AddRange(push.Select(block => block.ToItem(SyncOutcome.Push)));
        _items.AddRange(delete.Select(block => block.ToItem(SyncOutcome.Delete)));
        (_pulled, _pulledBytes) = (pull.Count, pull.Sum(block => block.About.Length));
        (_pushed, _pushedBytes) = (push.Count, push.Sum(block => block.About.Length));
        if (Pulls) _factsPulled = found.FactsThere.Count;
        if (Pushes) _factsPushed = found.FactsHere.Count;
    }

    /// <returns>The names whose changes were not taken.</returns>
    private List<string> Move(SyncDifferences found, NameChanges names, List<SyncTransfer.MissingBlock> pull,
        List<SyncTransfer.MissingBlock> push, List<SyncTransfer.MissingBlock> delete)
    {
        var waiting = new SortedSet<string>(_unnamed, StringComparer.Ordinal);
        var holds = new List<BlockHold>();
        try
        {
            _transfer.Report(SyncPhase.Facts);
            if (Pulls) _factsPulled = TakeFacts(found.FactsThere).Taken;
            if (Pushes)
            {
                (_factsPushed, long refused) = _transfer.PushFacts(found.FactsHere);
                _factsRefused += refused;
            }

            CrashPoint.Pass(CrashStep.Z1);
            bool mustHold = names.In.Count > 0 && !_store.Blocks.IsRing;
            (_pulled, _pulledBytes) = _transfer.Pull(pull, put =>
            {
                CrashPoint.Pass(CrashStep.Z2);
                if (!mustHold) return;
                foreach (Cid[] some in put.Chunk(HeldAtOnce)) holds.Add(_store.Retention.Hold(some));
            });
            (_pushed, _pushedBytes) = _transfer.Push(push);
            CrashPoint.Pass(CrashStep.Z3);
            _transfer.Report(SyncPhase.Names);
            if (Pulls) TakeNames(names.In, waiting);
            if (Pushes) PushNames(names.Out, waiting);
            CrashPoint.Pass(CrashStep.Z4);
        }
        finally
        {
            foreach (BlockHold hold in holds) hold.Dispose();
        }

        Delete(delete);
        ReportUntrusted(pull);
        return [.. waiting];
    }

    /// <summary>Checks the statements of facts that came. One whose blocks did not come is listed by them.</summary>
    private SignatureState[] Check(List<FactItem> facts)
    {
        SignedPair[] pairs = [.. facts.Where(item => item.Kind == (ulong)FactKind.Signed)
            .SelectMany(item => FactReader.Read(item.Payload.Span, ulong.MaxValue, static _ => { }))
            .SelectMany(group => group.Facts).OfType<SignedFact>()
            .Select(fact => new SignedPair(fact.Statement, fact.Signature)).Distinct()];
        return pairs.Length == 0 || !OpenSsl.IsThere ? []
            : [.. pairs.AsParallel().Select(pair => _store.Registry.Entries.Signers.CheckKnown(pair, out _))];
    }

    /// <summary>Reports the blocks that came and that a trust rule refuses. They stay: a statement may come later, and
    /// a removed block would not come again.</summary>
    private void ReportUntrusted(List<SyncTransfer.MissingBlock> pull)
    {
        StoreTrust trust = _store.Signatures.Trust;
        if (!trust.MayApply) return;
        _items.AddRange(pull.Where(block => _transfer.IsPulled(block.Digest) && trust.Judge(block.Cid).IsRefused)
            .Select(block => block.ToItem(SyncOutcome.Untrusted)));
    }

    private (long Taken, long Refused) TakeFacts(IReadOnlyCollection<FactItem> facts)
    {
        long taken = 0, refused = 0;
        foreach (byte[] payload in FactItem.Pack(facts))
        {
            _cancel.ThrowIfCancellationRequested();
            (int some, int others) = _end.PutFacts(payload, isAdmin: true);
            (taken, refused) = (taken + some, refused + others);
        }

        foreach (FactItem item in facts) _ = _pulledFacts.Add(item.Digest);
        return (taken, refused);
    }

    /// <summary>Takes changes of names whose blocks are here, one name after another.</summary>
    private void TakeNames(IReadOnlyDictionary<string, List<FactItem>> changes, SortedSet<string> waiting)
    {
        foreach ((string name, List<FactItem> items) in changes)
        {
            Cid? target = FactCatalog.TargetOf(items);
            try
            {
                // A collection that runs beside this does not see the name yet.
                using BlockHold? hold = target is { } cid && !_store.Blocks.IsRing ? _store.Retention.Hold(cid) : null;
                if (TakeFacts(items).Refused > 0) _ = waiting.Add(name);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.BlockNotFound)
            {
                _ = waiting.Add(name);
            }
        }
    }

    private void PushNames(IReadOnlyDictionary<string, List<FactItem>> changes, SortedSet<string> waiting)
    {
        foreach ((string name, List<FactItem> items) in changes)
        {
            (_, long refused) = _transfer.PushFacts(items);
            if (refused > 0) _ = waiting.Add(name);
        }
    }

    private void Delete(List<SyncTransfer.MissingBlock> blocks)
    {
        if (blocks.Count == 0) return;
        RemoveResult removed = _store.Retention.Remove([.. blocks.Select(block => block.Cid)],
            cancellationToken: _cancel);
        HashSet<Cid> gone = [.. removed.Removed];
        _items.AddRange(blocks.Where(block => gone.Contains(block.Cid))
            .Select(block => block.ToItem(SyncOutcome.Delete)));
    }

    /// <summary>Records where the next sync begins, if nothing was left out of this one.</summary>
    private void Remember(SyncReport report, SyncDifferences found, SyncFact? last, Guid peer)
    {
        bool isWhole = _options is { IsOfSome: false, MaxBytes: null } && report.IsInStep && !_store.IsReadOnly;
        if (!isWhole) return;
        string fence = Pushes ? OwnFence(found) : last?.Fence ?? "";
        string cursor = Pulls ? found.Facts.Welcome.Fence : last?.Cursor ?? "";
        var fact = new SyncFact(peer, cursor, fence);
        if (FactRules.Fault(fact) is not null || (cursor.Length == 0 && fence.Length == 0) || fact == last) return;
        // With nothing new on either side the last one is as good.
        bool isIdle = last is not null && found.IsTail && found.IsEmpty && Pulls && Pushes;
        if (!isIdle) _end.Remember(fact);
    }

    /// <summary>The end of the log here, if all that was written since the sync began came by it; else its
    /// beginning.</summary>
    private string OwnFence(SyncDifferences found)
    {
        if (_end.TailSince(found.Fence, _cancel) is not { } since) return found.Fence;
        bool isOwn = since.Blocks.All(_transfer.IsPulled) && since.Facts.SelectMany(payload => FactItem.Split(payload))
            .All(item => !item.Travels || _pulledFacts.Contains(item.Digest));
        return isOwn ? since.Fence : found.Fence;
    }
}
