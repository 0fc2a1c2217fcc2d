using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Collecting what nobody needs.</summary>
public class CollectTests
{
    private static readonly CollectOptions s_all = new() { Unreferenced = true, OlderThan = TimeSpan.Zero };

    [Fact]
    public void By_default_what_has_expired_goes_with_its_schema_and_twice_is_as_good_as_once()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        PutResult gone = store.Put(RecordBatch.Of(("other", ArrowArray.From<int>(new[] { 1 }))));
        PutResult stays = store.Put(Stores.Numbers(1)), later = store.Put(Stores.Numbers(2));
        PutResult also = store.Put(Stores.Numbers(3));
        Expire(store, gone.Cid, also.Cid);
        store.Metadata.SetExpiry(later.Cid, DateTimeOffset.UtcNow.AddDays(1));
        CollectResult dry = store.Retention.Collect(new CollectOptions { DryRun = true });
        CollectResult done = store.Retention.Collect();
        Assert.Equal(done.Collected, dry.Collected);
        Assert.Equal(new[] { gone.Cid, also.Cid, gone.SchemaCid }.ToHashSet(), done.Collected.Select(each => each.Cid).ToHashSet());
        Assert.Equal(done.ByteLength, done.Collected.Sum(each => each.ByteLength));
        Assert.Equal(CollectReason.Unneeded, done.Collected.Single(each => each.Cid == gone.SchemaCid).Reason);
        Dictionary<Cid, KeepKind> kept = dry.Kept.ToDictionary(each => each.Cid, each => each.Reasons.Single().Kind);
        Assert.Equal(KeepKind.Lasting, kept[stays.Cid]);
        Assert.Equal(KeepKind.Unexpired, kept[later.Cid]);
        Assert.Equal(KeepKind.SchemaOf, kept[stays.SchemaCid]);
        Assert.Equal(3, kept.Count);
        Assert.Empty(done.Kept);
        CollectResult again = store.Retention.Collect();
        Assert.Empty(again.Collected);
        Assert.Equal(done.BytesKept, again.BytesKept);
        Assert.Equal(new[] { stays.Cid, later.Cid }.ToHashSet(), store.List().Select(each => each.Cid).ToHashSet());
    }

    [Fact]
    public void On_request_all_goes_that_no_root_needs()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 8).Select(number => store.Put(Stores.Numbers(number)).Cid)];
        Cid dataset = store.Datasets.Put([cids[0], cids[1]]).Cid, loose = store.Datasets.Put([cids[2], cids[3]]).Cid;
        store.Retention.Pin(dataset);
        _ = store.Names.Set("n", cids[4]);
        using BlockHold hold = other.Retention.Hold(cids[5]);
        store.Metadata.SetExpiry(cids[6], DateTimeOffset.UtcNow.AddDays(1));
        CollectResult result = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero, DryRun = true });
        Assert.Equal([loose, cids[2], cids[3], cids[7]], InOrder(result, [loose, .. cids]));
        Dictionary<Cid, KeepReason> kept = result.Kept.ToDictionary(each => each.Cid, each => each.Reasons[0]);
        Assert.Equal(new KeepReason { Kind = KeepKind.LinkedFrom, Name = null, By = dataset }, kept[cids[0]]);
        Assert.Equal(KeepKind.Pinned, kept[dataset].Kind);
        Assert.Equal(new KeepReason { Kind = KeepKind.Named, Name = "n", By = null }, kept[cids[4]]);
        Assert.Equal(KeepKind.Held, kept[cids[5]].Kind);
        Assert.Equal(KeepKind.Unexpired, kept[cids[6]].Kind);
        Assert.Equal(result.Collected, store.Retention.Collect(s_all).Collected);
        foreach (Cid cid in (Cid[])[dataset, cids[0], cids[1], cids[4], cids[5], cids[6]]) Assert.True(other.Metadata.Get(cid)!.IsPresent);
        Assert.NotNull(other.Datasets.TryGet(dataset));
        Assert.All([loose, cids[2], cids[3], cids[7]], cid => Assert.False(other.Metadata.Get(cid)?.IsPresent ?? false));
    }

    [Fact]
    public void What_was_put_within_the_hour_stays_unless_it_has_expired()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid young = store.Put(Stores.Numbers(1)).Cid, expired = store.Put(Stores.Numbers(2)).Cid;
        Expire(store, expired);
        CollectResult spared = store.Retention.Collect(new CollectOptions { OlderThan = TimeSpan.FromHours(1), DryRun = true });
        Assert.Empty(spared.Collected);
        CollectResult result = store.Retention.Collect(new CollectOptions { Unreferenced = true });
        Assert.Equal([(expired, CollectReason.Expired)], result.Collected.Select(each => (each.Cid, each.Reason)));
        Assert.True(store.Metadata.Get(young)!.IsPresent);
        CollectResult dry = store.Retention.Collect(new CollectOptions { Unreferenced = true, DryRun = true });
        Assert.Contains(dry.Kept, kept => kept.Cid == young && kept.Reasons.Single().Kind == KeepKind.Recent);
    }

    [Fact]
    public void A_budget_takes_what_was_put_longest_ago_and_no_more_than_it_must()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 6).Select(number => store.PutRaw(StoreCalls.Numbered(number, 10_000)).Cid)];
        // A batch that a node links to goes after the node, however long ago it was put.
        Cid node = store.PutRaw(LinkTo(cids[0]), Multicodec.DagCbor).Cid;
        store.Retention.Pin(cids[1]);
        _ = store.PutRaw(StoreCalls.Numbered(2, 10_000));
        CollectOptions Budget(long bytes, bool isDryRun = false) => new() { MaxBytes = bytes, OlderThan = TimeSpan.Zero, DryRun = isDryRun };
        CollectResult result = store.Retention.Collect(Budget(40_000 + 1000));
        Assert.Equal([cids[3], cids[4]], result.Collected.Select(each => each.Cid));
        Assert.All(result.Collected, each => Assert.Equal(CollectReason.OverBudget, each.Reason));
        CollectResult within = store.Retention.Collect(Budget(60_000, isDryRun: true));
        Assert.Empty(within.Collected);
        Assert.Equal(KeepKind.WithinBudget, within.Kept.Single(kept => kept.Cid == cids[5]).Reasons.Single().Kind);
        CollectResult rest = store.Retention.Collect(Budget(0));
        Assert.Equal([cids[5], node, cids[0], cids[2]], rest.Collected.Select(each => each.Cid));
        Assert.Equal([cids[1]], store.Query().Select(entry => entry.Cid));
        Assert.Equal(10_000, rest.BytesKept);
    }

    [Fact]
    public void What_a_name_stood_for_is_a_root_on_request()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid first = store.Put(Stores.Numbers(1), new PutOptions { Name = "n" }).Cid;
        Cid second = store.Put(Stores.Numbers(2), new PutOptions { Name = "n" }).Cid;
        CollectResult kept = store.Retention.Collect(new CollectOptions
        {
            Unreferenced = true,
            OlderThan = TimeSpan.Zero,
            KeepHistory = true,
            DryRun = true,
        });
        Assert.Empty(kept.Collected);
        Assert.Contains(kept.Kept, each => each.Cid == first && each.Reasons.Contains(new KeepReason
        {
            Kind = KeepKind.NamedBefore,
            Name = "n",
            By = null,
        }));
        Assert.Equal([first], store.Retention.Collect(s_all).Collected.Select(each => each.Cid));
        Assert.True(store.Metadata.Get(second)!.IsPresent);
    }

    [Fact]
    public void A_touch_puts_the_end_off_and_leaves_when_it_was_put_as_it_is()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        Expire(store, cid);
        StoredEntry before = store.Metadata.Get(cid)!;
        Assert.True(before.IsExpired(DateTimeOffset.UtcNow));
        DateTimeOffset end = DateTimeOffset.UtcNow.AddDays(7);
        store.Metadata.SetExpiry(cid, end);
        StoredEntry after = store.Metadata.Get(cid)!;
        Assert.Equal((before.Created, before.LastPut), (after.Created, after.LastPut));
        Assert.Equal(end.ToUnixTimeMilliseconds(), after.Expires!.Value.ToUnixTimeMilliseconds());
        Assert.Empty(store.Retention.Collect().Collected);
    }

    /// <summary>Beside collections without end, whatever is acknowledged and then looked at is there.</summary>
    [Fact]
    public void What_is_touched_put_named_or_made_a_dataset_beside_collections_stays()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), janitor = Stores.Open(folder);
        int done = 0;
        Parallel.Invoke(
            () =>
            {
                for (int round = 0; Volatile.Read(ref done) == 0; round++)
                {
                    _ = janitor.Retention.Collect(round % 2 == 0 ? null : new CollectOptions
                    {
                        Unreferenced = true,
                        OlderThan = TimeSpan.FromMilliseconds(1),
                    });
                    if (round % 8 == 0) _ = janitor.Maintenance.Compact(0.9);
                }
            },
            () =>
            {
                try
                {
                    for (int round = 0; round < 150; round++) Work(store, round);
                }
                finally
                {
                    Volatile.Write(ref done, 1);
                }
            });
        Assert.Empty(store.Diagnostics.CheckFacts());
    }

    private static void Work(CidStore store, int round)
    {
        DateTimeOffset end = DateTimeOffset.UtcNow.AddHours(1);
        Cid touched = store.Put(Stores.Numbers(round % 5), new PutOptions { Expires = end }).Cid;
        Cid node;
        try
        {
            node = store.Datasets.Put([touched]).Cid;
            store.Retention.Pin(node);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockNotFound)
        {
            // A collection was first, and the caller knows.
            return;
        }

        store.Metadata.SetExpiry(touched, DateTimeOffset.UtcNow.AddMilliseconds(-1));
        foreach (Cid cid in (Cid[])[node, touched, store.Metadata.Get(touched)!.SchemaCid!.Value])
            Assert.True(store.Metadata.Get(cid)!.IsPresent, $"round {round}: a dataset that is pinned is hollow");
        Assert.NotNull(store.Datasets.TryGet(node));
        Assert.True(store.Retention.Unpin(node));
    }

    [Fact]
    public void A_ring_is_not_collected()
    {
        using var folder = new TemporaryStore();
        using var store = CidStore.Open(folder.Directory,
            new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20, Retention = RetentionMode.Ring });
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => store.Retention.Collect()).Code);
        Assert.Empty(store.Maintenance.Compact().Segments);
    }

    /// <summary>What a damaged node links to is not known: while it stays, so does all that it may need.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(-88)]
    public void A_damaged_node_keeps_what_it_may_need_until_it_is_set_aside(int offset)
    {
        using var folder = new TemporaryStore();
        Cid[] cids;
        Cid node;
        using (CidStore store = Stores.Open(folder))
        {
            cids = [.. Enumerable.Range(0, 3).Select(number => store.PutRaw(StoreCalls.Numbered(number)).Cid)];
            node = store.PutRaw(LinkTo(cids[0]), Multicodec.DagCbor).Cid;
            store.Retention.Pin(node);
        }

        // In its bytes, or in the digest that its header has.
        Flip(folder, node, offset);
        using (CidStore store = Stores.Open(folder))
        {
            CollectResult result = store.Retention.Collect(s_all);
            Assert.Empty(result.Collected);
            Assert.Empty(store.Retention.Remove([cids[0], cids[1]]).Removed);
            RemoveResult one = store.Retention.Remove([cids[1]], dryRun: true);
            KeepReason reason = one.Kept.Single().Reasons.Single();
            Assert.Equal(KeepKind.Unknowable, reason.Kind);
            Assert.Equal(offset > 0 ? new Remedy(RemedyKind.RepairBlock, node.ToString()) : new Remedy(RemedyKind.RepairStore),
                reason.Remedy);
            Assert.Contains(reason.By?.ToString() ?? "seg-", offset > 0 ? node.ToString() : $"{reason.Name}");
            Assert.Equal(ErrorCode.BlockCorrupt,
                offset < 0 ? ErrorCode.BlockCorrupt : Assert.Throws<ArrowCidException>(() => store.Retention.Pin(node)).Code);
        }

        StoreDoctor.Repair(folder.Directory, StoreDoctor.Examine(folder.Directory));
        using CidStore mended = Stores.Open(folder);
        Assert.True(mended.PutRaw(LinkTo(cids[0]), Multicodec.DagCbor).IsNew);
        Assert.Equal(new[] { cids[1], cids[2] }.ToHashSet(),
            mended.Retention.Collect(s_all).Collected.Select(each => each.Cid).ToHashSet());
        Assert.Equal(new[] { cids[0], node }.ToHashSet(), mended.Query().Select(each => each.Cid).ToHashSet());
    }

    private static void Flip(TemporaryStore folder, Cid cid, int offset)
    {
        Assert.True(cid.TryGetSha256(out Memory.Digest256 digest));
        foreach (string path in Directory.GetFiles(folder.Directory, "seg-*"))
        {
            byte[] bytes = File.ReadAllBytes(path);
            foreach ((long at, RecordHeader header) in SegmentBytes.Records(bytes))
            {
                if (!header.IsBlock || header.Digest != digest) continue;
                // A link's last byte: the node is still dag-cbor, with another link.
                long place = at + ArrowCid.Storage.StoreLayout.RecordHeaderBytes + offset;
                using FileStream file = File.Open(path, FileMode.Open);
                file.Position = place;
                file.WriteByte((byte)(bytes[place] ^ 1));
            }
        }
    }

    private static void Expire(CidStore store, params Cid[] cids)
    {
        DateTimeOffset soon = DateTimeOffset.UtcNow.AddMilliseconds(2);
        foreach (Cid cid in cids) store.Metadata.SetExpiry(cid, soon);
        SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > soon.AddMilliseconds(1));
    }

    private static Cid[] InOrder(CollectResult result, Cid[] cids) =>
        [.. cids.Where(cid => result.Collected.Any(each => each.Cid == cid))];

    private static byte[] LinkTo(Cid cid)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new DagCborWriter(output);
        writer.BeginList(1);
        writer.WriteLink(cid);
        return output.WrittenSpan.ToArray();
    }
}
