using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A handle on a store: blocks by digest in memory that other processes share. For any number of threads at once. A
/// handle does not live on in a forked child, whose calls throw <see cref="ErrorCode.Forked"/>.
/// </summary>
internal sealed partial class BlockStore : IDisposable
{
    // Whether the index must grow is checked once per this number of puts, and on the tick.
    private const uint PutsBetweenChecks = 16;

    private readonly ControlFile _control;
    private readonly SegmentSet _segments;
    private readonly BlockIndex _index;
    private readonly IndexGrowth _growth;
    private readonly DamageLog _damage;
    private readonly ILiveness? _liveness;
    private readonly IFactKeeper? _facts;
    private readonly Mapping? _wait;
    private readonly StoreSettings _settings;
    private readonly int _process = ProcessMark.Current;
    private readonly Lock _laneGate = new();
    private readonly HashSet<LogReader> _tails = [];
    private WriterLog? _lane;
    private uint _puts;
    private volatile bool _isClosed;

    private BlockStore(ControlFile control, Mapping? wait, StoreSettings settings,
        Func<BlockStore, ILiveness>? facts)
    {
        (_control, _wait, _settings) = (control, wait, settings);
        _segments = new SegmentSet(control, new SpacePressure(FreeSpaceSoon), () => _facts);
        _damage = _segments.Damage;
        _index = new BlockIndex(control, _segments);
        _growth = new IndexGrowth(control, _segments, _index);
        _participants = new Participants(control);
        _names = new NameLocks(control);
        Signal = new LogSignal(wait);
        Derived = new DerivedFiles(control);
        Schemas = new SchemaBlocks(this);
        // The keeper of the facts reads the store's log, and the store asks it: each is whole before it is used.
        _liveness = facts?.Invoke(this);
        _facts = _liveness as IFactKeeper;
    }

    public string Directory => _control.Directory;

    /// <summary>What was proved of blocks since the machine started, by any process.</summary>
    public VerifiedMarks Verified => _segments.Marks;

    /// <summary>What tells the time.</summary>
    public TimeProvider Clock => _control.Clock;

    /// <summary>The store, as cursors name it; a copy of its files is another.</summary>
    public Guid Id => _control.Superblock.Id;

    /// <summary>Returns what tells the open control file from every other file; null where that is not known.</summary>
    public FileStatus? ControlFileStatus() => _control.Status();

    /// <summary>How readers that follow this store's logs sleep and wake.</summary>
    public LogSignal Signal { get; }

    /// <summary>Files beside the log that are made of it.</summary>
    public DerivedFiles Derived { get; }

    /// <summary>The schemas that blocks need.</summary>
    public SchemaBlocks Schemas { get; }

    public bool IsReadOnly => !_control.IsWritable;

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
                store._growth.Sweep();
                store._growth.Repair(settings.Timeout);
            }

            store.BeginLife();
            StoreMeter.Add(store);
            control.Reporter.Opened(control.Superblock.Capacity);
            return store;
        }
        catch
        {
            store._facts?.Dispose();
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
        bool isNew = OwnLane().Puts.Put(in request, out info);
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
        int newOnes = OwnLane().Puts.PutMany(requests, infos, areNew);
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
        int newOnes = OwnLane().Transactions.PutTransaction(blocks, facts, infos, areNew);
        CountPuts((uint)newOnes);
        Measure(started, infos[..blocks.Length], areNew);
        return newOnes;
    }

    /// <summary>Finds a block.</summary>
    /// <returns>A lease on it, or null where it is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its record is damaged.</exception>
    public RecordLease? Find(Digest256 digest)
    {
        Enter();
        if (!TryFind(in digest, out FoundBlock found)) return null;
        if (found.Header.RecordKind == RecordKind.View) return Resolve(in found);
        long start = found.Offset + StoreLayout.RecordHeaderBytes;
        return new RecordLease(in found.Header, found.Segment, found.Copy, start, Directory);
    }

    /// <summary>Whether <see cref="Find"/> finds a block.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="Find"/>.</exception>
    public bool Contains(in Digest256 digest)
    {
        Enter();
        if (_settings.Copy) return IsWhole(digest);
        return _index.Contains(in digest, out RecordKind kind) && (kind != RecordKind.View || IsWhole(digest));
    }

    /// <summary>Asks for the memory where a few blocks are looked up.</summary>
    public void Ask(ReadOnlySpan<Digest256> digests)
    {
        Enter();
        _index.Ask(digests);
    }

    /// <summary>As <see cref="Contains(in Digest256)"/> for each of many digests, side by side.</summary>
    public void Contains(ReadOnlySpan<Digest256> digests, Span<bool> found)
    {
        const int Piece = 256;
        Enter();
        Span<RecordKind> kinds = stackalloc RecordKind[Piece];
        while (!digests.IsEmpty)
        {
            int count = Math.Min(digests.Length, Piece);
            if (_settings.Copy) kinds.Fill(RecordKind.View);
            else _index.Contains(digests[..count], kinds);
            for (int i = 0; i < count; i++)
                found[i] = kinds[i] == RecordKind.View ? IsWhole(digests[i]) : kinds[i] != RecordKind.None;
            digests = digests[count..];
            found = found[count..];
        }
    }

    /// <summary>A VIEW is here while its parent is; in copy mode nothing is believed that was not read.</summary>
    private bool IsWhole(Digest256 digest)
    {
        using RecordLease? block = Find(digest);
        return block is not null;
    }

    /// <summary>Every present block once, lane by lane in log order. A block that is put while this runs may be left
    /// out.</summary>
    public IEnumerable<BlockInfo> List()
    {
        Enter();
        return ListLanes();
    }

    /// <summary>A cursor that says where "now" is; another one as it is.</summary>
    public Cursor Fix(Cursor from)
    {
        Enter();
        if (!from.IsNow) return from;
        using LogReader tail = Tail(from);
        return tail.Position;
    }

    /// <summary>The records from a cursor on; to be disposed of. It ends when the store is disposed.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="scope">Which of them; all are passed.</param>
    public LogReader Tail(Cursor from, TailScope scope = TailScope.Blocks)
    {
        Enter();
        var tail = new LogReader(_control, _segments, from, scope, Forget);
        lock (_tails)
        {
            if (!_isClosed && _tails.Add(tail)) return tail;
        }

        tail.Dispose();
        throw new ObjectDisposedException(nameof(BlockStore));
    }

    /// <summary>Returns once what this handle's puts have acknowledged is on the medium.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: that failed.</exception>
    public void Flush()
    {
        Enter();
        _lane?.Flushes.Flush();
    }

    /// <summary>What the store looks like now.</summary>
    public StorageStatistics GetStatistics()
    {
        Enter();
        Superblock shape = _control.Superblock;
        var isUsed = new bool[shape.Lanes];
        for (int lane = 0; lane < isUsed.Length; lane++)
            isUsed[lane] = lane == _lane?.Number || _control.IsLockedElsewhere(StoreLayout.LaneLock + lane);
        var states = new int[16];
        int unfinished = 0;
        long committed = 0;
        for (int slot = 0; slot < shape.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            states[(int)word.State]++;
            // An owner at work is making it; one that died left it.
            if (word.State == SegmentState.Creating && !(word.Lane < isUsed.Length && isUsed[word.Lane])) unfinished++;
            if (!word.IsLive || _segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            committed += segment!.Committed - StoreLayout.SegmentRecords;
            segment.Release();
        }

        IndexFiles files = _index.Files;
        long taken = _control.SegmentBytes() + _control.Map.Length + files.Bytes;
        return new StorageStatistics(Directory, shape.Id, shape.Capacity, shape.SegmentBytes, taken,
            states[(int)SegmentState.Open], states[(int)SegmentState.Sealed], unfinished,
            committed, shape.Lanes, isUsed.Count(taken => taken), files.Current?.Entries ?? 0,
            (files.Current?.Count ?? 0) + _index.Uncounted, files.Pair.Previous != 0, shape.Created);
    }

    private static void ThrowIfUnsupported()
    {
        Architecture machine = RuntimeInformation.ProcessArchitecture;
        if (!OperatingSystem.IsLinux() || machine is not (Architecture.X64 or Architecture.Arm64))
            throw new ArrowCidException(ErrorCode.Unsupported,
                "stores need 64-bit Linux; CIDs, blocks and files work here without one");
    }

    private void Forget(LogReader tail)
    {
        lock (_tails) _ = _tails.Remove(tail);
    }

    private void EndTails()
    {
        LogReader[] tails;
        lock (_tails) tails = [.. _tails];
        foreach (LogReader tail in tails) tail.Dispose();
        Signal.Close();
    }

    /// <summary>Throws where this handle was closed, or its store removed, or where this process is a fork.</summary>
    public void Enter()
    {
        if (ProcessMark.Current != _process) throw StorageErrors.Forked(Directory);
        if (_isClosed || _isGone) throw Ended();
    }

    private void CheckRequest(in PutRequest request)
    {
        Enter();
        if (request.Kind is not (RecordKind.Batch or RecordKind.Schema or RecordKind.Raw))
            throw new ArgumentOutOfRangeException(nameof(request), request.Kind,
                "a put writes a batch, a schema or raw bytes");
        ArgumentOutOfRangeException.ThrowIfNegative(request.Rows, nameof(request));
        ThrowIfReadOnly();
    }

    private void ThrowIfReadOnly()
    {
        if (IsReadOnly) throw new InvalidOperationException($"{Directory} is open for reading only");
    }

    private void CountPuts(uint count)
    {
        uint before = _puts;
        _puts = before + count;
        if (before / PutsBetweenChecks != _puts / PutsBetweenChecks && _growth.IsDue) TryGrow(isNeeded: true);
    }

    private WriterLog OwnLane() => _lane ?? TakeLane();

    private WriterLog TakeLane()
    {
        lock (_laneGate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_lane is not null) return _lane;
            WriterLog lane = WriterAdoption.Take(_control, _segments, _index, _growth, _wait, _settings);
            _participants.SetLane(lane.Number);
            return _lane = lane;
        }
    }

    private void TryFlush()
    {
        try
        {
            _lane?.Flushes.FlushIfNew();
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
            _ = _lane?.State.TryFollowIndex();
            if (isNeeded || _control.Index.Previous != 0) _ = _growth.Step(_lane?.State, isNeeded);
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // No caller waits for growth ahead of need; a put that requires it gets the error itself.
        }
    }

    /// <summary>A VIEW's bytes are its parent's: the lease is on the parent's segment.</summary>
    private RecordLease? Resolve(in FoundBlock view)
    {
        RecordHeader header = view.Header;
        view.Segment?.Release();
        if (!TryFind(in header.SchemaDigest, out FoundBlock parent)) return null;
        bool fits = parent.Header.HasPayload && header.Rows <= parent.Header.PayloadLength &&
            header.PayloadLength <= parent.Header.PayloadLength - header.Rows;
        if (!fits)
        {
            parent.Segment?.Release();
            throw StorageErrors.Corrupt(Directory,
                $"view sha256:{header.Digest} reaches beyond its parent; put the block again");
        }

        byte[]? copy = parent.Copy?.AsSpan((int)header.Rows, (int)header.PayloadLength).ToArray();
        if (copy is not null && Sha256.Hash(copy) != header.Digest)
            throw StorageErrors.Corrupt(Directory,
                $"view sha256:{header.Digest} is not what its parent holds there; put the block again");
        long start = parent.Offset + StoreLayout.RecordHeaderBytes + (long)header.Rows;
        return new RecordLease(in header, parent.Segment, copy, start, Directory);
    }

    private IEnumerable<BlockInfo> ListLanes()
    {
        for (int lane = 0; lane < _control.Superblock.Lanes; lane++)
        {
            foreach (BlockInfo info in ListLane(lane)) yield return info;
        }
    }

    private IEnumerable<BlockInfo> ListLane(int lane)
    {
        List<LogWalk> walks = [];
        try
        {
            for (int slot = 0; slot < _control.Superblock.Segments; slot++)
            {
                TableWord word = _control.Table(slot);
                if (!word.IsLive || word.Lane != lane) continue;
                if (_segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
                var walk = new LogWalk(segment!);
                if (walk.MoveNext()) walks.Add(walk);
                else segment!.Release();
            }

            while (walks.Count > 0)
            {
                // Segments of one lane interleave only where a block has one of its own; the sequence says the order.
                int next = Earliest(walks);
                LogWalk walk = walks[next];
                RecordHeader record = walk.Record;
                Enter();
                if (record.IsBlock && LeadsTo(in record, in walk)) yield return record.ToInfo();
                if (walk.MoveNext())
                {
                    walks[next] = walk;
                }
                else
                {
                    walk.Segment.Release();
                    walks.RemoveAt(next);
                }
            }
        }
        finally
        {
            foreach (LogWalk walk in walks) walk.Segment.Release();
        }
    }

    private bool LeadsTo(in RecordHeader record, in LogWalk walk)
    {
        try
        {
            return _index.LeadsTo(in record.Digest, walk.Segment, walk.Offset);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // Another record of the same block is damaged; Find says so of the block itself.
            return false;
        }
    }

    private static int Earliest(List<LogWalk> walks)
    {
        int earliest = 0;
        for (int i = 1; i < walks.Count; i++)
        {
            if (walks[i].Record.Sequence < walks[earliest].Record.Sequence) earliest = i;
        }

        return earliest;
    }
}
