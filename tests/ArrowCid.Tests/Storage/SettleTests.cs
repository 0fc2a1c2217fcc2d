using System.Buffers.Binary;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Settling, name locks, the clock, the janitor: what compare-and-swap and drops stand on.</summary>
public sealed class SettleTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_dead_writer_left_whole_is_committed(bool isBlock)
    {
        using var directory = new TemporaryStore();
        using BlockStore other = directory.Open();
        using (BlockStore dead = directory.Open())
        {
            _ = FactChainTests.Put(dead, 1, new TextFact("left"));
            _ = other.Append(new TextFact("own"));
        }

        using LogReader tail = other.Tail(Cursor.Now, TailScope.All);
        SetCommitted(directory, isBlock ? SegmentKind.Data : SegmentKind.Facts, 4096);
        if (!isBlock) SetCommitted(directory, SegmentKind.Data, 4096);
        using LogReader later = other.Tail(Cursor.Oldest, TailScope.All);
        Assert.Equal(isBlock ? 2 : 1, FactChainTests.Tell(later).Count);
        other.Adoption.CatchUp(s_short);
        Assert.Equal(isBlock ? ["2 Raw"] : ["1 Fact left", "2 Raw"], FactChainTests.Tell(later));
        Assert.Equal(2, other.Listing.Marks().Count(mark => mark != 0));
        // Nothing is left to settle, and the lane is free again.
        other.Adoption.CatchUp(TimeSpan.Zero);
        using BlockStore third = directory.Open();
        Assert.Equal(new LogPlace(0, 3), third.Append(new TextFact("next")));
    }

    [Fact]
    public async Task A_writer_that_is_at_it_is_waited_for()
    {
        using var directory = new TemporaryStore();
        using BlockStore other = directory.Open();
        BlockStore slow = directory.Open();
        _ = slow.Append(new TextFact("one"));
        _ = other.Append(new TextFact("own"));
        SetCommitted(directory, SegmentKind.Facts, 4096, lane: 0);
        ArrowCidException busy = Assert.Throws<ArrowCidException>(() => other.Adoption.CatchUp(s_short));
        Assert.Equal(ErrorCode.Busy, busy.Code);
        Assert.Contains($"process {Environment.ProcessId}", busy.Message, StringComparison.Ordinal);
        Task settling = Task.Run(() => other.Adoption.CatchUp(s_long));
        await Assert.ThrowsAsync<TimeoutException>(() => settling.WaitAsync(s_short));
        // The record's writer comes to its end, or to another.
        SetCommitted(directory, SegmentKind.Facts, 4096 + 192, lane: 0);
        await settling.WaitAsync(s_long);
        SetCommitted(directory, SegmentKind.Facts, 4096, lane: 0);
        settling = Task.Run(() => other.Adoption.CatchUp(s_long));
        slow.Dispose();
        await settling.WaitAsync(s_long);
        using LogReader tail = other.Tail(Cursor.Oldest, TailScope.Facts);
        Assert.Equal(["1 Fact one", "1 Fact own"], FactChainTests.Tell(tail));
    }

    [Fact]
    public void Settling_does_not_wait_for_a_source_that_stalls()
    {
        using var directory = new TemporaryStore();
        using BlockStore one = directory.Open();
        using BlockStore two = directory.Open();
        var source = new ActingSource(StoreCalls.Numbered(1), () =>
        {
            two.Adoption.CatchUp(TimeSpan.Zero);
            one.Adoption.CatchUp(TimeSpan.Zero);
        });
        Assert.True(one.Put(RecordKind.Raw, 0x55, source, default, 0, default, out _));
    }

    [Fact]
    public async Task A_name_is_locked_against_threads_and_other_handles()
    {
        using var directory = new TemporaryStore();
        using BlockStore one = directory.Open();
        using BlockStore two = directory.Open();
        using (one.Coordination.LockName(5, s_long))
        {
            ArrowCidException busy = await Assert.ThrowsAsync<ArrowCidException>(() =>
                Task.Run(() => one.Coordination.LockName(5, s_short)));
            Assert.Equal(ErrorCode.Busy, busy.Code);
            // The byte is the hash modulo 4096.
            Assert.Equal(ErrorCode.Busy,
                Assert.Throws<ArrowCidException>(() => two.Coordination.LockName(5 + 4096, s_short)).Code);
            two.Coordination.LockName(6, s_short).Dispose();
        }

        two.Coordination.LockName(5, s_short).Dispose();
        int inside = 0, most = 0, turns = 0;
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i =>
        {
            using IDisposable held = (i % 2 == 0 ? one : two).Coordination.LockName(9, s_long);
            most = Math.Max(most, Interlocked.Increment(ref inside));
            turns++;
            _ = Interlocked.Decrement(ref inside);
        });
        Assert.Equal((1, 200), (most, turns));
    }

    [Fact]
    public void The_clock_never_gives_a_reading_twice_nor_one_before_what_it_saw()
    {
        using var directory = new TemporaryStore();
        using BlockStore one = directory.Open();
        using BlockStore two = directory.Open();
        var all = new ulong[4][];
        Parallel.For(0, all.Length, thread => all[thread] = Enumerable.Range(0, 5000)
            .Select(_ => (thread % 2 == 0 ? one : two).Coordination.NextTime()).ToArray());
        Assert.All(all, times => Assert.Equal(times.Order(), times));
        Assert.Equal(20_000, all.SelectMany(times => times).Distinct().Count());
        ulong wall = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Assert.InRange(one.Coordination.NextTime() >> 16, wall - 60_000, wall + 60_000);
        ulong ahead = one.Coordination.NextTime() + (1_000_000ul << 16);
        two.Coordination.ObserveTime(ahead);
        Assert.Equal(ahead + 1, one.Coordination.NextTime());
        two.Coordination.ObserveTime(5);
        Assert.Equal(ahead + 2, two.Coordination.NextTime());
    }

    [Fact]
    public void One_janitor_at_a_time_and_a_dead_ones_sweep_ends_with_the_next()
    {
        using var directory = new TemporaryStore();
        using BlockStore one = directory.Open();
        using BlockStore two = directory.Open();
        ulong before = one.Coordination.ReadSweep();
        MaintenanceLockScope term = one.Coordination.TryBecomeJanitor(TimeSpan.Zero)!;
        Assert.Null(two.Coordination.TryBecomeJanitor(s_short));
        MaintenanceLockScope? elsewhere = term;
        var thread = new Thread(() => elsewhere = one.Coordination.TryBecomeJanitor(s_short));
        thread.Start();
        thread.Join();
        Assert.Null(elsewhere);
        term.BeginSweep();
        Assert.Equal(before + 1, two.Coordination.ReadSweep());
        term.EndSweep();
        Assert.Equal(before + 2, two.Coordination.ReadSweep());
        term.BeginSweep();
        term.Dispose();
        // It left the word odd, as if it had died: the next one says that nothing is being dropped.
        using MaintenanceLockScope next = two.Coordination.TryBecomeJanitor(s_long)!;
        Assert.Equal(before + 4, one.Coordination.ReadSweep());
    }

    [Fact]
    public void A_store_open_for_reading_only_writes_no_fact_and_locks_no_name()
    {
        using var directory = new TemporaryStore();
        using BlockStore writer = directory.Open();
        _ = writer.Append(new TextFact("one"));
        using BlockStore reader = directory.Open(TemporaryStore.Small with { ReadOnly = true });
        Assert.Throws<InvalidOperationException>(() => reader.Append(new TextFact("two")));
        Assert.Throws<InvalidOperationException>(() => reader.TryAnnounce([], null, out _));
        Assert.Throws<InvalidOperationException>(() => reader.Coordination.LockName(1, s_short));
        Assert.Throws<InvalidOperationException>(() => reader.Adoption.CatchUp(s_short));
        Assert.Throws<InvalidOperationException>(() => reader.Coordination.NextTime());
        Assert.Throws<InvalidOperationException>(() => reader.Coordination.TryBecomeJanitor(s_short));
        Assert.Equal(1ul, reader.Listing.Marks()[0]);
        Assert.Equal(0ul, reader.Coordination.ReadSweep());
    }

    private static void SetCommitted(TemporaryStore directory, SegmentKind kind, long value, int lane = 0)
    {
        string path = Directory.GetFiles(directory.Directory, "seg-*").Single(file =>
            SegmentHeader.Read(File.ReadAllBytes(file).AsSpan(0, 2048))! is var header && header.Kind == kind &&
            header.Lane == lane);
        var word = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(word, value);
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = 2048;
        file.Write(word);
    }
}
