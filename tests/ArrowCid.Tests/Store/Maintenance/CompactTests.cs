using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Giving room back: of blocks, and of facts.</summary>
public sealed class CompactTests
{
    [Fact]
    public void Ended_amid_a_segment_every_block_is_found_and_another_compaction_goes_on()
    {
        const int Blocks = 20_000;
        using var folder = new TemporaryStore();
        using CidStore store =
            CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 128 << 20, SegmentSize = 8 << 20 });
        Cid[] cids = [.. Enumerable.Range(0,
            Blocks).Select(number => store.PutRaw(StoreCalls.Numbered(number, 500)).Cid)];
        Cid[] gone = [.. cids.Where((_, i) => i % 3 != 0)];
        foreach (Cid[] some in gone.Chunk(1000)) _ = store.Retention.Remove(some);
        BlockStore blocks = store.Blocks;
        using var end = new CancellationTokenSource();
        CompactionSteps steps = blocks.Space.BeginCompaction(0.9, withData: true)!;
        ulong before = blocks.Coordination.RecordsGiven();
        bool isOver = false;
        // Once it moves blocks it is ended: that is in the midst of some thousands.
        var ending = new Thread(() =>
        {
            while (blocks.Coordination.RecordsGiven() < before + 10 && !Volatile.Read(ref isOver)) Thread.Yield();
            end.Cancel();
        });
        ending.Start();
        _ = Assert.Throws<OperationCanceledException>(() =>
        {
            while (steps.TryStep(end.Token, out _))
            {
            }

            Volatile.Write(ref isOver, true);
        });
        ending.Join();
        ulong moved = blocks.Coordination.RecordsGiven() - before;
        Assert.InRange(moved, 10UL, (ulong)(Blocks - gone.Length) - 1);
        Cid[] stays = [.. cids.Except(gone)];
        Assert.All(stays, cid => Assert.Null(store.Diagnostics.Verify(cid)!.Value.Error));
        long taken = store.Diagnostics.GetSummary().BytesTaken;
        Assert.True(store.Maintenance.Compact(0.9).BytesFreed > 0);
        Assert.True(store.Diagnostics.GetSummary().BytesTaken < taken);
        using CidStore again = Stores.Open(folder);
        Assert.All(stays, cid => Assert.Null(again.Diagnostics.Verify(cid)!.Value.Error));
        Assert.Equal(stays.Order(), again.Query().Select(entry => entry.Cid).Order());
        Assert.DoesNotContain(again.Blocks.Examination.CheckLog(),
            finding => finding.Severity == FindingSeverity.Error);
    }

    [Fact]
    public void Superseded_facts_give_their_room_back_and_every_handle_knows_what_it_knew()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), follower = Stores.Open(folder), behind = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1), new PutOptions { Producer = "p" }).Cid;
        Cid next = store.Put(Stores.Numbers(2)).Cid;
        Assert.NotNull(behind.Metadata.Get(cid));
        _ = store.Names.Set("n", cid);
        _ = store.Names.Set("n", next);
        store.Metadata.Tag(cid, "kept", "1");
        store.Metadata.Tag(cid, "gone", "1");
        store.Metadata.Untag(cid, "gone");
        store.Retention.Pin(next);
        Fill(store, cid, 120);
        store.Metadata.Tag(cid, "last", "1");
        Assert.NotNull(follower.Metadata.Get(cid));
        string[] before = Facts(store, cid, next);
        long taken = store.Diagnostics.GetSummary().BytesTaken;
        CompactResult dry = store.Maintenance.Compact(dryRun: true);
        CompactResult done = store.Maintenance.Compact();
        Assert.True(done.BytesFreed > 0, string.Join('\n', done.Segments));
        Assert.Equal(dry.BytesFreed, done.BytesFreed);
        Assert.Equal(taken - done.BytesFreed, store.Diagnostics.GetSummary().BytesTaken);
        Assert.All(done.Segments, segment => Assert.Equal(StoreSegmentKind.Facts, segment.Kind));
        using CidStore again = Stores.Open(folder);
        foreach (CidStore each in new[] { store, follower, behind, again })
        {
            Assert.Equal(before, Facts(each, cid, next));
            Assert.Empty(each.Diagnostics.CheckFacts());
        }

        Assert.Equal(0, store.Maintenance.Compact().BytesFreed);
        Assert.DoesNotContain(store.Blocks.Examination.CheckLog(),
            finding => finding.Severity == FindingSeverity.Error);
        // Who goes on from there goes on.
        store.Metadata.Tag(cid, "after", "1");
        _ = store.Names.Set("n", cid, expected: next);
        Assert.All(new[] { follower, behind, again },
            each => Assert.Equal((cid, "1"), (each.Names.Resolve("n"), each.Metadata.Get(cid)!.Tags["after"])));
    }

    [Fact]
    public void A_drop_goes_once_no_record_of_its_block_is_left_and_the_block_stays_away()
    {
        using var folder = new TemporaryStore();
        Cid[] cids;
        Cid kept;
        using (CidStore store = Stores.Open(folder))
        {
            kept = store.Put(Stores.Numbers(1)).Cid;
            cids = [.. Enumerable.Range(0, 40).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50_000)).Cid)];
            _ = store.Retention.Remove(cids);
            Fill(store, kept, 80);
            CompactResult first = store.Maintenance.Compact(0.9);
            Assert.Contains(first.Segments,
                one => one is { Kind: StoreSegmentKind.Data, Outcome: CompactOutcome.Freed });
            Assert.Contains(first.Segments,
                one => one is { Kind: StoreSegmentKind.Facts, Outcome: CompactOutcome.Freed });
            // The blocks in the segment that is written to are dead and there: their drops are, too.
            Assert.Contains(DropsOf(store),
                digest => cids.Any(cid => cid.TryGetSha256(out Digest256 one) && one == digest));
            for (int number = 100; number < 130; number++) _ = store.PutRaw(StoreCalls.Numbered(number, 50_000));
            Fill(store, kept, 80);
            _ = store.Maintenance.Compact(0.9);
            Assert.Empty(DropsOf(store));
        }

        using CidStore again = Stores.Open(folder);
        Assert.All(cids, cid => Assert.False(again.Metadata.Get(cid)?.IsPresent ?? false));
        Assert.True(again.Metadata.Get(kept)!.IsPresent);
        Assert.True(again.PutRaw(StoreCalls.Numbered(3, 50_000)).IsNew);
        Assert.True(again.Metadata.Get(cids[3])!.IsPresent);
    }

    [Fact]
    public void When_a_block_was_last_put_is_known_after_its_announcement_moved()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        byte[] bytes = StoreCalls.Numbered(0, 1000);
        Cid cid = store.PutRaw(bytes).Cid;
        DateTimeOffset soon = DateTimeOffset.UtcNow.AddMilliseconds(2);
        store.Metadata.SetExpiry(cid, soon);
        SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > soon.AddMilliseconds(2));
        Assert.False(store.PutRaw(bytes).IsNew);
        Cid[] garbage = [.. Enumerable.Range(1,
            60).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50_000)).Cid)];
        _ = store.Retention.Remove(garbage);
        StoredEntry before = store.Metadata.Get(cid)!;
        string place = Place(store, cid);
        Assert.True(store.Maintenance.Compact(0.9).BytesMoved > 0);
        Assert.NotEqual(place, Place(store, cid));
        using CidStore again = Stores.Open(folder);
        StoredEntry after = again.Metadata.Get(cid)!;
        Assert.Equal((before.Created, before.LastPut, (DateTimeOffset?)null),
            (after.Created, after.LastPut, after.Expires));
        // It was put after it had expired, and is not collected.
        Assert.Empty(again.Retention.Collect().Collected);
    }

    [Fact]
    public void What_was_moved_is_not_announced_again_and_an_old_cursor_hears_a_gap()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid kept = store.PutRaw(StoreCalls.Numbered(0, 1000)).Cid;
        Cursor old = store.Blocks.Listing.Fix(Cursor.Now);
        Cid[] garbage = [.. Enumerable.Range(1,
            60).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50_000)).Cid)];
        Cursor now = store.Blocks.Listing.Fix(Cursor.Now);
        _ = store.Retention.Remove(garbage);
        Assert.True(store.Maintenance.Compact(0.9).BytesMoved > 0);
        using LogReader following = store.Blocks.Tail(now);
        Assert.False(following.TryNext(out LogEvent found), $"{found.Record.Digest} of lane {found.Lane}");
        using LogReader late = store.Blocks.Tail(old);
        Assert.True(late.TryNext(out found));
        Assert.Equal(GapReason.Gone, found.Gap?.Reason);
        var listed = new List<Digest256>();
        while (late.TryNext(out found)) listed.Add(found.Record.Digest);
        Assert.True(kept.TryGetSha256(out Digest256 digest));
        Assert.Contains(digest, listed);
    }

    [Fact]
    public void What_somebody_reads_stays_until_he_is_done()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), reader = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0,
            60).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50_000)).Cid)];
        using (RecordLease held = reader.Blocks.Find(Sha256.Hash(StoreCalls.Numbered(0, 50_000)))!)
        {
            _ = store.Retention.Remove(cids);
            CompactResult beside = store.Maintenance.Compact();
            Assert.Contains(beside.Segments, one => one.Outcome == CompactOutcome.Held);
            Assert.Equal(StoreCalls.Numbered(0, 50_000), held.Memory.ToArray());
        }

        Assert.True(store.Maintenance.Compact().BytesFreed > 0);
    }

    [Fact]
    public void Facts_of_a_kind_that_is_not_known_keep_their_segment()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        // [[time, writer, [[99]]]]
        byte[] later = [0x81, 0x83, 0x01, 0x50, .. new byte[16], 0x81, 0x81, 0x18, 99];
        _ = store.Blocks.Append(new Bytes(later));
        Fill(store, cid, 80);
        CompactResult result = store.Maintenance.Compact(0.9);
        Assert.Equal([CompactOutcome.Damaged, CompactOutcome.Freed], result.Segments.Select(one => one.Outcome));
        Assert.Empty(store.Diagnostics.CheckFacts());
    }

    [Fact]
    public void A_handle_gives_room_back_by_itself_some_time_after_a_removal()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        using BlockStore plain = folder.Open();
        Cid[] cids = [.. Enumerable.Range(0,
            60).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50_000)).Cid)];
        _ = store.Retention.Remove(cids);
        long taken = store.Diagnostics.GetSummary().BytesTaken;
        StoreRegistry? registry = null;
        using BlockStore quick = BlockStore.Open(folder.Directory, TemporaryStore.Small with
        {
            CompactDelay = TimeSpan.Zero,
            TickInterval = TimeSpan.FromMilliseconds(1),
        }, blocks => registry = new StoreRegistry(blocks, TimeSpan.FromSeconds(20)));
        using StoreRegistry facts = registry!;
        // What others have mapped goes once they let go of it.
        Assert.True(SpinWait.SpinUntil(() => store.Diagnostics.GetSummary().BytesTaken < taken - (1 << 20),
            TimeSpan.FromSeconds(60)));
        Assert.All(cids, cid => Assert.False(store.Metadata.Get(cid)?.IsPresent ?? false));
    }

    /// <summary>Facts of which each replaces the one before, a segment full and more.</summary>
    internal static void Fill(CidStore store, Cid cid, int count)
    {
        for (int i = 0; i < count; i++)
            store.Metadata.Set(cid,
                new BlockMetadata { Json = $"{{\"i\":{i},\"text\":\"{new string('x', 30_000)}\"}}" });
    }

    private static string[] Facts(CidStore store, Cid cid, Cid next) =>
    [
        .. new[] { cid, next }.SelectMany(each => store.Metadata.Get(each) is not { } entry ? [] : new[]
        {
            string.Join(' ', entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal)), entry.Producer ?? "",
                entry.Json ?? "",
            $"{entry.IsPinned} {entry.Created} {entry.LastPut} {entry.IsPresent}", string.Join(' ', entry.Names),
        }),
        .. store.Names.GetHistory("n").Select(change => $"{change}"),
    ];

    private static string Place(CidStore store, Cid cid)
    {
        Assert.True(cid.TryGetSha256(out Digest256 digest));
        using RecordLease lease = store.Blocks.Find(digest)!;
        return lease.Location;
    }

    private static List<Digest256> DropsOf(CidStore store)
    {
        var dropped = new List<Digest256>();
        using LogReader tail = store.Blocks.Tail(Cursor.Oldest, TailScope.Facts);
        while (tail.TryNext(out LogEvent found))
        {
            foreach (FactGroup group in FactReader.Read(found.Payload.Span, found.Record.TimeNanoseconds, Assert.Fail))
                dropped.AddRange(group.Facts.OfType<DropFact>().SelectMany(drop => drop.Digests));
        }

        return dropped;
    }

    private sealed class Bytes(byte[] payload) : IFactSource
    {
        public int Write(in BlockInfo block, Span<byte> destination)
        {
            payload.CopyTo(destination);
            return payload.Length;
        }
    }
}
