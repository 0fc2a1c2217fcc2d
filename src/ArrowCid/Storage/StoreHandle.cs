using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What the parts of one open store share: its files, its index, and the log that it writes.</summary>
internal sealed class StoreHandle
{
    private readonly int _process = ProcessMark.Current;
    private readonly HashSet<LogReader> _tails = [];
    private volatile bool _isClosed;
    private volatile bool _isGone;

    /// <param name="control">The control file.</param>
    /// <param name="waitWord">The page that readers sleep on; null where there is none.</param>
    /// <param name="settings">How the store is opened.</param>
    /// <param name="pressure">Is told of a put that finds no space.</param>
    public StoreHandle(ControlFile control, Mapping? waitWord, StoreSettings settings, SpacePressure pressure)
    {
        (Control, WaitWord, Settings) = (control, waitWord, settings);
        Segments = new SegmentSet(control, pressure, () => Facts);
        Index = new BlockIndex(control, Segments);
        Growth = new IndexGrowth(control, Segments, Index);
        Participants = new Participants(control);
        Names = new NameLocks(control);
        Calls = new ByteLocks(control, StoreLayout.CallLock, StoreLayout.CallLockBytes);
        Signal = new LogSignal(waitWord);
        Derived = new DerivedFiles(control);
        Cache = new CacheFiles(control);
    }

    public ControlFile Control { get; }

    public SegmentSet Segments { get; }

    public BlockIndex Index { get; }

    public IndexGrowth Growth { get; }

    public DamageLog DamageLog => Segments.Damage;

    public Participants Participants { get; }

    /// <summary>What processes that use the store as a cache share.</summary>
    public CacheFiles Cache { get; }

    public NameLocks Names { get; }

    /// <summary>The locks of calls whose results are being computed.</summary>
    public ByteLocks Calls { get; }

    public Mapping? WaitWord { get; }

    public StoreSettings Settings { get; }

    /// <summary>The keeper of the facts, which knows which blocks were dropped; null where no block counts as
    /// dropped.</summary>
    public ILiveness? Liveness { get; set; }

    public IFactKeeper? Facts => Liveness as IFactKeeper;

    /// <summary>What keeps threads of this handle apart where they take lanes.</summary>
    public Lock LaneGate { get; } = new();

    /// <summary>The log that this handle writes, once it has one.</summary>
    public WriterLog? Lane { get; private set; }

    /// <summary>Whether the handle was closed.</summary>
    public bool IsClosed { get => _isClosed; set => _isClosed = value; }

    /// <summary>Whether the store was removed.</summary>
    public bool IsGone { get => _isGone; set => _isGone = value; }

    /// <summary>Whether this process is a fork of the one that opened the store.</summary>
    public bool IsForked => ProcessMark.Current != _process;

    public string Directory => Control.Directory;

    /// <summary>What was proved of blocks since the machine started, by any process.</summary>
    public VerifiedMarks Verified => Segments.Marks;

    /// <summary>What tells the time.</summary>
    public TimeProvider Clock => Control.Clock;

    /// <summary>The store, as cursors name it; a copy of its files is another.</summary>
    public Guid Id => Control.Superblock.Id;

    /// <summary>How readers that follow this store's logs sleep and wake.</summary>
    public LogSignal Signal { get; }

    /// <summary>Files beside the log that are made of it.</summary>
    public DerivedFiles Derived { get; }

    public bool IsReadOnly => !Control.IsWritable;

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
        if (Settings.Copy) return IsWhole(digest);
        return Index.Contains(in digest, out RecordKind kind) && (kind != RecordKind.View || IsWhole(digest));
    }

    /// <summary>Asks for the memory where a few blocks are looked up.</summary>
    public void Ask(ReadOnlySpan<Digest256> digests)
    {
        Enter();
        Index.Ask(digests);
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
            if (Settings.Copy) kinds.Fill(RecordKind.View);
            else Index.Contains(digests[..count], kinds);
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

    /// <summary>The records from a cursor on; to be disposed of. It ends when the store is disposed.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="scope">Which of them; all are passed.</param>
    public LogReader Tail(Cursor from, TailScope scope = TailScope.Blocks)
    {
        Enter();
        var tail = new LogReader(Control, Segments, from, scope, Forget);
        lock (_tails)
        {
            if (!_isClosed && _tails.Add(tail)) return tail;
        }

        tail.Dispose();
        throw new ObjectDisposedException(nameof(BlockStore));
    }

    private void Forget(LogReader tail)
    {
        lock (_tails) _ = _tails.Remove(tail);
    }

    public void EndTails()
    {
        LogReader[] tails;
        lock (_tails) tails = [.. _tails];
        foreach (LogReader tail in tails) tail.Dispose();
        Signal.Close();
    }

    /// <summary>Throws where this handle was closed, or its store removed, or where this process is a fork.</summary>
    public void Enter()
    {
        if (IsForked) throw StorageErrors.Forked(Directory);
        if (_isClosed || _isGone) throw Ended();
    }

    public void ThrowIfReadOnly()
    {
        if (IsReadOnly) throw new InvalidOperationException($"{Directory} is open for reading only");
    }

    public WriterLog OwnLane() => Lane ?? TakeLane();

    private WriterLog TakeLane()
    {
        lock (LaneGate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (Lane is not null) return Lane;
            WriterLog lane = WriterAdoption.Take(Control, Segments, Index, Growth, WaitWord, Settings);
            Participants.SetLane(lane.Number);
            return Lane = lane;
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

    public List<SegmentPlace> Places(int? lane)
    {
        var places = new List<SegmentPlace>();
        for (int slot = 0; slot < Control.Superblock.Segments; slot++)
        {
            TableWord word = Control.Table(slot);
            if (!word.IsLive || (lane is { } one && word.Lane != one)) continue;
            (ulong order, SegmentKind kind) = Control.Details(slot);
            places.Add(new SegmentPlace(slot, word, order, kind));
        }

        return [.. places.OrderBy(place => place.Word.Lane).ThenBy(place => place.Order)];
    }

    private bool TryFind(in Digest256 digest, out FoundBlock found) =>
        Settings.Copy ? Index.TryCopy(in digest, out found) : Index.TryFind(in digest, out found);

    private Exception Ended() => _isClosed
        ? new ObjectDisposedException(nameof(BlockStore))
        : new ArrowCidException(ErrorCode.StoreGone,
            $"{Directory} was removed while it was open; leases on its blocks stay valid; open it again");

    /// <summary>Throws where a put would not even begin.</summary>
    public void EnterToWrite()
    {
        Enter();
        ThrowIfReadOnly();
    }

    /// <summary>Whether the oldest segments are evicted when space is needed.</summary>
    public bool IsRing => Control.Superblock.IsRing;

    /// <summary>Reports recoveries, repairs and the like.</summary>
    public StoreReporter Reporter => Control.Reporter;

    /// <summary>Whether a segment is still there, or its file may be.</summary>
    public bool HasSegment(int slot, uint generation) => slot < Control.Superblock.Segments &&
        Control.Table(slot) is var word && word.Generation == generation && word.State != SegmentState.Free;
}
