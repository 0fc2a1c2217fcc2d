using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A handle on a store: blocks by digest in memory that other processes share. For any number of threads at once. A
/// handle does not live on in a forked child, whose calls throw <see cref="ErrorCode.Forked"/>.
/// </summary>
internal sealed partial class BlockStore : IDisposable
{
    // A growth is looked for once in so many puts, and on the tick.
    private const uint PutsBetweenChecks = 16;

    private readonly ControlFile _control;
    private readonly SegmentSet _segments;
    private readonly BlockIndex _index;
    private readonly IndexGrowth _growth;
    private readonly Mapping? _wait;
    private readonly StoreSettings _settings;
    private readonly int _process = ProcessMark.Current;
    private readonly Lock _laneGate = new();
    private readonly HashSet<LogTail> _tails = [];
    private Lane? _lane;
    private Timer? _tick;
    private uint _puts;
    private volatile bool _isClosed;

    private BlockStore(ControlFile control, Mapping? wait, StoreSettings settings)
    {
        (_control, _wait, _settings) = (control, wait, settings);
        _segments = new SegmentSet(control);
        _index = new BlockIndex(control, _segments);
        _growth = new IndexGrowth(control, _segments, _index);
        Signal = new LogSignal(wait);
    }

    public string Directory => _control.Directory;

    /// <summary>The store, as cursors name it; a copy of its files is another.</summary>
    public Guid Id => _control.Superblock.Id;

    /// <summary>How whoever follows a tail of this store sleeps.</summary>
    public LogSignal Signal { get; }

    public bool IsReadOnly => !_control.IsWritable;

    /// <summary>Opens a store, and makes it where there is none and the settings allow it.</summary>
    public static BlockStore Open(string directory, StoreSettings settings)
    {
        Architecture machine = RuntimeInformation.ProcessArchitecture;
        if (!OperatingSystem.IsLinux() || machine is not (Architecture.X64 or Architecture.Arm64))
            throw new ArrowCidException(ErrorCode.Unsupported,
                "stores need 64-bit Linux; CIDs, blocks and files work here without one");
        ControlFile control = StoreOpening.Open(Path.GetFullPath(directory), settings, out Mapping? wait);
        var store = new BlockStore(control, wait, settings);
        try
        {
            if (control.IsWritable)
            {
                store._growth.Sweep();
                store._growth.Repair(settings.Timeout);
            }

            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Publishes a block, or announces it again where it is known; <paramref name="info"/> is then the first
    /// put's.</summary>
    /// <returns>True where the block is new.</returns>
    public bool Put(RecordKind kind, uint codec, IBlockSource source, Digest256 schemaDigest, long rows,
        RecordFlags flags, out BlockInfo info)
    {
        Enter();
        if (kind is not (RecordKind.Batch or RecordKind.Schema or RecordKind.Raw))
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "a put writes a batch, a schema or raw bytes");
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (IsReadOnly)
            throw new InvalidOperationException($"{Directory} is open for reading only");
        var request = new PutRequest(kind, codec, source, schemaDigest, rows, flags);
        Lane lane = _lane ?? TakeLane();
        bool isNew = lane.Put(in request, out info);
        if (isNew && ++_puts % PutsBetweenChecks == 0 && _growth.IsDue) TryGrow(isNeeded: true);
        return isNew;
    }

    /// <summary>Finds a block.</summary>
    /// <returns>A lease on it, or null where it is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its record is damaged.</exception>
    public BlockLease? Find(Digest256 digest)
    {
        Enter();
        if (!_index.TryFind(in digest, out FoundBlock found)) return null;
        if (found.Header.RecordKind == RecordKind.View) return Resolve(in found);
        long start = found.Offset + Layout.RecordHeaderBytes;
        return new BlockLease(in found.Header, found.Segment, found.Copy, start, Directory);
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
        using LogTail tail = Tail(from);
        return tail.Position;
    }

    /// <summary>The records from a cursor on; to be disposed of. It ends when the store is disposed.</summary>
    public LogTail Tail(Cursor from)
    {
        Enter();
        var tail = new LogTail(_control, _segments, from, Forget);
        lock (_tails)
        {
            if (!_isClosed && _tails.Add(tail)) return tail;
        }

        tail.Dispose();
        throw new ObjectDisposedException(nameof(BlockStore));
    }

    /// <summary>What the store looks like now.</summary>
    public StoreFigures Figures()
    {
        Enter();
        Superblock shape = _control.Superblock;
        var states = new int[16];
        long committed = 0;
        for (int slot = 0; slot < shape.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            states[(int)word.State]++;
            if (!word.IsLive || _segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            committed += segment!.Committed - Layout.SegmentRecords;
            segment.Release();
        }

        int used = Enumerable.Range(0, shape.Lanes).Count(lane =>
            lane == _lane?.Number || _control.IsLockedElsewhere(Layout.LaneLock + lane));
        IndexFiles files = _index.Files;
        long taken = _control.SegmentBytes() + _control.Map.Length + files.Bytes;
        return new StoreFigures(Directory, shape.Id, shape.Capacity, shape.SegmentBytes, taken,
            states[(int)SegmentState.Open], states[(int)SegmentState.Sealed], states[(int)SegmentState.Creating],
            committed, shape.Lanes, used, files.Current?.Entries ?? 0, files.Current?.Count ?? 0,
            files.Pair.Previous != 0, shape.Created);
    }

    /// <summary>Lets go of the store: new calls throw, running puts end, and mappings stay as long as leases on
    /// them.</summary>
    public void Dispose()
    {
        lock (_laneGate)
        {
            if (_isClosed) return;
            _isClosed = true;
        }

        // A forked child has its parent's locks: letting go of them here would free them under the parent.
        if (ProcessMark.Current != _process) return;
        _tick?.Dispose();
        EndTails();
        _lane?.Close();
        _segments.Dispose();
        _control.Dispose();
    }

    private void Forget(LogTail tail)
    {
        lock (_tails) _ = _tails.Remove(tail);
    }

    private void EndTails()
    {
        LogTail[] tails;
        lock (_tails) tails = [.. _tails];
        foreach (LogTail tail in tails) tail.Dispose();
        Signal.Close();
    }

    private void Enter()
    {
        if (ProcessMark.Current != _process) throw StorageErrors.Forked(Directory);
        ObjectDisposedException.ThrowIf(_isClosed, this);
    }

    private Lane TakeLane()
    {
        lock (_laneGate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_lane is not null) return _lane;
            Lane lane = Lane.Take(_control, _segments, _index, _growth, _wait, _settings.Timeout);
            TimeSpan interval = _settings.TickInterval;
            _tick = new Timer(static store => ((BlockStore)store!).Tick(), this, interval, interval);
            return _lane = lane;
        }
    }

    /// <summary>An idle writer moves its lane to the new index, so that a growth can end without a put of its
    /// own.</summary>
    private void Tick()
    {
        if (_isClosed || ProcessMark.Current != _process) return;
        TryGrow(_growth.IsDue);
    }

    private void TryGrow(bool isNeeded)
    {
        try
        {
            _ = _lane?.TryFollowIndex();
            if (isNeeded || _control.Index.Previous != 0) _ = _growth.Step(_lane, isNeeded);
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // Nobody waits for growth ahead of need; a put that cannot do without it meets the error itself.
        }
    }

    /// <summary>A VIEW's bytes are its parent's: the lease is on the parent's segment.</summary>
    private BlockLease? Resolve(in FoundBlock view)
    {
        RecordHeader header = view.Header;
        view.Segment?.Release();
        if (!_index.TryFind(in header.SchemaDigest, out FoundBlock parent)) return null;
        bool fits = parent.Header.HasPayload && header.Rows <= parent.Header.PayloadLength &&
            header.PayloadLength <= parent.Header.PayloadLength - header.Rows;
        if (!fits)
        {
            parent.Segment?.Release();
            throw StorageErrors.Corrupt(Directory,
                $"view sha256:{header.Digest} reaches beyond its parent; put the block again");
        }

        byte[]? copy = parent.Copy?.AsSpan((int)header.Rows, (int)header.PayloadLength).ToArray();
        long start = parent.Offset + Layout.RecordHeaderBytes + (long)header.Rows;
        return new BlockLease(in header, parent.Segment, copy, start, Directory);
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
