using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// A handle's registry: the lanes' facts folded into a book in this process's memory, brought up to date by reading on
/// from where it stopped, and rebuilt where that is gone. For any number of threads at once.
/// </summary>
internal sealed partial class StoreRegistry : IFactKeeper
{
    // A tail leases segments: it is let go when nothing was asked for so long.
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);

    // A reader without exact requirements does not wait longer for a segment that another process holds exclusively.
    private static readonly TimeSpan s_readPatience = TimeSpan.FromSeconds(1);

    private readonly BlockStore _blocks;
    private readonly TimeSpan _timeout;
    private readonly UInt128 _writer;
    private readonly Lock _gate = new();
    private readonly Timer _idle;
    private readonly FactFilter _sieve;
    private RegistryState _book = new();
    private Cursor _position = Cursor.Oldest;
    private LogReader? _tail;
    private int _lastPruned;
    private bool _isClosed;

    public StoreRegistry(BlockStore blocks, TimeSpan timeout)
    {
        (_blocks, _timeout) = (blocks, timeout);
        // A ring forgets what it speaks of: its book stays small by itself.
        _directory = blocks.IsRing ? null : new IndexDirectory(blocks.Derived, blocks.Id);
        _sieve = new FactFilter(blocks.IsHeld, blocks.HasSegment, blocks.Clock);
        _writer = FactStamp.ReadWriter(RandomNumberGenerator.GetBytes(FactStamp.WriterBytes));
        _idle = new Timer(static state =>
        {
            if (((WeakReference<StoreRegistry>)state!).TryGetTarget(out StoreRegistry? registry)) registry.LetGo();
        }, new WeakReference<StoreRegistry>(this), Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What in the facts is void, in words, and how much more there is of it.</summary>
    public (IReadOnlyList<string> Said, long Count) Faults()
    {
        lock (_gate)
        {
            Follow();
            return ([.. _damages, .. _book.Faults], _damages.Count + _book.FaultCount);
        }
    }

    /// <summary>Facts in the form of a record, with a stamp of now.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the store's clock is more than an hour
    /// ahead of this machine's; <see cref="ErrorCode.InvalidArgument"/> or <see cref="ErrorCode.TooLarge"/>: the facts
    /// are over a limit.</exception>
    public FactRecord Record(params Fact[] facts) => new(NextStamp(), facts);

    /// <summary>The metadata of a block that is being put; null if there is none. The name is only checked: it is
    /// assigned once the block is stored.</summary>
    public FactRecord? RecordOfPut(BlockMetadata said, bool isPinned, string? name)
    {
        if (isPinned || name is not null) ThrowIfRing(isPinned ? "a pin" : "a name");
        if (name is not null) ThrowIfNoName(name);
        List<Fact> facts = FactRecord.FactsOf(said, default, _blocks.Clock.GetUtcNow());
        if (isPinned) facts.Add(new PinFact(default, true));
        return facts.Count == 0 ? null : new FactRecord(NextStamp(), [.. facts], said.ExpiresAfter);
    }

    /// <summary>Appends facts that need no block to be here.</summary>
    public void Append(params Fact[] facts)
    {
        _ = _blocks.Append(Record(facts));
        NoteSaid(facts.Length);
    }

    /// <summary>Throws where facts of a time may not enter a store.</summary>
    public static void ThrowIfAhead(ulong time, DateTimeOffset now)
    {
        var stamp = new FactStamp(time, default);
        TimeSpan ahead = stamp.When - now;
        if (ahead <= FactLimits.MaxAhead) return;
        throw new ArrowCidException(ErrorCode.InvalidData,
            $"a fact of {stamp.When:u} is {ahead.TotalHours:0.#} hours ahead of this machine's clock, over " +
            $"{FactLimits.MaxAhead.TotalHours:0}; set the clock of the machine that is wrong");
    }

    public void Dispose()
    {
        if (_isClosed) return;
        _idle.Dispose();
        _end.Cancel();
        // A fold ends where it is: what it did not name goes with the next one.
        lock (_foldGate) _isClosed = true;
        _end.Dispose();
        lock (_gate)
        {
            _tail?.Dispose();
            _tail = null;
        }
    }

    private FactStamp NextStamp()
    {
        ulong time = _blocks.NextTime();
        ThrowIfAhead(time, _blocks.Clock.GetUtcNow());
        return new FactStamp(time, _writer);
    }

    /// <summary>The stamp of a change that follows one in the book.</summary>
    private FactStamp NextStampAfter(FactStamp? previous)
    {
        // After a rebuild the clock may lag the lanes' records; a wrong time must not spread.
        if (previous is { } last)
        {
            ThrowIfAhead(last.Time, _blocks.Clock.GetUtcNow());
            _blocks.ObserveTime(last.Time);
        }

        return NextStamp();
    }

    /// <summary>The byte that a name locks, by its hash.</summary>
    private static uint HashOf(string name)
    {
        Digest256 digest = Sha256.Hash(Encoding.UTF8.GetBytes(name));
        return BinaryPrimitives.ReadUInt32LittleEndian(Digest256.Bytes(in digest));
    }

    /// <summary>Reads on, up to the lanes' ends if they can be read.</summary>
    private void Follow()
    {
        int lane = 0;
        bool isAtEnd = TryFollowTail() ||
            TryReadTo(_blocks.Marks(), _timeout < s_readPatience ? _timeout : s_readPatience, out lane);
        if (!isAtEnd) _book.AddFault($"lane {lane}: its end cannot be read");
        Prune();
    }

    /// <summary>Reads on from where the tail stands. How far the lanes go, which takes a look at all segments, is
    /// asked only where that is not enough.</summary>
    /// <returns>False where there is no tail, there is much to read, or a segment is not to be had.</returns>
    private bool TryFollowTail()
    {
        ObjectDisposedException.ThrowIf(_isClosed, typeof(StoreRegistry));
        _blocks.Enter();
        OpenIndexNow();
        if (_tail is not { } tail) return false;
        try
        {
            for (ulong read = 0; read < FarBehind; read++)
            {
                if (tail.TryNext(out LogEvent found))
                {
                    Take(in found);
                    continue;
                }

                _ = _idle.Change(s_idle, Timeout.InfiniteTimeSpan);
                return !tail.HasUnread && (_directory is null || _book.Recent.Count < MaxRecent);
            }
        }
        catch (IndexDamagedException e)
        {
            DiscardIndex(e);
        }

        return false;
    }

    /// <summary>Reads up to each lane's number, and waits where a segment is not to be had.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a lane could not be read so far.</exception>
    private void ReadTo(ulong[] marks)
    {
        if (TryReadTo(marks, _timeout, out int lane)) return;
        throw new ArrowCidException(ErrorCode.Busy,
            $"{_blocks.Directory}: lane {lane} cannot be read up to record {marks[lane]}; another process may be " +
            "cleaning up")
        {
            Remedy = new Remedy(RemedyKind.CheckLog),
        };
    }

    private bool TryReadTo(ulong[] marks, TimeSpan patience, out int lane)
    {
        for (int round = 0; ; round++)
        {
            try
            {
                OpenIndex();
                if (IsFarBehind(marks)) _ = TryFoldHere();
                return TryReadOn(marks, patience, out lane);
            }
            catch (IndexDamagedException e) when (round < 3)
            {
                DiscardIndex(e);
            }
        }
    }

    private bool TryReadOn(ulong[] marks, TimeSpan patience, out int lane)
    {
        ObjectDisposedException.ThrowIf(_isClosed, typeof(StoreRegistry));
        long started = Stopwatch.GetTimestamp();
        for (int pause = 0; ; pause = Math.Min(pause + 1, 10))
        {
            LogReader tail = _tail ??= _blocks.Tail(_position, TailScope.All);
            while (tail.TryNext(out LogEvent found))
            {
                Take(in found);
                if (_directory is null || _book.Recent.Count < MaxRecent || !TryFoldHere()) continue;
                tail = _tail ??= _blocks.Tail(_position, TailScope.All);
            }

            _ = _idle.Change(s_idle, Timeout.InfiniteTimeSpan);
            Cursor position = tail.Position;
            lane = 0;
            while (lane < marks.Length && position.At(lane).Sequence >= marks[lane]) lane++;
            if (lane == marks.Length) return true;
            // Where the last records of a lane were collected, no later one shows that they are missing.
            ulong[] present = _blocks.PresentMarks();
            while (lane < marks.Length &&
                position.At(lane).Sequence >= Math.Min(marks[lane], present[lane])) lane++;
            if (lane == marks.Length) return true;
            if (Stopwatch.GetElapsedTime(started) >= patience) return false;
            Thread.Sleep(pause);
        }
    }

    private void Take(in LogEvent found)
    {
        if (found.Gap is { } gap)
        {
            // After any other gap everything stored is listed again.
            if (gap.Reason == GapReason.Damaged) _book.AddFault(gap.ToString());
            else _book = new RegistryState();
            return;
        }

        RecordHeader record = found.Record;
        if (record.RecordKind == RecordKind.Fact)
            _book.Apply(found.Payload.Span, record.TimeNanoseconds, found.Lane, record.Sequence);
        else
            _book.Announce(in record, found.Lane);
    }

    /// <summary>Forgets evicted blocks, with their metadata, so that a ring's state does not grow without
    /// bound.</summary>
    private void Prune()
    {
        const int Least = 4096;
        if (!_blocks.IsRing || _book.Recent.Count < Math.Max(Least, 2 * _lastPruned)) return;
        foreach ((Digest256 digest, BlockState page) in _book.Recent.ToArray())
        {
            // Facts may be about a block that is just being put.
            if (page.LastPut == 0) continue;
            using BlockLease? lease = _blocks.Find(digest);
            if (lease is null) _book.Forget(in digest);
        }

        _recentKeys.Forget();
        _lastPruned = _book.Recent.Count;
    }

    private void LetGo()
    {
        lock (_gate)
        {
            if (_tail is null || _isClosed) return;
            _position = _tail.Position;
            _tail.Dispose();
            _tail = null;
        }
    }
}
