using System.Collections.Concurrent;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Compaction of the segments that lanes still write to.</summary>
public sealed class CompactNewestTests
{
    private const long SegmentBytes = 16 << 20;

    private static CidStoreOptions Large => new() { Capacity = 256 << 20, SegmentSize = SegmentBytes };

    [Fact]
    public void Compact_frees_the_newest_segment_when_every_block_in_it_was_removed()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, Large);
        Cid[] cids = Put(store, 0, 40);
        _ = store.Retention.Remove(cids);
        long taken = store.Diagnostics.GetSummary().BytesTaken;
        CompactResult dry = store.Maintenance.Compact(dryRun: true);
        Assert.Equal(taken, store.Diagnostics.GetSummary().BytesTaken);
        CompactResult done = store.Maintenance.Compact();
        // The next segment takes 1 MiB of what the removed one took.
        Assert.Equal(SegmentBytes - (1 << 20), done.BytesFreed);
        Assert.Equal(dry.BytesFreed, done.BytesFreed);
        Assert.Equal(taken - done.BytesFreed, store.Diagnostics.GetSummary().BytesTaken);
        Assert.Equal(0, store.Maintenance.Compact().BytesFreed);
        Assert.All(cids, cid => Assert.False(store.Contains(cid)));
        AssertSound(store, Put(store, 100, 40));
    }

    [Fact]
    public void Compact_frees_the_newest_segment_when_its_writer_has_closed_the_store()
    {
        using var folder = new TemporaryStore();
        Cid[] gone, stays;
        using (CidStore writer = CidStore.Open(folder.Directory, Large))
        {
            gone = Put(writer, 0, 100);
            stays = Put(writer, 200, 5);
        }

        using (CidStore store = CidStore.Open(folder.Directory, Large))
        {
            _ = store.Retention.Remove(gone);
            long taken = store.Diagnostics.GetSummary().BytesTaken;
            CompactResult done = store.Maintenance.Compact();
            Assert.Equal(taken - done.BytesFreed, store.Diagnostics.GetSummary().BytesTaken);
            Assert.Contains(done.Segments,
                one => one is { Kind: StoreSegmentKind.Data, Outcome: CompactOutcome.Freed });
            Assert.True(done.BytesMoved > 0);
            AssertSound(store, stays);
        }

        using CidStore again = CidStore.Open(folder.Directory, Large);
        Assert.Equal(stays.Order(), again.Query().Where(entry => entry.IsPresent).Select(entry => entry.Cid).Order());
        AssertSound(again, [.. stays, .. Put(again, 300, 5)]);
    }

    [Fact]
    public void Compact_leaves_the_newest_segment_when_another_writer_has_its_lane()
    {
        using var folder = new TemporaryStore();
        using CidStore writer = CidStore.Open(folder.Directory, Large), store = CidStore.Open(folder.Directory, Large);
        Cid[] gone = Put(writer, 0, 20);
        _ = Put(store, 50, 1);
        _ = store.Retention.Remove(gone);
        Assert.DoesNotContain(store.Maintenance.Compact().Segments,
            one => one is { Kind: StoreSegmentKind.Data, Outcome: CompactOutcome.Freed });
        Assert.True(writer.Maintenance.Compact().BytesFreed >= SegmentBytes - (1 << 20));
        AssertSound(writer, Put(writer, 100, 20));
    }

    [Fact]
    public void Compact_leaves_the_newest_segment_when_no_block_in_it_was_removed()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, Large);
        Cid[] stays = Put(store, 0, 3);
        Assert.Equal(0, store.Maintenance.Compact(1).BytesFreed);
        AssertSound(store, stays);
    }

    [Fact]
    public void Watcher_hears_of_every_later_put_when_the_newest_segment_was_compacted()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, Large);
        using LogReader tail = store.Blocks.Tail(Cursor.Now);
        for (int round = 0; round < 6; round++)
        {
            Cid[] cids = Put(store, round * 10, 5);
            var heard = new List<Digest256>();
            while (tail.TryNext(out LogEvent found))
            {
                Assert.Null(found.Gap);
                heard.Add(found.Record.Digest);
            }

            Assert.Equal(cids.Select(cid => cid.TryGetSha256(out Digest256 digest) ? digest : default), heard);
            _ = store.Retention.Remove(cids);
            _ = store.Maintenance.Compact();
        }
    }

    [Fact]
    public async Task Puts_of_many_threads_are_all_found_when_the_store_is_compacted_meanwhile()
    {
        int seed = Random.Shared.Next();
        Console.WriteLine($"seed {seed}");
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, Large);
        var stays = new ConcurrentBag<Cid>();
        var removed = new ConcurrentQueue<Cid[]>();
        int running = 3;
        Task[] writers = [.. Enumerable.Range(0, 3).Select(worker => Task.Factory.StartNew(() =>
        {
            try
            {
                var random = new Random(seed + worker);
                for (int round = 0; round < 60; round++)
                {
                    Cid[] cids = Put(store, (worker * 100_000) + (round * 10), 6);
                    Cid[] gone = [.. cids.Where(_ => random.Next(3) > 0)];
                    removed.Enqueue(gone);
                    foreach (Cid cid in cids.Except(gone)) stays.Add(cid);
                }
            }
            finally
            {
                _ = Interlocked.Decrement(ref running);
            }
        }, TaskCreationOptions.LongRunning))];
        while (Volatile.Read(ref running) > 0 || !removed.IsEmpty)
        {
            while (removed.TryDequeue(out Cid[]? gone))
            {
                if (gone.Length > 0) _ = store.Retention.Remove(gone);
            }

            _ = store.Maintenance.Compact(0.9);
        }

        await Task.WhenAll(writers);
        AssertSound(store, [.. stays]);
        using CidStore again = CidStore.Open(folder.Directory, Large);
        Assert.Equal(stays.Order(), again.Query().Where(entry => entry.IsPresent).Select(entry => entry.Cid).Order());
    }

    private static Cid[] Put(CidStore store, int first, int count) =>
        [.. Enumerable.Range(first, count).Select(number => store.PutRaw(StoreCalls.Numbered(number, 20_000)).Cid)];

    private static void AssertSound(CidStore store, Cid[] present)
    {
        Assert.All(present, cid => Assert.Null(store.Diagnostics.Verify(cid)!.Value.Error));
        Assert.DoesNotContain(store.Blocks.Examination.CheckLog(),
            finding => finding.Severity == FindingSeverity.Error);
        Assert.DoesNotContain(store.Blocks.Examination.Examine(), finding => finding.Severity > FindingSeverity.Note);
    }
}
