using System.Diagnostics;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// Reads the facts of all writers' logs into a state in this process's memory: brought up to date by reading on from
/// where it stopped, and rebuilt where that is gone. It stands on the index on disk (<c>INDEXES.md</c>). For any number
/// of threads at once.
/// </summary>
internal sealed class RegistryReader : IDisposable
{
    // The maximum number of blocks in the registry state whose facts are newer than the index.
    private const int MaxRecent = 8192;

    // With this number of records to read, the state is bypassed: they are read into runs at once.
    private const ulong FarBehind = 4096;

    // A look whether another handle made a new index, which is a call of the system, is worth it so often, in ms.
    private const long IndexLooksEach = 100;

    // After this number of its own facts a handle updates the index, beside its other work.
    private const long SaidBetweenFolds = 1 << 18;

    // A tail leases segments: it is let go when nothing was asked for so long.
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);

    // A reader without exact requirements does not wait longer for a segment that another process holds exclusively.
    private static readonly TimeSpan s_readPatience = TimeSpan.FromSeconds(1);

    private readonly BlockStore _blocks;
    private readonly TimeSpan _timeout;
    private readonly Timer _idle;
    private Cursor _position = Cursor.Oldest;
    private LogReader? _tail;
    private int _lastPruned;
    private bool _isClosed;
    private readonly IndexDirectory? _directory;
    private readonly Lock _foldGate = new();
    private readonly CancellationTokenSource _end = new();
    private readonly List<string> _damages = [];
    private ulong _ownRuns = ulong.MaxValue / 2;
    private long _said;
    private int _isFoldAsked;
    private bool _isIndexOpen;
    private long _indexLooked;
    private volatile bool _isDiscarded;
    private readonly RecentKeys _recentKeys = new();

    public RegistryReader(BlockStore blocks, TimeSpan timeout)
    {
        (_blocks, _timeout) = (blocks, timeout);
        // A ring forgets what it speaks of: its state stays small by itself.
        _directory = blocks.IsRing ? null : new IndexDirectory(blocks.Derived, blocks.Id);
        _idle = new Timer(static state =>
        {
            if (((WeakReference<RegistryReader>)state!).TryGetTarget(out RegistryReader? reader)) reader.LetGo();
        }, new WeakReference<RegistryReader>(this), Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The facts as they were read last. What belongs together is read under the gate.</summary>
    public RegistryState State { get; private set; } = new();

    /// <summary>The lock under which the state is read and changed.</summary>
    public Lock Gate { get; } = new();

    /// <summary>What in the facts is void, in words, and how much more there is of it.</summary>
    public (IReadOnlyList<string> Said, long Count) Faults()
    {
        lock (Gate)
        {
            Follow();
            return ([.. _damages, .. State.Faults], _damages.Count + State.FaultCount);
        }
    }

    /// <summary>Reads on, up to the lanes' ends if they can be read.</summary>
    private void Follow()
    {
        int lane = 0;
        bool isAtEnd = TryFollowTail() ||
            TryReadTo(_blocks.Listing.Marks(), _timeout < s_readPatience ? _timeout : s_readPatience, out lane);
        if (!isAtEnd) State.AddFault($"lane {lane}: its end cannot be read");
        Prune();
    }

    /// <summary>Reads on from where the tail stands. How far the lanes go, which takes a look at all segments, is
    /// asked only where that is not enough.</summary>
    /// <returns>False where there is no tail, there is much to read, or a segment is not to be had.</returns>
    private bool TryFollowTail()
    {
        ObjectDisposedException.ThrowIf(_isClosed, typeof(RegistryReader));
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
                return !tail.HasUnread && (_directory is null || State.Recent.Count < MaxRecent);
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
    public void ReadTo(ulong[] marks)
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
        ObjectDisposedException.ThrowIf(_isClosed, typeof(RegistryReader));
        long started = Stopwatch.GetTimestamp();
        for (int pause = 0; ; pause = Math.Min(pause + 1, 10))
        {
            LogReader tail = _tail ??= _blocks.Tail(_position, TailScope.All);
            while (tail.TryNext(out LogEvent found))
            {
                Take(in found);
                if (_directory is null || State.Recent.Count < MaxRecent || !TryFoldHere()) continue;
                tail = _tail ??= _blocks.Tail(_position, TailScope.All);
            }

            _ = _idle.Change(s_idle, Timeout.InfiniteTimeSpan);
            Cursor position = tail.Position;
            lane = 0;
            while (lane < marks.Length && position.At(lane).Sequence >= marks[lane]) lane++;
            if (lane == marks.Length) return true;
            // Where the last records of a lane were collected, no later one shows that they are missing.
            ulong[] present = _blocks.Listing.PresentMarks();
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
            if (gap.Reason == GapReason.Damaged) State.AddFault(gap.ToString());
            else State = new RegistryState();
            return;
        }

        RecordHeader record = found.Record;
        if (record.RecordKind == RecordKind.Fact)
            State.Apply(found.Payload.Span, record.TimeNanoseconds, found.Lane, record.Sequence);
        else
            State.Announce(in record, found.Lane);
    }

    /// <summary>Forgets evicted blocks, with their metadata, so that a ring's state does not grow without
    /// bound.</summary>
    private void Prune()
    {
        const int Least = 4096;
        if (!_blocks.IsRing || State.Recent.Count < Math.Max(Least, 2 * _lastPruned)) return;
        foreach ((Digest256 digest, BlockState page) in State.Recent.ToArray())
        {
            // Facts may be about a block that is just being put.
            if (page.LastPut == 0) continue;
            using RecordLease? lease = _blocks.Find(digest);
            if (lease is null) State.Forget(in digest);
        }

        _recentKeys.Forget();
        _lastPruned = State.Recent.Count;
    }

    public void LetGo()
    {
        lock (Gate)
        {
            if (_tail is null || _isClosed) return;
            _position = _tail.Position;
            _tail.Dispose();
            _tail = null;
        }
    }

    /// <summary>Looks at every page of the index on disk.</summary>
    /// <param name="repairs">Whether a damaged index is discarded, to be rebuilt from the log.</param>
    /// <returns>What is wrong, or null.</returns>
    public string? ExamineDerived(bool repairs)
    {
        if (_directory is null) return null;
        try
        {
            new IndexDirectory(_blocks.Derived, _blocks.Id).TryOpen()?.Check();
            return null;
        }
        catch (IndexDamagedException e)
        {
            lock (Gate)
            {
                if (repairs) DiscardIndex(e);
            }

            return e.Message;
        }
    }

    /// <summary>The index as it is now.</summary>
    public IndexSnapshot Index
    {
        get
        {
            lock (Gate)
            {
                OpenIndex();
                return State.Index;
            }
        }
    }

    /// <summary>Brings the index on disk up to date with the log.</summary>
    /// <param name="cancel">Ends it; what it had done stays.</param>
    /// <param name="isOneRun">Ends it with as much of the log as makes one run.</param>
    /// <returns>False where another one is at it, or this handle may not write.</returns>
    public bool Checkpoint(CancellationToken cancel, bool isOneRun = false)
    {
        for (int round = 0; ; round++)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(RegistryReader));
            try
            {
                return TryFold(isToDisk: true, cancel, isOneRun);
            }
            catch (IndexDamagedException e) when (round < 3)
            {
                lock (Gate) DiscardIndex(e);
            }
        }
    }

    /// <summary>Records that the index on disk does not know of.</summary>
    public ulong Unread()
    {
        if (_directory is null) return 0;
        Cursor at = Index.Cursor;
        ulong[] marks = _blocks.Listing.Marks();
        ulong unread = 0;
        for (int lane = 0; lane < marks.Length; lane++)
        {
            ulong known = at.At(lane).Sequence;
            if (marks[lane] > known) unread += marks[lane] - known;
        }

        return unread;
    }

    /// <summary>The runs of the index that a merge would make one.</summary>
    public int RunsToMerge(int most) => IndexDirectory.ToMerge(Index.Runs, most)?.Count ?? 0;

    /// <summary>Merges several runs into one if there are more than the limit.</summary>
    /// <returns>How many they were, and the blocks that the one speaks of; null where there was nothing to merge, or
    /// another one is at it.</returns>
    public (int Runs, long Blocks)? MergeStep(int most, CancellationToken cancel)
    {
        if (_directory is null || !_foldGate.TryEnter()) return null;
        try
        {
            if (!_blocks.Derived.TryLock()) return null;
            (IndexSnapshot Index, int Runs, long Blocks)? merged;
            try
            {
                merged = _directory.TryOpen() is { } index ? _directory.MergeOnce(index, most, cancel) : null;
            }
            finally
            {
                _blocks.Derived.Unlock();
            }

            if (merged is not { } done) return null;
            lock (Gate) RebaseOn(done.Index);
            return (done.Runs, done.Blocks);
        }
        catch (IndexDamagedException e)
        {
            lock (Gate) DiscardIndex(e);
            return null;
        }
        finally
        {
            _foldGate.Exit();
        }
    }

    /// <summary>Answers from the book, brought up to date before.</summary>
    public T Ask<T>(Func<T> answer)
    {
        lock (Gate)
        {
            Follow();
            return Guarded(answer);
        }
    }

    /// <summary>Answers from the state as it is, without reading on.</summary>
    public T Known<T>(Func<T> answer)
    {
        lock (Gate) return Guarded(answer);
    }

    /// <summary>Answers from a state that has at least the records up to each log's number.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a log could not be read so far.</exception>
    public T AskAt<T>(ulong[] marks, Func<T> answer)
    {
        lock (Gate)
        {
            ReadTo(marks);
            return Guarded(answer);
        }
    }

    /// <summary>Reads everything that is committed by now, and lets go of the segments that were read: who reclaims
    /// them must not be blocked by a lease of its own.</summary>
    public void ReadAndLetGo()
    {
        lock (Gate)
        {
            ReadTo(_blocks.Listing.Marks());
            LetGo();
        }
    }

    /// <summary>The keys of a range that are newer than the index on disk.</summary>
    public long CountRecent(IndexKind kind, KeyRange range) => _recentKeys.Count(State, kind, range);

    public void Dispose()
    {
        if (_isClosed) return;
        _idle.Dispose();
        _end.Cancel();
        // A fold ends where it is: what it did not name goes with the next one.
        lock (_foldGate) _isClosed = true;
        _end.Dispose();
        lock (Gate)
        {
            _tail?.Dispose();
            _tail = null;
        }
    }

    /// <summary>Answers from the registry state; a damaged index is rebuilt and queried again. Under the
    /// gate.</summary>
    public T Guarded<T>(Func<T> answer)
    {
        for (int round = 0; ; round++)
        {
            try
            {
                return answer();
            }
            catch (IndexDamagedException e) when (round < 3)
            {
                DiscardIndex(e);
                Follow();
            }
        }
    }

    /// <summary>With the gate: opens the index at first, and another one's later.</summary>
    private void OpenIndex()
    {
        _indexLooked = Environment.TickCount64;
        if (_directory is null || _isDiscarded || (_isIndexOpen && !_directory.HasChanged)) return;
        bool isFirst = !_isIndexOpen;
        _isIndexOpen = true;
        try
        {
            if (isFirst && !_blocks.IsReadOnly) _directory.Sweep();
            if (_directory.TryOpen() is { } found) RebaseOn(found);
        }
        catch (IndexDamagedException e)
        {
            DiscardIndex(e);
        }
    }

    /// <summary>With the gate: now and then, another one's index. The answer is the same by the one at hand, which only
    /// grows older.</summary>
    private void OpenIndexNow()
    {
        if (_isIndexOpen && Environment.TickCount64 - _indexLooked < IndexLooksEach) return;
        OpenIndex();
    }

    /// <summary>Under the gate: the state holds the facts that are newer than an index.</summary>
    private void RebaseOn(IndexSnapshot index)
    {
        (State, _position) = (new RegistryState(index), index.Cursor);
        _tail?.Dispose();
        _tail = null;
    }

    /// <summary>With the gate: the index is not what was written. It goes, and comes back from the log.</summary>
    private void DiscardIndex(IndexDamagedException e)
    {
        if (e.IsDamage) _damages.Add($"{e.Message}; rebuilt from the log");
        _isDiscarded = true;
        RebaseOn(IndexSnapshot.Empty);
        if (_blocks.IsReadOnly || !_blocks.Derived.TryLock()) return;
        try
        {
            _directory!.Discard();
            _isDiscarded = false;
        }
        finally
        {
            _blocks.Derived.Unlock();
        }
    }

    /// <summary>Under the gate: whether the number of records to read is large enough to read them into runs.</summary>
    private bool IsFarBehind(ulong[] marks)
    {
        if (_directory is null) return false;
        Cursor position = _tail?.Position ?? _position;
        ulong records = 0;
        for (int lane = 0; lane < marks.Length && records < FarBehind; lane++)
        {
            ulong at = position.At(lane).Sequence;
            if (marks[lane] > at) records += Math.Min(marks[lane] - at, FarBehind);
        }

        return records >= FarBehind;
    }

    /// <summary>With the gate: makes the book small again. On disk where that can be, else in this process's memory.
    /// </summary>
    /// <returns>False where another thread of this handle is at it.</returns>
    private bool TryFoldHere()
    {
        try
        {
            if (!_blocks.IsReadOnly && TryFold(isToDisk: true, _end.Token)) return true;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.StoreFull or ErrorCode.Io or ErrorCode.AccessDenied)
        {
            // If there is no space for it, the index stays in this process's memory.
        }
        catch (OperationCanceledException)
        {
            throw new ObjectDisposedException(nameof(RegistryReader));
        }

        return TryFold(isToDisk: false, _end.Token);
    }

    /// <summary>Reads the log on from the index into runs, and stands on them.</summary>
    private bool TryFold(bool isToDisk, CancellationToken cancel, bool isOneRun = false)
    {
        if (_directory is null || !_foldGate.TryEnter()) return false;
        try
        {
            IndexSnapshot index;
            if (!isToDisk)
            {
                index = FlushFrom(State.Index, isToDisk, cancel);
            }
            else
            {
                if (!_blocks.Derived.TryLock()) return false;
                try
                {
                    if (_isDiscarded) _directory.Discard();
                    index = FlushFrom(_directory.TryOpen() ?? IndexSnapshot.Empty, isToDisk, cancel, isOneRun);
                    _isDiscarded = false;
                }
                finally
                {
                    _blocks.Derived.Unlock();
                }
            }

            lock (Gate)
            {
                _isIndexOpen = true;
                RebaseOn(index);
            }

            return true;
        }
        finally
        {
            _foldGate.Exit();
        }
    }

    private IndexSnapshot FlushFrom(IndexSnapshot index, bool isToDisk, CancellationToken cancel, bool isOneRun = false)
    {
        ulong next = isToDisk ? _directory!.NextNumber() : 0;
        using LogReader tail = _blocks.Tail(index.Cursor, TailScope.All);
        for (bool isMore = true; isMore;)
        {
            var builder = new RunBuilder();
            List<RunFile> runs = [.. index.Runs];
            IndexTotals totals = index.Totals;
            isMore = false;
            while (tail.TryNext(out LogEvent found))
            {
                cancel.ThrowIfCancellationRequested();
                if (found.Gap is { } gap)
                {
                    if (gap.Reason == GapReason.Damaged)
                    {
                        builder.AddFault(gap.ToString());
                        continue;
                    }

                    // After any other gap everything stored is listed again.
                    runs.Clear();
                    (builder, totals) = (new RunBuilder(), IndexTotals.Zero);
                    continue;
                }

                RecordHeader record = found.Record;
                if (record.RecordKind == RecordKind.Fact)
                    builder.Apply(found.Payload.Span, record.TimeNanoseconds, found.Lane, record.Sequence);
                else
                    builder.Announce(in record, found.Lane);
                if (isMore = builder.IsFull) break;
            }

            totals = builder.Totals(totals);
            Guid store = _blocks.Id;
            if (!isToDisk)
            {
                if (!builder.IsEmpty) runs.Add(BuildHere(builder, store));
                index = new IndexSnapshot(runs, tail.Position, totals, index.Epoch);
                continue;
            }

            if (builder.IsEmpty && runs.Count == index.Runs.Count && tail.Position == index.Cursor) break;
            if (!builder.IsEmpty)
            {
                runs.Add(_directory!.WriteRun(next++, (output, number) => builder.Write(output, store, number)));
            }

            index = _directory!.Commit(index, runs, tail.Position, totals, next, cancel);
            next = _directory.NextNumber();
            if (isOneRun) break;
        }

        return index;
    }

    private RunFile BuildHere(RunBuilder builder, Guid store)
    {
        var memory = new MemoryStream();
        ulong number = _ownRuns++;
        long length = builder.Write(memory, store, number);
        return new RunFile(new RunBytes(memory.GetBuffer(), (int)length), store, number, "in memory");
    }

    /// <summary>This handle has said facts: now and then the index is brought up to date beside it.</summary>
    public void NoteSaid(int facts)
    {
        if (_directory is null || Interlocked.Add(ref _said, facts) < SaidBetweenFolds) return;
        if (Interlocked.Exchange(ref _isFoldAsked, 1) != 0) return;
        Interlocked.Exchange(ref _said, 0);
        _ = ThreadPool.UnsafeQueueUserWorkItem(static registry => registry.FoldBeside(), this, preferLocal: false);
    }

    private void FoldBeside()
    {
        try
        {
            _ = TryFold(isToDisk: true, _end.Token);
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException or OperationCanceledException
            or IndexDamagedException)
        {
            // No caller waits for it; the next query meets the error itself.
        }
        finally
        {
            Volatile.Write(ref _isFoldAsked, 0);
        }
    }

    public MergedCursor Open(IndexKind kind, KeyRange range, bool isDescending) => State.Index.Open(kind, range.Low,
        range.High, isDescending, _recentKeys.Open(State, kind, range, isDescending));
}
