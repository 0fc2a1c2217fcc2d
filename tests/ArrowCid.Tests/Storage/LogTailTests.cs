using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>What a tail of the log gives, from every place that it can begin at.</summary>
public sealed class LogTailTests
{
    private const int Seed = 31;

    [Fact]
    public void A_tail_from_the_oldest_gives_what_a_listing_gives_in_log_order()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Fill(store, 60, new Random(Seed));
        using LogReader tail = store.Tail(Cursor.Oldest);
        Assert.Equal(store.Listing.List().Select(info => info.Digest),
            Drain(tail).Select(found => found.Record.Digest));
        Assert.True(store.Examination.GetStatistics().SealedSegments > 2);
        Digest256 next = store.PutRaw([1, 2]);
        Assert.Equal([next], Drain(tail).Select(found => found.Record.Digest));
        Assert.Empty(Drain(tail));
    }

    [Fact]
    public void A_tail_that_follows_gives_every_record_once_over_segments_and_large_blocks()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        using BlockStore reader = directory.Open(new StoreSettings { ReadOnly = true });
        using LogReader tail = reader.Tail(Cursor.Now);
        var random = new Random(Seed);
        var digests = new List<Digest256>();
        var seen = new List<Digest256>();
        for (int i = 0; i < 60; i++)
        {
            digests.Add(store.PutRaw(Block(i, random)));
            if (random.Next(3) == 0) seen.AddRange(Drain(tail).Select(found => found.Record.Digest));
        }

        seen.AddRange(Drain(tail).Select(found => found.Record.Digest));
        Assert.Equal(digests, seen);
    }

    [Fact]
    public async Task Large_blocks_beside_small_ones_come_in_order_while_threads_put_them()
    {
        const int Threads = 3, Each = 800;
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(TemporaryStore.Small with { Capacity = 256 << 20 });
        using BlockStore reader = directory.Open(new StoreSettings { ReadOnly = true });
        using LogReader tail = reader.Tail(Cursor.Now);
        Task putting = Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(() =>
        {
            var random = new Random(Seed + thread);
            for (int i = 0; i < Each; i++)
            {
                int length = random.Next(50) == 0 ? 1_100_000 : random.Next(4, 8000);
                _ = store.PutRaw(StoreCalls.Numbered((thread * Each) + i, length));
            }
        }, TaskCreationOptions.LongRunning)));
        ulong last = 0;
        bool isDone;
        do
        {
            isDone = putting.IsCompleted;
            while (tail.TryNext(out LogEvent found))
            {
                Assert.True(found.Gap is null, $"seed {Seed}: {found.Gap}");
                Assert.Equal(++last, found.Record.Sequence);
            }
        }
        while (!isDone);
        await putting;
        Assert.Equal((ulong)(Threads * Each), last);
    }

    [Fact]
    public void A_saved_cursor_goes_on_exactly_behind_every_record()
    {
        using var directory = new TemporaryStore();
        List<LogEvent> all;
        using (BlockStore store = directory.Open())
        {
            Fill(store, 40, new Random(Seed));
            // A PAD and REFs are passed too.
            _ = store.PutRaw(StoreCalls.Numbered(0));
            _ = store.PutRaw(StoreCalls.Numbered(0));
            using LogReader tail = store.Tail(Cursor.Oldest);
            all = Drain(tail);
        }

        using BlockStore again = directory.Open();
        for (int i = 0; i < all.Count; i++)
        {
            Cursor saved = Cursor.Parse(all[i].Cursor.ToString());
            Assert.Equal(all[i].Cursor, saved);
            using LogReader tail = again.Tail(saved);
            List<LogEvent> rest = Drain(tail);
            Assert.All(rest, found => Assert.Null(found.Gap));
            Assert.Equal(all.Skip(i + 1).Select(found => found.Record.Sequence),
                rest.Select(found => found.Record.Sequence));
        }
    }

    [Fact]
    public void Now_is_behind_what_is_there_and_before_what_comes()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        var random = new Random(Seed);
        for (int i = 0; i < 40; i++)
        {
            using LogReader before = store.Tail(Cursor.Now);
            Digest256 digest = store.PutRaw(Block(i, random));
            using LogReader after = store.Tail(Cursor.Now);
            Assert.Equal(digest, Assert.Single(Drain(before)).Record.Digest);
            Assert.Empty(Drain(after));
        }
    }

    [Fact]
    public void Two_lanes_are_each_in_order_and_a_cursor_holds_both()
    {
        using var directory = new TemporaryStore();
        using BlockStore one = directory.Open();
        using BlockStore two = directory.Open();
        using LogReader tail = one.Tail(Cursor.Now);
        var random = new Random(Seed);
        var seen = new List<LogEvent>();
        for (int i = 0; i < 1000; i++)
        {
            _ = (random.Next(2) == 0 ? one : two).PutRaw(StoreCalls.Numbered(i));
            if (random.Next(20) == 0) seen.AddRange(Drain(tail));
        }

        seen.AddRange(Drain(tail));
        Assert.Equal(1000, seen.Select(found => found.Record.Digest).Distinct().Count());
        Assert.Equal([0, 1], seen.Select(found => found.Lane).Distinct().Order());
        foreach (var lane in seen.GroupBy(found => found.Lane))
            Assert.Equal(Enumerable.Range(1, lane.Count()).Select(n => (ulong)n),
                lane.Select(found => found.Record.Sequence));
        for (int i = 0; i < seen.Count; i += 50)
        {
            using LogReader rest = two.Tail(seen[i].Cursor);
            Assert.Equal(seen.Skip(i + 1).Select(found => found.Record.Digest).ToHashSet(),
                Drain(rest).Select(found => found.Record.Digest).ToHashSet());
        }
    }

    [Fact]
    public void A_cursor_of_another_store_is_a_gap_and_then_everything()
    {
        using var directory = new TemporaryStore();
        using var other = new TemporaryStore();
        using BlockStore store = directory.Open();
        using BlockStore elsewhere = other.Open();
        Fill(store, 5, new Random(Seed));
        _ = elsewhere.PutRaw([1]);
        using LogReader foreign = elsewhere.Tail(Cursor.Now);
        List<LogEvent> found = Follow(store, foreign.Position);
        Assert.Equal(GapReason.OtherStore, found[0].Gap?.Reason);
        Assert.Equal(store.Listing.List().Select(info => info.Digest), found.Skip(1).Select(one => one.Record.Digest));
        // Behind the gap no second one comes, wherever the listing was left.
        Assert.All(found, one => Assert.DoesNotContain(Follow(store, one.Cursor), later => later.Gap is not null));
    }

    [Theory]
    [InlineData("-9-", "-900-", GapReason.PastEnd, 10ul, 900ul)]
    [InlineData("-9-", "-8-", GapReason.Rewritten, 8ul, 8ul)]
    public void A_cursor_that_the_log_does_not_bear_out_is_a_gap(string from, string to, GapReason reason, ulong first,
        ulong last)
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        for (int i = 0; i < 9; i++) _ = store.PutRaw(StoreCalls.Numbered(i));
        using LogReader tail = store.Tail(Cursor.Now);
        string text = tail.Position.ToString();
        string changed = text.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        List<LogEvent> found = Follow(store, Cursor.Parse(changed));
        Assert.Equal(new WatchGap { Reason = reason, Lane = 0, First = first, Last = last }, found[0].Gap);
        Assert.Equal(9, found.Count - 1);
    }

    [Fact]
    public void A_segment_that_is_gone_is_a_gap_of_exactly_its_numbers_and_then_what_is_left()
    {
        using var directory = new TemporaryStore();
        var digests = new List<Digest256>();
        Cursor early;
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < 4; i++) digests.Add(store.PutRaw(StoreCalls.Numbered(i, 100_000)));
            using LogReader tail = store.Tail(Cursor.Now);
            early = tail.Position;
            for (int i = 4; i < 25; i++) digests.Add(store.PutRaw(StoreCalls.Numbered(i, 100_000)));
        }

        ulong first = Remove(directory, slot: 1, out ulong last);
        using BlockStore left = directory.Open();
        List<Digest256> present = left.Listing.List().Select(info => info.Digest).ToList();
        Assert.Equal(25 - (int)(last - first + 1), present.Count);
        List<LogEvent> found = Follow(left, early);
        // What the first segment still has behind the cursor, the gap, then a listing.
        int before = (int)first - 1 - 4;
        Assert.Equal(digests.Skip(4).Take(before), found.Take(before).Select(one => one.Record.Digest));
        Assert.Equal(new WatchGap { Reason = GapReason.Gone, Lane = 0, First = first, Last = last }, found[before].Gap);
        Assert.Equal(present, found.Skip(before + 1).Select(one => one.Record.Digest));
        Assert.Equal(present, Follow(left, Cursor.Oldest).Select(one => one.Record.Digest));
        // A listing that is broken off goes on without the gap.
        Assert.Equal(present.Skip(3), Follow(left, found[before + 3].Cursor).Select(one => one.Record.Digest));
        using LogReader now = left.Tail(Cursor.Now);
        Digest256 next = left.PutRaw([5]);
        Assert.Equal(next, Assert.Single(Drain(now)).Record.Digest);
    }

    [Fact]
    public void A_damaged_header_is_a_gap_of_its_number_and_nothing_comes_twice()
    {
        using var directory = new TemporaryStore();
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < 9; i++) _ = store.PutRaw(StoreCalls.Numbered(i));
        }

        Edit(directory, (file, records) =>
        {
            file[(int)records[4].Offset + 100] ^= 1;
            file[(int)records[5].Offset + 100] ^= 1;
        });
        using BlockStore left = directory.Open();
        List<LogEvent> found = Follow(left, Cursor.Oldest);
        Assert.Equal([1, 2, 3, 4, 0, 7, 8, 9], found.Select(one => (int)one.Record.Sequence));
        Assert.Equal(new WatchGap { Reason = GapReason.Damaged, Lane = 0, First = 5, Last = 6 }, found[4].Gap);
        Assert.Equal([7, 8, 9], Follow(left, found[4].Cursor).Select(one => (int)one.Record.Sequence));
    }

    [Fact]
    public void What_compaction_moved_is_listed_but_not_announced()
    {
        using var directory = new TemporaryStore();
        Cursor third;
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < 9; i++) _ = store.PutRaw(StoreCalls.Numbered(i));
            using LogReader tail = store.Tail(Cursor.Now);
            third = Cursor.Parse(tail.Position.ToString().Split('.') is [var version, var id, _]
                ? $"{version}.{id}.0-3-00000000"
                : "");
        }

        Edit(directory, (file, records) =>
        {
            Span<byte> header = file.AsSpan((int)records[5].Offset, 128);
            header[18] |= (byte)RecordFlags.Moved;
            header[28..32].Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(header[28..], StoreLayout.Crc(header));
        });
        using BlockStore left = directory.Open();
        Assert.Equal(9, Follow(left, Cursor.Oldest).Count);
        Assert.Equal([4, 5, 7, 8, 9], Follow(left, third).Select(one => (int)one.Record.Sequence));
    }

    [Fact]
    public void A_closed_store_ends_its_tails_and_leaves_no_descriptor()
    {
        using var directory = new TemporaryStore();
        BlockStore store = directory.Open();
        Fill(store, 20, new Random(Seed));
        using LogReader tail = store.Tail(Cursor.Oldest);
        Assert.True(tail.TryNext(out _));
        store.Dispose();
        Assert.True(tail.IsClosed);
        Assert.False(tail.TryNext(out _));
        Assert.Throws<ObjectDisposedException>(() => store.Tail(Cursor.Now));
        Assert.DoesNotContain(new DirectoryInfo("/proc/self/fd").GetFiles(), link =>
            link.LinkTarget?.StartsWith(directory.Directory, StringComparison.Ordinal) ?? false);
    }

    private static void Fill(BlockStore store, int count, Random random)
    {
        for (int i = 0; i < count; i++) _ = store.PutRaw(Block(i, random));
    }

    /// <summary>Mostly small blocks, some of a good part of a segment, and now and then one that has its own.</summary>
    private static byte[] Block(int number, Random random) => StoreCalls.Numbered(number, (number % 13) switch
    {
        5 => 1_100_000,
        1 or 4 or 9 => random.Next(150_000, 250_000),
        _ => random.Next(4, 2000),
    });

    private static List<LogEvent> Drain(LogReader tail)
    {
        var found = new List<LogEvent>();
        while (tail.TryNext(out LogEvent one)) found.Add(one);
        return found;
    }

    private static List<LogEvent> Follow(BlockStore store, Cursor from)
    {
        using LogReader tail = store.Tail(from);
        return Drain(tail);
    }

    /// <summary>Takes a sealed segment away as an eviction would.</summary>
    private static ulong Remove(TemporaryStore directory, int slot, out ulong last)
    {
        string path = directory.PathOf(StoreLayout.SegmentName(slot, 1));
        List<(long Offset, RecordHeader Header)> records = SegmentBytes.Records(File.ReadAllBytes(path));
        File.Delete(path);
        byte[] free = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(free, new TableWord(SegmentState.Free, 0, 0, 1).Bits);
        using FileStream control = File.OpenWrite(directory.PathOf("ctl.v1"));
        control.Position = StoreLayout.TableOffset + (slot * 64);
        control.Write(free);
        last = records[^1].Header.Sequence;
        return records[0].Header.Sequence;
    }

    private static void Edit(TemporaryStore directory, Action<byte[], List<(long Offset, RecordHeader Header)>> edit)
    {
        string path = directory.PathOf(StoreLayout.SegmentName(0, 1));
        byte[] bytes = File.ReadAllBytes(path);
        edit(bytes, SegmentBytes.Records(bytes));
        using FileStream file = File.OpenWrite(path);
        file.Write(bytes);
    }
}
