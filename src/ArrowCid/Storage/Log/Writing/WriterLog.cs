using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The one writer of two chains of segments, one of data and one of facts, with one numbering over both. Threads
/// reserve and fill side by side; numbers, headers, index entries and the committed words follow in turn, because an
/// adopter goes by the first number that is missing: a record indexed beyond a gap would be overwritten while others
/// read it.
/// </summary>
internal sealed class WriterLog
{
    public WriterLog(int number, ControlFile control, SegmentSet segments, BlockIndex index, IndexGrowth growth,
        Mapping? waitWord, StoreSettings settings)
    {
        State = new WriterState(number, control, segments, index, growth, waitWord, settings);
        Flushes = new LogFlush(State);
        var queue = new WriteQueue(State);
        Space = new LogSpace(State, queue);
        var records = new RecordWriter(State, queue, Flushes, Space);
        var commits = new GroupCommit(State, queue, Flushes, Space, records);
        Puts = new BlockPut(State, queue, Flushes, Space, commits);
        Staged = new StagedPut(State, queue, Space, commits);
        Transactions = new TransactionPut(State, queue, Space, commits, Puts);
    }

    public int Number => State.Number;

    public WriterState State { get; }

    public LogFlush Flushes { get; }

    public LogSpace Space { get; }

    public BlockPut Puts { get; }

    public StagedPut Staged { get; }

    public TransactionPut Transactions { get; }

    /// <summary>Waits for the records that other threads of this handle are committing.</summary>
    public void Drain()
    {
        lock (State.Gate)
        {
            while (State.HasLeader) State.Wait();
        }
    }

    /// <summary>Refuses new puts, waits for those at work, and lets the lane go.</summary>
    public void Close()
    {
        lock (State.Gate)
        {
            if (State.IsClosing) return;
            State.IsClosing = true;
            Monitor.PulseAll(State.Gate);
            while (State.Running > 0) State.Wait();
            State.Allocator.Close();
        }

        try
        {
            Flushes.Flush();
        }
        catch (ArrowCidException)
        {
            // The control file records it; there is no caller to tell here.
        }

        lock (State.Gate)
        {
            Debug.Assert(State is { IsClosing: true, Running: 0, HasLeader: false },
                "no call is at work on a lane that is let go");
            WriterState.ReleaseTail(State.Data);
            WriterState.ReleaseTail(State.Facts);
            (State.Data, State.Facts) = (null, null);
            State.Control.SetLane(Number, StoreLayout.LaneOwner, 0);
        }

        State.Control.Unlock(StoreLayout.LaneLock + Number);
    }
}
