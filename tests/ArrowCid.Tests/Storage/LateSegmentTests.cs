using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Segments that a tail does not meet in the order in which they were begun.</summary>
public sealed class LateSegmentTests
{
    [Fact]
    public void A_tail_begun_while_a_large_block_is_filled_meets_it_without_a_gap()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        _ = store.PutRaw(StoreCalls.Numbered(1));
        byte[] bytes = StoreCalls.Numbered(2, 1_500_000);
        using StagedBlock staged = store.Stage(bytes.Length);
        // Into a segment that comes after it.
        for (int i = 10; i < 30; i++) _ = store.PutRaw(StoreCalls.Numbered(i, 100_000));
        using LogReader tail = store.Tail(Cursor.Now);
        bytes.CopyTo(staged.Bytes);
        Digest256 digest = Sha256.Hash(bytes);
        var request = new PutRequest(RecordKind.Raw, TemporaryStore.RawCodec, new BytesSource(bytes), default, 0,
            RecordFlags.None);
        Assert.True(store.PutStaged(staged, in request, in digest, out _));
        Digest256 next = store.PutRaw(StoreCalls.Numbered(3));
        List<LogEvent> found = Drain(tail);
        Assert.All(found, one => Assert.Null(one.Gap));
        Assert.Equal([digest, next], found.Select(one => one.Record.Digest));
        using LogReader later = store.Tail(found[0].Cursor);
        Assert.Equal(next, Assert.Single(Drain(later)).Record.Digest);
    }

    [Fact]
    public void A_segment_with_nothing_in_it_yet_hides_no_later_one()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        for (int i = 0; i < 9; i++) _ = store.PutRaw(StoreCalls.Numbered(i, 100_000));
        var broken = new ActingSource(new byte[200_000], () => throw new IOException());
        Assert.Throws<IOException>(() =>
            store.Put(new PutRequest(RecordKind.Raw, TemporaryStore.RawCodec, broken, default, 0, RecordFlags.None),
                out _));
        Assert.Equal(1, store.Examination.GetStatistics().SealedSegments);
        _ = store.Append(new TextFact("behind the empty segment"));
        using LogReader before = store.Tail(Cursor.Oldest, TailScope.All);
        Assert.Equal(10, Drain(before).Count);
        // The first segment's numbers are not to be had.
        SetState(directory, slot: 0, SegmentState.Retired);
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        Assert.Equal(RecordKind.Fact, Assert.Single(Drain(tail)).Record.RecordKind);
        SetState(directory, slot: 0, SegmentState.Sealed);
    }

    /// <summary>Two segments that were begun at one number, the later of which has the earlier records: what is missing
    /// before them is no reason to pass these.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hole_before_two_segments_begun_side_by_side_ends_at_the_first_record_of_either(bool areFacts)
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        for (int i = 0; i < 9; i++) _ = store.PutRaw(StoreCalls.Numbered(i, 100_000));
        var broken = new ActingSource(new byte[200_000], () => throw new IOException());
        var request = new PutRequest(RecordKind.Raw, TemporaryStore.RawCodec, broken, default, 0, RecordFlags.None);
        Assert.Throws<IOException>(() => store.Put(in request, out _));
        for (int i = 0; i < 3; i++)
        {
            if (areFacts) _ = store.Append(new TextFact($"beside the data {i}"));
            else _ = store.PutRaw(StoreCalls.Numbered(20 + i, 1_100_000));
        }

        Digest256 last = store.PutRaw(StoreCalls.Numbered(30));
        SegmentReport[] segments = [.. store.Examination.Segments().Where(segment => segment.Committed > 0)];
        Assert.Equal(SegmentKind.Data, segments[1].Kind);
        Assert.Equal(areFacts ? SegmentKind.Facts : SegmentKind.Jumbo, segments[2].Kind);
        SetState(directory, slot: 0, SegmentState.Retired);
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        List<LogEvent> found = Drain(tail);
        Assert.Equal([10, 11, 12, 13], found.Select(one => (int)one.Record.Sequence));
        Assert.Equal(last, found[^1].Record.Digest);
        SetState(directory, slot: 0, SegmentState.Sealed);
    }

    [Fact]
    public void A_tail_says_that_a_segment_which_somebody_has_for_himself_is_not_read_yet()
    {
        using var directory = new TemporaryStore();
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < 12; i++) _ = store.PutRaw(StoreCalls.Numbered(i, 100_000));
        }

        using BlockStore reader = directory.Open(new StoreSettings { ReadOnly = true });
        using LogReader tail = reader.Tail(Cursor.Oldest);
        AwaitUnmapped(directory, StoreLayout.SegmentName(0, 1));
        using (FileDescriptor held = Hold(directory, StoreLayout.SegmentName(0, 1)))
        {
            Assert.Empty(Drain(tail));
            Assert.True(tail.HasUnread);
        }

        Assert.Equal(12, Drain(tail).Count);
        Assert.False(tail.HasUnread);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_segment_that_was_given_back_is_read_where_the_tail_has_not_passed_it(bool isRetiredFirst)
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        for (int i = 0; i < 3; i++) _ = store.PutRaw(StoreCalls.Numbered(i));
        Digest256 large = store.PutRaw(StoreCalls.Numbered(3, 1_100_000));
        using BlockStore reader = directory.Open(new StoreSettings { ReadOnly = true });
        if (isRetiredFirst) SetState(directory, slot: 1, SegmentState.Retired);
        using LogReader tail = reader.Tail(Cursor.Oldest);
        if (!isRetiredFirst)
        {
            // Taken away after the tail knew of it, and before it was read.
            AwaitUnmapped(directory, StoreLayout.SegmentName(1, 1));
            SetState(directory, slot: 1, SegmentState.Retired);
        }

        Assert.Equal(3, Drain(tail).Count);
        Assert.Empty(Drain(tail));
        SetState(directory, slot: 1, SegmentState.Sealed);
        Assert.Equal(large, Assert.Single(Drain(tail)).Record.Digest);
        Digest256 next = store.PutRaw(StoreCalls.Numbered(4));
        Assert.Equal(next, Assert.Single(Drain(tail)).Record.Digest);
    }

    /// <summary>What a janitor that gives up, or dies, leaves in the table.</summary>
    private static void SetState(TemporaryStore directory, int slot, SegmentState state)
    {
        using FileStream file =
            File.Open(directory.PathOf(StoreLayout.ControlName), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite);
        file.Position = StoreLayout.TableOffset + (slot * (long)StoreLayout.TableEntryBytes);
        byte[] word = new byte[8];
        file.ReadExactly(word);
        TableWord changed = new TableWord(BinaryPrimitives.ReadUInt64LittleEndian(word)).With(state);
        BinaryPrimitives.WriteUInt64LittleEndian(word, changed.Bits);
        file.Position -= word.Length;
        file.Write(word);
    }

    /// <summary>Locks a segment's file as a janitor does.</summary>
    private static FileDescriptor Hold(TemporaryStore directory, string segment)
    {
        using FileDescriptor folder = FileDescriptor.TryOpenDirectory(directory.Directory, out _)!;
        FileDescriptor file = folder.TryOpenFile(segment, writable: true, out _)!;
        Assert.Equal(0, file.TryLock(0, 0, exclusive: true));
        return file;
    }

    /// <summary>Says that there is need of room, and waits until nobody here has a segment mapped.</summary>
    private static void AwaitUnmapped(TemporaryStore directory, string segment)
    {
        using FileStream file =
            File.Open(directory.PathOf(StoreLayout.ControlName), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite);
        file.Position = StoreLayout.PressureWord;
        file.Write(BitConverter.GetBytes(1ul));
        file.Flush();
        Assert.True(SpinWait.SpinUntil(() =>
            !File.ReadAllText("/proc/self/maps").Contains(directory.PathOf(segment), StringComparison.Ordinal),
            TimeSpan.FromSeconds(20)));
    }

    private static List<LogEvent> Drain(LogReader tail)
    {
        var found = new List<LogEvent>();
        while (tail.TryNext(out LogEvent one)) found.Add(one);
        return found;
    }
}
