using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Removing blocks, and what stands against it.</summary>
public class RemoveTests
{
    [Fact]
    public void What_nothing_keeps_is_removed_and_its_facts_stay()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        using CidStore other = Stores.Open(folder);
        PutResult one = store.Put(Stores.Numbers(1)), two = store.Put(Stores.Numbers(2));
        store.Metadata.Tag(one.Cid, "k", "v");
        Assert.Empty(store.Retention.GetReasons(one.Cid));
        RemoveResult dry = store.Retention.Remove([one.Cid], dryRun: true);
        Assert.Equal([one.Cid], dry.Removed);
        Assert.Equal((one.ByteLength, true), (dry.ByteLength, dry.IsDryRun));
        Assert.True(other.Metadata.Get(one.Cid)!.IsPresent);
        RemoveResult done = store.Retention.Remove([one.Cid]);
        Assert.Equal([one.Cid], done.Removed);
        Assert.Empty(done.Kept);
        foreach (CidStore each in new[] { store, other })
        {
            Assert.False(each.Metadata.Get(one.Cid)!.IsPresent);
            Assert.Equal("v", each.Metadata.Get(one.Cid)!.Tags["k"]);
            Assert.Equal([two.Cid], each.List().Select(block => block.Cid));
            Assert.DoesNotContain(each.Query(), entry => entry.Cid == one.Cid);
        }

        using CidStore again = Stores.Open(folder);
        Assert.Equal([two.Cid], again.List().Select(block => block.Cid));
        Assert.Equal([KeepKind.NotHere],
            again.Retention.Remove([one.Cid]).Kept.Single().Reasons.Select(reason => reason.Kind));
    }

    [Fact]
    public void Removal_by_filter_removes_what_its_dry_run_said()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 20).Select(number => store.Put(Stores.Numbers(number),
            new PutOptions { Tags = new Dictionary<string, string?> { ["few"] = "1" } }).Cid)];
        Cid other = store.Put(Stores.Numbers(99)).Cid;
        _ = store.Names.Set("kept", cids[0]);
        store.Retention.Pin(cids[1]);
        var filter = Filter.Parse("tag.few = \"1\"");
        RemoveResult dry = store.Retention.RemoveWhere(filter, dryRun: true);
        Assert.Equal(21, store.List().Count());
        RemoveResult done = store.Retention.RemoveWhere(filter);
        Assert.Equal(cids[2..].ToHashSet(), done.Removed.ToHashSet());
        Assert.Equal(dry.Removed.ToHashSet(), done.Removed.ToHashSet());
        Assert.Equal((dry.ByteLength, true, false), (done.ByteLength, dry.IsDryRun, done.IsDryRun));
        Assert.Equal(new[] { cids[0], cids[1] }.ToHashSet(), done.Kept.Select(kept => kept.Cid).ToHashSet());
        Assert.Equal(new[] { cids[0], cids[1], other }.ToHashSet(), store.List().Select(block => block.Cid).ToHashSet());
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        Assert.Throws<OperationCanceledException>(() => store.Retention.RemoveWhere(filter, false, canceled.Token));
    }

    [Fact]
    public void A_put_after_a_removal_revives_the_block_with_its_facts()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1), new PutOptions { Producer = "p" }).Cid;
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal([cid], store.Retention.Remove([cid]).Removed);
            Assert.False(store.Metadata.Get(cid)!.IsPresent);
            _ = store.Put(Stores.Numbers(1));
            using CidStore other = Stores.Open(folder);
            foreach (CidStore each in new[] { store, other })
            {
                Assert.Equal((true, "p"), (each.Metadata.Get(cid)!.IsPresent, each.Metadata.Get(cid)!.Producer));
                Assert.Equal([cid], each.List().Select(block => block.Cid));
            }
        }
    }

    [Fact]
    public void A_removed_block_that_can_still_be_found_is_revived_by_a_name_or_pin()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        Assert.Single(store.Retention.Remove([cid]).Removed);
        // Nobody has cleaned up yet.
        _ = store.Names.Set("n", cid);
        Assert.True(store.Metadata.Get(cid)!.IsPresent);
        Assert.Equal([KeepKind.Named],
            store.Retention.Remove([cid]).Kept.Single().Reasons.Select(reason => reason.Kind));
        _ = store.Names.Remove("n");
        Assert.Single(store.Retention.Remove([cid]).Removed);
        store.Retention.Pin(cid);
        Assert.True(store.Metadata.Get(cid)!.IsPresent);
    }

    [Fact]
    public void Names_pins_and_holds_keep_a_block_and_say_so()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        Cid named = store.Put(Stores.Numbers(1), new PutOptions { Name = "a" }).Cid;
        Cid pinned = store.Put(Stores.Numbers(2), new PutOptions { Pin = true }).Cid;
        Cid held = store.Put(Stores.Numbers(3)).Cid, free = store.Put(Stores.Numbers(4)).Cid;
        BlockHold hold = other.Retention.Hold(held);
        Assert.Equal([held], hold.Cids);
        RemoveResult result = store.Retention.Remove([named, pinned, held, free]);
        Assert.Equal([free], result.Removed);
        Assert.Equal([(named, KeepKind.Named), (pinned, KeepKind.Pinned), (held, KeepKind.Held)],
            result.Kept.Select(kept => (kept.Cid, kept.Reasons.Single().Kind)));
        Assert.Equal("the name 'a' points to it", result.Kept[0].Reasons[0].ToString());
        Assert.True(store.Metadata.Get(held) is { IsHeld: true, IsPinned: true });
        Assert.True(store.Metadata.Get(pinned) is { IsHeld: false, IsPinned: true });
        hold.Dispose();
        hold.Dispose();
        Assert.True(store.Retention.Unpin(pinned));
        Assert.True(store.Names.Remove("a"));
        Assert.Equal([named, pinned, held], store.Retention.Remove([named, pinned, held]).Removed);
    }

    [Fact]
    public void A_hold_ends_with_its_handle()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        using (CidStore other = Stores.Open(folder))
        {
            _ = other.Retention.Hold(cid);
            Assert.Equal([KeepKind.Held], store.Retention.GetReasons(cid).Select(reason => reason.Kind));
        }

        Assert.Empty(store.Retention.GetReasons(cid));
        Assert.False(store.Metadata.Get(cid)!.IsHeld);
    }

    [Fact]
    public void A_schema_goes_only_with_its_last_batch()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        PutResult one = store.Put(Stores.Numbers(1)), two = store.Put(Stores.Numbers(2));
        RemoveResult kept = store.Retention.Remove([one.SchemaCid, one.Cid]);
        Assert.Equal([one.Cid], kept.Removed);
        Assert.Equal([new KeepReason { Kind = KeepKind.SchemaOf, Name = null, By = two.Cid }],
            kept.Kept.Single().Reasons);
        Assert.Equal([two.SchemaCid, two.Cid], store.Retention.Remove([one.SchemaCid, two.Cid]).Removed);
        // A handle that has put the schema before puts it again with the next batch.
        PutResult three = store.Put(Stores.Numbers(3));
        Assert.True(store.Metadata.Get(three.SchemaCid)!.IsPresent);
    }

    [Fact]
    public void A_kept_batch_keeps_its_schema_though_both_were_asked_for()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        PutResult put = store.Put(Stores.Numbers(1), new PutOptions { Name = "n" });
        RemoveResult result = store.Retention.Remove([put.SchemaCid, put.Cid]);
        Assert.Empty(result.Removed);
        Assert.Equal([KeepKind.SchemaOf, KeepKind.Named], result.Kept.Select(kept => kept.Reasons.Single().Kind));
    }

    [Fact]
    public void What_is_expired_is_removed_unless_something_keeps_it()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 4).Select(number => store.Put(Stores.Numbers(number)).Cid)];
        store.Retention.Pin(cids[1]);
        DateTimeOffset soon = DateTimeOffset.UtcNow.AddMilliseconds(2);
        for (int number = 0; number < 4; number++) store.Metadata.SetExpiry(cids[number],
            number == 3 ? soon.AddDays(1) : soon);
        SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > soon.AddMilliseconds(1));
        RemoveResult result = store.Retention.RemoveExpired();
        Assert.Equal([cids[0], cids[2]], result.Removed.Order(Comparer<Cid>.Create((a, b) =>
            Array.IndexOf(cids, a).CompareTo(Array.IndexOf(cids, b)))));
        Assert.Equal([cids[1]], result.Kept.Select(kept => kept.Cid));
        // Put again after it expired, a block is no longer expired.
        _ = store.Put(Stores.Numbers(0));
        Assert.Null(store.Metadata.Get(cids[0])!.Expires);
        Assert.Empty(store.Retention.RemoveExpired().Removed);
    }

    [Fact]
    public void Names_and_puts_beside_removals_are_never_hollow()
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            using var folder = new TemporaryStore();
            using CidStore store = Stores.Open(folder), janitor = Stores.Open(folder);
            Cid[] cids = [.. Enumerable.Range(0, 4).Select(number => store.Put(Stores.Numbers(number)).Cid)];
            Cid schema = store.Metadata.Get(cids[0])!.SchemaCid!.Value;
            int done = 0;
            Parallel.Invoke(
                () =>
                {
                    while (Volatile.Read(ref done) == 0) _ = janitor.Retention.Remove([.. cids, schema]);
                },
                () =>
                {
                    try
                    {
                        var random = new Random(seed);
                        for (int round = 0; round < 150; round++)
                        {
                            int number = random.Next(cids.Length);
                            string name = $"n{number}";
                            if (random.Next(2) == 0)
                                _ = store.Put(Stores.Numbers(number), new PutOptions { Name = name });
                            else if (!TrySetName(store, name, cids[number])) continue;
                            // Named and acknowledged: it and its schema are there until the name goes.
                            StoredEntry entry = store.Metadata.Get(cids[number])!;
                            Assert.True(entry.IsPresent && entry.Names.Contains(name),
                                $"seed {seed}, round {round}: hollow");
                            Assert.True(janitor.Metadata.Get(schema)!.IsPresent,
                                $"seed {seed}, round {round}: no schema");
                            Assert.True(store.Names.Remove(name));
                        }
                    }
                    finally
                    {
                        Volatile.Write(ref done, 1);
                    }
                });
            Assert.Empty(store.Diagnostics.CheckFacts());
        }
    }

    [Fact]
    public void The_room_of_removed_blocks_comes_back_and_what_is_kept_stays()
    {
        const int Rows = 12_500;
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        List<Cid> kept = [], gone = [];
        for (int number = 0; number < 600; number += 20)
        {
            Cid[] some = [.. Enumerable.Range(number, 20).Select(n =>
                store.Put(Stores.Numbers([.. Enumerable.Range(0, Rows).Select(row => (double)(row * n))])).Cid)];
            _ = store.Names.Set($"n{number}", some[3]);
            other.Retention.Pin(some[7]);
            RemoveResult result = store.Retention.Remove(some);
            Assert.Equal([some[3], some[7]], result.Kept.Select(block => block.Cid));
            kept.AddRange([some[3], some[7]]);
            gone.AddRange(result.Removed);
            // Put again, it stays although it was removed.
            if (number % 100 != 0) continue;
            kept.Add(some[9]);
            _ = gone.Remove(some[9]);
            _ = store.Put(Stores.Numbers([.. Enumerable.Range(0, Rows).Select(row => (double)(row * (number + 9)))]));
        }

        // Twice its capacity went through the store.
        using CidStore again = Stores.Open(folder);
        foreach (CidStore each in new[] { store, other, again })
        {
            Assert.Equal(kept.ToHashSet(), each.List().Select(block => block.Cid).ToHashSet());
            Assert.All(kept, cid => Assert.True(each.Diagnostics.Verify(cid)!.Value.IsIntact &&
                each.Metadata.Get(cid)!.IsPresent));
            Assert.All(gone, cid => Assert.False(each.Metadata.Get(cid)?.IsPresent ?? false));
        }
    }

    [Fact]
    public void A_ring_refuses_names_pins_and_holds()
    {
        using var folder = new TemporaryStore();
        using var store = CidStore.Open(folder.Directory,
            new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20, Retention = RetentionMode.Ring });
        Cid cid = store.Put(Stores.Numbers(1), new PutOptions { Producer = "p" }).Cid;
        Action[] calls =
        [
            () => store.Names.Set("n", cid), () => store.Retention.Pin(cid), () => store.Retention.Hold(cid),
            () => store.Put(Stores.Numbers(1), new PutOptions { Pin = true }),
            () => store.Put(Stores.Numbers(1), new PutOptions { Name = "n" }),
        ];
        foreach (Action call in calls) Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(call).Code);
        Assert.Equal("p", store.Metadata.Get(cid)!.Producer);
    }

    [Fact]
    public void Two_cannot_clean_up_at_once()
    {
        using var folder = new TemporaryStore();
        using var store = CidStore.Open(folder.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            Timeout = TimeSpan.FromMilliseconds(20),
        });
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        using BlockStore other = folder.Open();
        using (other.Coordination.TryBecomeJanitor(TimeSpan.FromSeconds(20)))
            Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() => store.Retention.Remove([cid])).Code);
        Assert.Single(store.Retention.Remove([cid]).Removed);
    }

    private static bool TrySetName(CidStore store, string name, Cid cid)
    {
        try
        {
            _ = store.Names.Set(name, cid);
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockNotFound)
        {
            return false;
        }
    }

    /// <summary>Blocks that are put in order of time are together in segments, which are unlinked once a month is removed
    /// or has expired; of those that two months share one is copied at most.</summary>
    [Fact]
    public void Month_that_is_removed_or_expired_frees_its_segments_without_copying_blocks()
    {
        const int Blocks = 150, Bytes = 20_000;
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = CidStore.Open(folder.Directory,
            new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20, TimeProvider = clock });
        Cid[][] months = [.. Enumerable.Range(1, 3).Select(month => Enumerable.Range(0, Blocks).Select(day =>
        {
            byte[] bytes = new byte[Bytes];
            new Random((month * 1000) + day).NextBytes(bytes);
            Cid cid = store.PutRaw(bytes).Cid;
            store.Metadata.Set(cid, new BlockMetadata
            {
                Tags = new Dictionary<string, string?> { ["month"] = $"{month}" },
                Expires = month == 2 ? clock.GetUtcNow().AddDays(1) : null,
            });
            return cid;
        }).ToArray())];
        Assert.Equal(Blocks, store.Retention.RemoveWhere(Filter.Parse("tag.month = 1")).Removed.Count);
        AssertUnlinked(store.Maintenance.Compact());
        clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(Blocks, store.Retention.RemoveExpired().Removed.Count);
        AssertUnlinked(store.Maintenance.Compact());
        Assert.DoesNotContain(months[0].Concat(months[1]), store.Contains);
        Assert.All(months[2], cid => Assert.True(store.Contains(cid)));

        static void AssertUnlinked(CompactResult done)
        {
            CompactedSegment[] freed = [.. done.Segments.Where(one =>
                one.Outcome == CompactOutcome.Freed && one.Kind == StoreSegmentKind.Data)];
            Assert.InRange(freed.Count(one => one.BytesAlive == 0), 2, int.MaxValue);
            Assert.InRange(freed.Count(one => one.BytesAlive > 0), 0, 1);
        }
    }
}
