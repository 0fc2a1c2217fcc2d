using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A handle on a store: blocks by digest in memory that other processes share. For any number of threads at once. A
/// handle does not live on in a forked child, whose calls throw <see cref="ErrorCode.Forked"/>.
/// </summary>
internal sealed class BlockStore : IDisposable
{
    // Whether the index must grow is checked once per this number of puts, and on the tick.
    private const uint PutsBetweenChecks = 16;
    private uint _puts;

    private BlockStore(ControlFile control, Mapping? wait, StoreSettings settings,
        Func<BlockStore, ILiveness>? facts)
    {
        Handle = new StoreHandle(control, wait, settings, new SpacePressure(bytes => Space!.FreeSpaceSoon(bytes)));
        Listing = new LogListing(Handle);
        Adoption = new LogAdoption(Handle);
        Coordination = new StoreCoordination(Handle, Adoption);
        Space = new SpaceReclaim(Handle, Coordination);
        Damages = new DamageRecords(Handle);
        Reaper = new LeftoverReaper(Handle, Adoption, Coordination);
        Examination = new StoreExamination(Handle, Damages, Reaper);
        Schemas = new SchemaBlocks(this);
        // The keeper of the facts reads the store's log, and the store asks it: each is whole before it is used.
        Handle.Liveness = facts?.Invoke(this);
    }

    public StoreHandle Handle { get; }

    /// <summary>Lists what is in the logs.</summary>
    public LogListing Listing { get; }

    /// <summary>Takes over what dead writers left.</summary>
    public LogAdoption Adoption { get; }

    /// <summary>What processes agree on.</summary>
    public StoreCoordination Coordination { get; }

    /// <summary>Frees space.</summary>
    public SpaceReclaim Space { get; }

    /// <summary>Recorded and quarantined damage.</summary>
    public DamageRecords Damages { get; }

    /// <summary>Removes the leftovers of dead processes.</summary>
    public LeftoverReaper Reaper { get; }

    /// <summary>The checks of an open store, and its figures.</summary>
    public StoreExamination Examination { get; }

    public string Directory => Handle.Directory;

    /// <summary>What was proved of blocks since the machine started, by any process.</summary>
    public VerifiedMarks Verified => Handle.Verified;

    /// <summary>What tells the time.</summary>
    public TimeProvider Clock => Handle.Clock;

    /// <summary>Whether trust rules were ever named.</summary>
    public TrustHint TrustHint => new(Handle.Control);

    /// <summary>The store, as cursors name it; a copy of its files is another.</summary>
    public Guid Id => Handle.Id;

    /// <summary>How readers that follow this store's logs sleep and wake.</summary>
    public LogSignal Signal => Handle.Signal;

    /// <summary>Files beside the log that are made of it.</summary>
    public DerivedFiles Derived => Handle.Derived;

    /// <summary>What processes that use the store as a cache share.</summary>
    public CacheFiles Cache => Handle.Cache;

    public bool IsReadOnly => Handle.IsReadOnly;

    /// <summary>Whether the oldest segments are evicted when space is needed.</summary>
    public bool IsRing => Handle.IsRing;

    /// <summary>Reports recoveries, repairs and the like.</summary>
    public StoreReporter Reporter => Handle.Reporter;

    /// <summary>Returns what tells the open control file from every other file; null where that is not known.</summary>
    public FileStatus? ControlFileStatus() => Handle.Control.Status();

    /// <summary>The schemas that blocks need.</summary>
    public SchemaBlocks Schemas { get; }

    /// <summary>Opens a store, and makes it where there is none and the settings allow it.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="settings">How it is opened.</param>
    /// <param name="facts">Makes what knows which blocks were dropped, and where it is an <see cref="IFactKeeper"/> all
    /// else that the storage asks of the facts. Null: no block counts as dropped, and nothing is compacted.</param>
    public static BlockStore Open(string directory, StoreSettings settings, Func<BlockStore, ILiveness>? facts = null)
    {
        ThrowIfUnsupported();
        ControlFile control = StoreOpening.Open(Path.GetFullPath(directory), settings, out Mapping? wait);
        var store = new BlockStore(control, wait, settings, facts);
        try
        {
            if (control.IsWritable)
            {
                store.Handle.Growth.Sweep();
                store.Handle.Growth.Repair(settings.Timeout);
            }

            store.BeginLife();
            StoreMeter.Add(store);
            control.Reporter.Opened(control.Superblock.Capacity);
            return store;
        }
        catch
        {
            store.Handle.Facts?.Dispose();
            store.Dispose();
            throw;
        }
    }

    /// <summary>Rebuilds derived files; the facade decides when.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="repairs">Whether to quarantine damaged segments and rebuild them from their intact records.</param>
    /// <param name="operation">The call that it is done for; null: none.</param>
    public static long Rebuild(string directory, bool repairs = false, Operation? operation = null)
    {
        ThrowIfUnsupported();
        return StoreOpening.Rebuild(Path.GetFullPath(directory), repairs, operation);
    }

    /// <summary>Publishes a block, or announces it again where it is known; <paramref name="info"/> is then the first
    /// put's. Its facts are committed before it.</summary>
    /// <returns>True where the block is new.</returns>
    public bool Put(in PutRequest request, out BlockInfo info)
    {
        CheckRequest(in request);
        long started = StoreMeter.PutDuration.Enabled ? Stopwatch.GetTimestamp() : 0;
        bool isNew = Handle.OwnLane().Puts.Put(in request, out info);
        if (isNew)
        {
            CountPuts(1);
            StoreMeter.PutBytes.Add(info.Length, Reporter.Tag);
        }

        if (info.IsRepaired) Reporter.BlockRepaired(in info);
        MeasurePut(started);
        return isNew;
    }

    /// <summary>As <see cref="Put(in PutRequest, out BlockInfo)"/>, with the schema that the block needs.</summary>
    public bool Put(in PutRequest request, CanonicalSchema schema, out BlockInfo info)
    {
        ulong sweep = Schemas.Put(schema);
        bool isNew = Put(in request, out info);
        Schemas.Keep(schema, sweep);
        return isNew;
    }

    /// <summary>Puts several blocks in turn, as <see cref="Put(in PutRequest, out BlockInfo)"/> does each, committed
    /// together. Where one fails, those before it are put, and those after it may be; the first failure is
    /// thrown.</summary>
    /// <param name="requests">The blocks.</param>
    /// <param name="infos">As many: what is known of each.</param>
    /// <param name="areNew">As many: which are new.</param>
    /// <returns>How many are new.</returns>
    public int PutMany(ReadOnlySpan<PutRequest> requests, Span<BlockInfo> infos, Span<bool> areNew)
    {
        Enter();
        ArgumentOutOfRangeException.ThrowIfLessThan(infos.Length, requests.Length, nameof(infos));
        ArgumentOutOfRangeException.ThrowIfLessThan(areNew.Length, requests.Length, nameof(areNew));
        foreach (ref readonly PutRequest request in requests) CheckRequest(in request);
        if (requests.IsEmpty) return 0;
        long started = StoreMeter.PutDuration.Enabled ? Stopwatch.GetTimestamp() : 0;
        int newOnes = Handle.OwnLane().Puts.PutMany(requests, infos, areNew);
        CountPuts((uint)newOnes);
        Measure(started, infos[..requests.Length], areNew);
        return newOnes;
    }

    /// <summary>Like the other overload, for callers that do not need to know which blocks are new.</summary>
    public int PutMany(ReadOnlySpan<PutRequest> requests, Span<BlockInfo> infos) =>
        PutMany(requests, infos, new bool[requests.Length]);

    /// <summary>Puts blocks and facts that become visible together or not at all, also where this process is
    /// killed.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="facts">Facts about no block in particular.</param>
    /// <param name="infos">As many: what is known of each block.</param>
    /// <param name="areNew">As many: which are new.</param>
    /// <returns>The number of new blocks.</returns>
    public int PutTransaction(ReadOnlySpan<TransactionBlock> blocks, IReadOnlyList<IFactSource> facts,
        Span<BlockInfo> infos, Span<bool> areNew)
    {
        Enter();
        foreach (ref readonly TransactionBlock block in blocks) CheckRequest(block.Request);
        if (blocks.IsEmpty) return 0;
        long started = StoreMeter.PutDuration.Enabled ? Stopwatch.GetTimestamp() : 0;
        int newOnes = Handle.OwnLane().Transactions.PutTransaction(blocks, facts, infos, areNew);
        CountPuts((uint)newOnes);
        Measure(started, infos[..blocks.Length], areNew);
        return newOnes;
    }

    /// <inheritdoc cref="StoreHandle.Find"/>
    public RecordLease? Find(Digest256 digest) => Handle.Find(digest);

    /// <inheritdoc cref="StoreHandle.Contains(in Digest256)"/>
    public bool Contains(in Digest256 digest) => Handle.Contains(in digest);

    /// <inheritdoc cref="StoreHandle.Contains(ReadOnlySpan{Digest256}, Span{bool})"/>
    public void Contains(ReadOnlySpan<Digest256> digests, Span<bool> found) => Handle.Contains(digests, found);

    /// <inheritdoc cref="StoreHandle.Ask"/>
    public void Ask(ReadOnlySpan<Digest256> digests) => Handle.Ask(digests);

    /// <inheritdoc cref="StoreHandle.Tail"/>
    public LogReader Tail(Cursor from, TailScope scope = TailScope.Blocks) => Handle.Tail(from, scope);

    /// <inheritdoc cref="StoreHandle.Enter"/>
    public void Enter() => Handle.Enter();

    /// <inheritdoc cref="StoreHandle.EnterToWrite"/>
    public void EnterToWrite() => Handle.EnterToWrite();

    /// <summary>Returns once what this handle's puts have acknowledged is on the medium.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: that failed.</exception>
    public void Flush()
    {
        Enter();
        Handle.Lane?.Flushes.Flush();
    }

    private static void ThrowIfUnsupported()
    {
        Architecture machine = RuntimeInformation.ProcessArchitecture;
        if (!OperatingSystem.IsLinux() || machine is not (Architecture.X64 or Architecture.Arm64))
            throw new ArrowCidException(ErrorCode.Unsupported,
                "stores need 64-bit Linux; CIDs, blocks and files work here without one");
    }

    private void CheckRequest(in PutRequest request)
    {
        Enter();
        if (request.Kind is not (RecordKind.Batch or RecordKind.Schema or RecordKind.Raw))
            throw new ArgumentOutOfRangeException(nameof(request), request.Kind,
                "a put writes a batch, a schema or raw bytes");
        ArgumentOutOfRangeException.ThrowIfNegative(request.Rows, nameof(request));
        Handle.ThrowIfReadOnly();
    }

    private void CountPuts(uint count)
    {
        uint before = _puts;
        _puts = before + count;
        if (before / PutsBetweenChecks != _puts / PutsBetweenChecks && Handle.Growth.IsDue) TryGrow(isNeeded: true);
    }

    private void TryFlush()
    {
        try
        {
            Handle.Lane?.Flushes.FlushIfNew();
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // The lane is faulted, and the next put says so.
        }
    }

    private void TryGrow(bool isNeeded)
    {
        try
        {
            _ = Handle.Lane?.State.TryFollowIndex();
            if (isNeeded || Handle.Control.Index.Previous != 0) _ = Handle.Growth.Step(Handle.Lane?.State, isNeeded);
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // No caller waits for growth ahead of need; a put that requires it gets the error itself.
        }
    }

    /// <summary>Appends one FACT record, which is committed once this returns.</summary>
    public LogPlace Append(IFactSource facts)
    {
        EnterToWrite();
        return Handle.OwnLane().Puts.Append(facts);
    }

    /// <summary>Announces present blocks again, and then a fact: once the fact is committed, nothing dropped before
    /// keeps them from being found.</summary>
    /// <param name="digests">The blocks.</param>
    /// <param name="facts">The fact, or null.</param>
    /// <param name="missing">A block that is not here.</param>
    /// <returns>False, with nothing written, where one is not here.</returns>
    public bool TryAnnounce(ReadOnlySpan<Digest256> digests, IFactSource? facts, out Digest256 missing)
    {
        EnterToWrite();
        return Handle.OwnLane().Puts.TryAnnounce(digests, facts, out missing);
    }

    // The number of ticks after which an unused segment is unmapped.
    private const uint IdleTicks = 20;
    private Timer? _tick;
    private uint _ticks;
    private ulong _seenPressure;

    /// <summary>Lets go of the store: new calls throw, running puts end, and mappings stay as long as leases on
    /// them.</summary>
    public void Dispose()
    {
        lock (Handle.LaneGate)
        {
            if (Handle.IsClosed) return;
            Handle.IsClosed = true;
        }

        // A forked child has its parent's locks: letting go of them here would free them under the parent.
        if (Handle.IsForked) return;
        StoreMeter.Remove(this);
        _tick?.Dispose();
        // A tick that began before is at work with the locks that go below.
        lock (Space._tickGate) _tick = null;
        Space.EndCompaction();
        Handle.EndTails();
        Handle.Lane?.Close();
        Handle.Growth.Close();
        Handle.Index.EndCount();
        Handle.Participants.Leave();
        Handle.Verified.Dispose();
        Handle.Segments.Dispose();
        Handle.Control.StampIfLast();
        Handle.Control.Dispose();
    }

    /// <summary>The clock holds the handle weakly: one that is dropped without a close is collected.</summary>
    private void BeginLife()
    {
        Handle.Participants.Join();
        _seenPressure = Handle.Control.Map.Read(StoreLayout.PressureWord);
        if (Handle.Control.IsWritable) Handle.Verified.OpenIfThere();
        _tick = new Timer(static state =>
        {
            if (((WeakReference<BlockStore>)state!).TryGetTarget(out BlockStore? store)) store.Tick();
        }, new WeakReference<BlockStore>(this), Handle.Settings.TickInterval, Handle.Settings.TickInterval);
    }

    private void Tick()
    {
        if (Handle.IsClosed || Handle.IsForked || !Monitor.TryEnter(Space._tickGate)) return;
        try
        {
            if (Handle.IsClosed || Handle.IsGone) return;
            if (Handle.Control.IsGone)
            {
                Handle.IsGone = true;
                return;
            }

            LetGo();
            if (Handle.Control.IsWritable) LookAfter();
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // A tick has no waiting caller; a call that needs what failed here gets the error itself.
        }
        finally
        {
            Monitor.Exit(Space._tickGate);
        }
    }

    /// <summary>Unmaps segments that were not used for a while, or all idle ones at once when space is
    /// needed.</summary>
    private void LetGo()
    {
        ulong pressure = Handle.Control.Map.Read(StoreLayout.PressureWord);
        bool isPressed = pressure != _seenPressure;
        _seenPressure = pressure;
        if (isPressed) Handle.Lane?.Space.GiveUpPrepared();
        if (isPressed || ++_ticks % IdleTicks == 0) Handle.Segments.LetGoIdle(all: isPressed);
    }

    /// <summary>An idle writer moves its lane to the new index, so that a growth can end without a put of its own, and
    /// flushes what it promised to.</summary>
    private void LookAfter()
    {
        Adoption.AdoptDead();
        Handle.Verified.OpenIfThere();
        TryGrow(Handle.Growth.IsDue);
        Space.CompactInTime();
        if (Handle.Settings.Durability == Durability.Periodic) TryFlush();
    }

    private void Measure(long started, ReadOnlySpan<BlockInfo> infos, ReadOnlySpan<bool> areNew)
    {
        long bytes = 0;
        for (int i = 0; i < infos.Length; i++)
        {
            if (areNew[i]) bytes += infos[i].Length;
            if (infos[i].IsRepaired) Reporter.BlockRepaired(in infos[i]);
        }

        StoreMeter.PutBytes.Add(bytes, Reporter.Tag);
        MeasurePut(started);
    }

    private void MeasurePut(long started)
    {
        if (started != 0)
            StoreMeter.PutDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, Reporter.Tag);
    }

    /// <summary>The size in bytes from which a staged block gets a segment of its own.</summary>
    public const int LeastStaged = 1 << 20;

    private long _staging;

    /// <summary>Allocates store memory for one block of at most <paramref name="capacity"/> bytes.</summary>
    public StagedBlock Stage(int capacity)
    {
        EnterToWrite();
        return Handle.OwnLane().Staged.Stage(capacity);
    }

    /// <summary>Whether a block gets a segment of its own.</summary>
    public bool HasOwnSegment(int length) =>
        StoreSizes.IsForJumbo(StoreLayout.RecordBytes(length), Handle.Control.Superblock.SegmentBytes);

    /// <summary>As <see cref="Stage"/>, of any contents, where there is space at once. What is staged for senders that
    /// may stop is at most a quarter of the store; <see cref="EndStaging"/> ends the count.</summary>
    /// <returns>Null where there is no space.</returns>
    public StagedBlock? TryStage(int capacity)
    {
        const int Share = 4;
        EnterToWrite();
        StagedBlock? staged = null;
        try
        {
            if (Interlocked.Add(ref _staging, capacity) <= Handle.Control.Superblock.Capacity / Share)
                staged = Handle.OwnLane().Staged.TryStage(capacity);
            return staged;
        }
        finally
        {
            if (staged is null) EndStaging(capacity);
        }
    }

    /// <summary>Ends the count of bytes that <see cref="TryStage"/> staged.</summary>
    public void EndStaging(int capacity) => Interlocked.Add(ref _staging, -capacity);

    /// <summary>Publishes the first bytes of a staged block, as many as the request's source says, under the digest
    /// that they have. What is staged is used up, unless this throws before its turn.</summary>
    /// <returns>True where the block is new.</returns>
    public bool PutStaged(StagedBlock staged, in PutRequest request, in Digest256 digest, out BlockInfo info)
    {
        CheckRequest(in request);
        bool isNew = Handle.OwnLane().Staged.PutStaged(staged, in request, in digest, out info);
        if (isNew) CountPuts(1);
        return isNew;
    }
}
