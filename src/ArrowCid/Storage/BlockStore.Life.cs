using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a handle does by itself while it is open, and how it ends.</summary>
internal sealed partial class BlockStore
{
    // The number of ticks after which an unused segment is unmapped.
    private const uint IdleTicks = 20;

    private readonly Participants _participants;
    private readonly object _tickGate = new();
    private Timer? _tick;
    private uint _ticks;
    private ulong _seenPressure;
    private volatile bool _isGone;

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
        StoreMeter.Remove(this);
        _tick?.Dispose();
        // A tick that began before is at work with the locks that go below.
        lock (_tickGate) _tick = null;
        EndCompaction();
        EndTails();
        _lane?.Close();
        _growth.Close();
        _index.EndCount();
        _participants.Leave();
        Verified.Dispose();
        _segments.Dispose();
        _control.StampIfLast();
        _control.Dispose();
    }

    /// <summary>Every segment that takes room, oldest first, and who holds it.</summary>
    public List<SegmentReport> Segments() => Report().Segments();

    /// <summary>Every process that has the store open and can be seen from here.</summary>
    public List<ProcessReport> Processes() => Report().Processes();

    private StoreReport Report()
    {
        Enter();
        return new StoreReport(_control, _participants);
    }

    /// <summary>The clock holds the handle weakly: one that is dropped without a close is collected.</summary>
    private void BeginLife()
    {
        _participants.Join();
        _seenPressure = _control.Map.Read(StoreLayout.PressureWord);
        if (_control.IsWritable) Verified.OpenIfThere();
        _tick = new Timer(static state =>
        {
            if (((WeakReference<BlockStore>)state!).TryGetTarget(out BlockStore? store)) store.Tick();
        }, new WeakReference<BlockStore>(this), _settings.TickInterval, _settings.TickInterval);
    }

    private void Tick()
    {
        if (_isClosed || ProcessMark.Current != _process || !Monitor.TryEnter(_tickGate)) return;
        try
        {
            if (_isClosed || _isGone) return;
            if (_control.IsGone)
            {
                _isGone = true;
                return;
            }

            LetGo();
            if (_control.IsWritable) LookAfter();
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // A tick has no waiting caller; a call that needs what failed here gets the error itself.
        }
        finally
        {
            Monitor.Exit(_tickGate);
        }
    }

    /// <summary>Unmaps segments that were not used for a while, or all idle ones at once when space is
    /// needed.</summary>
    private void LetGo()
    {
        ulong pressure = _control.Map.Read(StoreLayout.PressureWord);
        bool isPressed = pressure != _seenPressure;
        _seenPressure = pressure;
        if (isPressed) _lane?.Space.GiveUpPrepared();
        if (isPressed || ++_ticks % IdleTicks == 0) _segments.LetGoIdle(all: isPressed);
    }

    /// <summary>An idle writer moves its lane to the new index, so that a growth can end without a put of its own, and
    /// flushes what it promised to.</summary>
    private void LookAfter()
    {
        AdoptDead();
        Verified.OpenIfThere();
        TryGrow(_growth.IsDue);
        CompactInTime();
        if (_settings.Durability == Durability.Periodic) TryFlush();
    }

    /// <summary>Takes over the lanes of dead owners so that their committed records are announced even if no writer
    /// needs a lane.</summary>
    private void AdoptDead()
    {
        for (int lane = 0; lane < _control.Superblock.Lanes; lane++)
        {
            // An owner that closes says so; one that took it just now has its lock.
            if (lane == _lane?.Number || _control.Lane(lane, StoreLayout.LaneOwner) == 0) continue;
            if (!_control.IsLockedElsewhere(StoreLayout.LaneLock + lane)) _ = TryAdopt(lane);
        }
    }

    private bool TryFind(in Digest256 digest, out FoundBlock found) =>
        _settings.Copy ? _index.TryCopy(in digest, out found) : _index.TryFind(in digest, out found);

    private Exception Ended() => _isClosed
        ? new ObjectDisposedException(nameof(BlockStore))
        : new ArrowCidException(ErrorCode.StoreGone,
            $"{Directory} was removed while it was open; leases on its blocks stay valid; open it again");
}
