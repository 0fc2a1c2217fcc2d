using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Store;

/// <summary>Places, the copies that are recorded there, and the removal of one of several.</summary>
public sealed class PlacesTests : IDisposable
{
    private readonly TemporaryStore _here = new(), _there = new();

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public void Table_keeps_places_sorted_by_name_and_replaces_one_of_the_same_name()
    {
        using CidStore store = Stores.Open(_here);
        Assert.Empty(store.Places.List());
        store.Places.Add(new BlockPlace { Name = "lab", Location = "http://lab:8816/", Cost = 10 });
        store.Places.Add(new BlockPlace { Name = "cold", Location = "s3://bucket/é", Cost = 20 });
        store.Places.Add(new BlockPlace { Name = "lab", Location = "/srv/lab", Cost = 0 });
        using CidStore other = Stores.Open(_here);
        Assert.Equal([("cold", "s3://bucket/é", 20), ("lab", "/srv/lab", 0)],
            other.Places.List().Select(place => (place.Name, place.Location, (int)place.Cost)));
        Assert.True(other.Places.Remove("cold"));
        Assert.False(other.Places.Remove("cold"));
        Assert.Equal("lab", Assert.Single(store.Places.List()).Name);
        Assert.Null(store.Places.Find("cold"));
    }

    [Theory]
    [InlineData("here", "/srv/a", 0)]
    [InlineData("", "/srv/a", 0)]
    [InlineData("a/b", "/srv/a", 0)]
    [InlineData("a:b", "/srv/a", 0)]
    [InlineData(" a", "/srv/a", 0)]
    [InlineData("a\n", "/srv/a", 0)]
    [InlineData("a", "", 0)]
    [InlineData("a", "/srv\0", 0)]
    [InlineData("a", "/srv/a", -1)]
    [InlineData("a", "/srv/a", 1L << 53)]
    public void Place_with_a_part_that_is_not_allowed_is_refused(string name, string location, long cost)
    {
        using CidStore store = Stores.Open(_here);
        var place = new BlockPlace { Name = name, Location = location, Cost = cost };
        Assert.Equal(ErrorCode.InvalidArgument, Code(() => store.Places.Add(place)));
        Assert.Empty(store.Places.List());
    }

    [Fact]
    public void Name_of_the_table_that_points_to_something_else_is_an_error()
    {
        using CidStore store = Stores.Open(_here);
        Cid cid = store.PutRaw(DagCbor.Encode(IpldNode.Map(("kind", IpldNode.Text("other")))), Multicodec.DagCbor).Cid;
        _ = store.Names.Set(StorePlaces.TableName, cid);
        Assert.Equal(ErrorCode.InvalidData, Code(() => store.Places.List()));
    }

    [Fact]
    public void Copied_dataset_is_recorded_block_by_block_and_survives_rebuild_compaction_and_backup()
    {
        Cid dataset, batch;
        using (CidStore store = OpenWithPlace("cold"))
        {
            batch = store.Put(Stores.Numbers(1, 2)).Cid;
            dataset = store.Datasets.Put([batch, store.Put(Stores.Numbers(3)).Cid]).Cid;
            Assert.Equal((4, 4), Counts(store.Places.Copy([dataset], "cold")));
            Assert.Equal((4, 0), Counts(store.Places.Copy([dataset], "cold")));
            Assert.Equal(["cold"], PlacesOf(store, batch));
            Assert.Equal(4, store.Places.ListAt("cold").Count());
            Assert.Equal(batch, Assert.Single(store.Query(Filter.Parse("place = cold and rows = 2"))).Cid);
            Assert.Empty(store.Query(Filter.Parse("place ~ \"w*\"")));
            _ = store.Maintenance.Checkpoint();
            _ = store.Maintenance.Compact();
            Assert.Equal(4, store.Places.ListAt("cold").Count());
        }

        foreach (string file in Directory.GetFiles(_here.Directory, "reg*")) File.Delete(file);
        using CidStore again = Stores.Open(_here);
        Assert.Equal(4, again.Places.ListAt("cold").Count());
        using var third = new TemporaryStore();
        using CidStore restored = Stores.Open(third);
        using var car = new MemoryStream();
        _ = again.Transfer.Backup(car);
        car.Position = 0;
        _ = restored.Transfer.Restore(ArrowCid.Transfer.Backup.StoreBackup.Read([car]));
        Assert.Equal(["cold"], PlacesOf(restored, dataset));
        Assert.Equal("cold", Assert.Single(restored.Places.List()).Name);
    }

    [Fact]
    public void Dropped_block_is_listed_named_and_read_from_the_other_copy()
    {
        using CidStore store = OpenWithPlace("cold");
        Cid one = store.Put(Stores.Numbers(1, 2, 3)).Cid, two = store.Put(Stores.Numbers(4)).Cid;
        Cid dataset = store.Datasets.Put([one, two]).Cid;
        _ = store.Names.Set("x", dataset);
        _ = store.Places.Copy([dataset], "cold");
        RemoveResult dry = store.Places.Drop([dataset], new DropOptions { DryRun = true });
        Assert.Equal([one, two], dry.Removed);
        Assert.True(store.Contains(one));
        RemoveResult dropped = store.Places.Drop([dataset]);
        Assert.Equal([one, two], dropped.Removed);
        Assert.Empty(dropped.Kept);
        Assert.False(store.Contains(one));
        Assert.True(store.Contains(dataset));
        StoredEntry entry = store.Metadata.Get(one)!;
        Assert.Equal((false, BlockKind.Batch, 3L), (entry.IsPresent, entry.Kind, entry.Rows));
        Assert.True(entry.ByteLength > 0);
        Assert.NotNull(entry.SchemaCid);
        Assert.Equal([one], store.Query(Filter.Parse("kind = batch and rows = 3"), includeMissing: true).Select(each => each.Cid));
        Assert.Empty(store.Query(Filter.Parse("kind = batch and rows = 3")));
        using (BlockBackend places = store.Places.AsBackend())
        using (BlockLease block = places.TryGet(one)!)
            Assert.Equal([1.0, 2, 3], block.ReadView().Column<double>("px").Values.ToArray());
        Assert.Equal(dataset, store.Names.Resolve("x"));
        _ = store.Put(Stores.Numbers(1, 2, 3));
        Assert.True(store.Metadata.Get(one)!.IsPresent);
        Assert.Equal(["cold"], PlacesOf(store, one));
    }

    [Fact]
    public void Last_copy_stays_where_the_other_one_is_gone_damaged_or_at_a_gateway()
    {
        using CidStore store = OpenWithPlace("cold");
        store.Places.Add(new BlockPlace { Name = "web", Location = "http://127.0.0.1:1/" });
        Cid[] cids = [.. Enumerable.Range(0, 4).Select(i => store.Put(Stores.Numbers(i)).Cid)];
        _ = store.Places.Copy(cids[..3], "cold");
        File.Delete(FileOf(cids[0]));
        byte[] bytes = File.ReadAllBytes(FileOf(cids[1]));
        bytes[^1] ^= 1;
        File.WriteAllBytes(FileOf(cids[1]), bytes);
        store.Registry.Facts.Append(new CopyFact(cids[3], "web", new CopyState("block", 1, 1, 1, null)));
        RemoveResult dropped = store.Places.Drop(cids);
        Assert.Equal([cids[2]], dropped.Removed);
        Assert.Equal([cids[0], cids[1], cids[3]], dropped.Kept.Select(kept => kept.Cid));
        Assert.All(dropped.Kept, kept => Assert.Equal(KeepKind.LastCopy, kept.Reasons.Single().Kind));
        Assert.Contains("cold does not have it", dropped.Kept[0].Reasons[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("other bytes", dropped.Kept[1].Reasons[0].ToString(), StringComparison.Ordinal);
        Assert.True(store.Contains(cids[0]) && store.Contains(cids[1]) && store.Contains(cids[3]));
        Assert.Equal(3, store.Places.Drop(cids, new DropOptions { Force = true }).Removed.Count);
    }

    [Fact]
    public void Pin_and_hold_keep_a_block_and_batches_keep_their_schema()
    {
        using CidStore store = OpenWithPlace("cold");
        Cid pinned = store.Put(Stores.Numbers(1)).Cid, held = store.Put(Stores.Numbers(2)).Cid;
        _ = store.Places.Copy([pinned, held], "cold");
        Cid schema = store.Metadata.Get(pinned)!.SchemaCid!.Value;
        store.Retention.Pin(pinned);
        using BlockHold hold = store.Retention.Hold([held]);
        RemoveResult dropped = store.Places.Drop([pinned, held, schema]);
        Assert.Empty(dropped.Removed);
        Assert.Equal([(pinned, KeepKind.Pinned), (held, KeepKind.Held), (schema, KeepKind.SchemaOf)],
            dropped.Kept.Select(kept => (kept.Cid, kept.Reasons[0].Kind)));
    }

    [Fact]
    public void Copy_at_a_place_is_dropped_where_the_store_or_another_place_has_it()
    {
        using var third = new TemporaryStore();
        using CidStore store = OpenWithPlace("cold");
        store.Places.Add(new BlockPlace { Name = "other", Location = third.PathOf("blocks") + "/" });
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Places.Copy([cid], "cold");
        Assert.Equal([cid], store.Places.Drop([cid], new DropOptions { From = "cold" }).Removed);
        Assert.False(File.Exists(FileOf(cid)));
        Assert.Empty(PlacesOf(store, cid));
        _ = store.Places.Copy([cid], "cold");
        _ = store.Places.Drop([cid]);
        Assert.Equal(KeepKind.LastCopy,
            store.Places.Drop([cid], new DropOptions { From = "cold" }).Kept.Single().Reasons[0].Kind);
        _ = store.Places.Copy([cid], "other");
        Assert.Equal(["cold", "other"], PlacesOf(store, cid));
        Assert.Equal([cid], store.Places.Drop([cid], new DropOptions { From = "cold" }).Removed);
        Assert.True(store.Places.Prove(cid, "other"));
        Assert.False(store.Places.Prove(cid, "cold"));
        Assert.Equal(ErrorCode.NameNotFound, Code(() => store.Places.Drop([cid], new DropOptions { From = "no" })));
    }

    [Fact]
    public void Two_stores_never_drop_the_copies_that_each_counts_on()
    {
        using CidStore one = Stores.Open(_here), two = Stores.Open(_there);
        one.Places.Add(new BlockPlace { Name = "two", Location = _there.Directory });
        two.Places.Add(new BlockPlace { Name = "one", Location = _here.Directory });
        for (int round = 0; round < 20; round++)
        {
            Cid cid = one.Put(Stores.Numbers(round)).Cid;
            _ = one.Places.Copy([cid], "two");
            _ = two.Places.Copy([cid], "one");
            int dropped = 0;
            Parallel.Invoke(() => Drop(one, cid), () => Drop(two, cid));
            Assert.True(one.Contains(cid) || two.Contains(cid), $"round {round}");
            Assert.InRange(dropped, 0, 1);

            void Drop(CidStore store, Cid block)
            {
                try
                {
                    if (store.Places.Drop([block]).Removed.Count > 0) _ = Interlocked.Increment(ref dropped);
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
                {
                    // The other one was faster.
                }
            }
        }
    }

    [Fact]
    public void Place_whose_copy_counts_is_locked_until_the_drop_has_ended()
    {
        using CidStore store = OpenWithPlace("cold");
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Places.Copy([cid], "cold");
        using (CopyLock.Take(_there.PathOf("blocks"), exclusive: true))
        {
            RemoveResult dropped = store.Places.Drop([cid]);
            Assert.Empty(dropped.Removed);
            Assert.Contains("another process removes copies there", dropped.Kept[0].Reasons[0].ToString(), StringComparison.Ordinal);
        }

        using (CopyLock.Take(_here.Directory, exclusive: false)) Assert.Equal(ErrorCode.Busy, Code(() => store.Places.Drop([cid])));
        using (CopyLock.Take(_there.PathOf("blocks"), exclusive: false)) Assert.Equal([cid], store.Places.Drop([cid]).Removed);
    }

    [Fact]
    public void Place_that_cannot_be_locked_gives_up_blocks_only_by_force()
    {
        var blocks = new Dictionary<Cid, byte[]>();
        using CidStore store = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            OpenPlace = (_, _) => new UnlockedBackend(blocks),
        });
        store.Places.Add(new BlockPlace { Name = "bucket", Location = "bucket://x" });
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Places.Copy([cid], "bucket");
        var options = new DropOptions { From = "bucket" };
        Assert.Equal(ErrorCode.Unsupported, Code(() => store.Places.Drop([cid], options)));
        Assert.True(store.Places.Prove(cid, "bucket"));
        Assert.Equal([cid], store.Places.Drop([cid], options with { Force = true }).Removed);
        Assert.False(store.Places.Prove(cid, "bucket"));
    }

    [Fact]
    public void Cheapest_place_is_read_first_and_the_next_one_where_it_fails()
    {
        var opened = new List<string>();
        using CidStore store = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            OpenPlace = (location, isReadOnly) =>
            {
                opened.Add(Path.GetFileName(location.TrimEnd('/')));
                return StorePlaces.OpenLocation(location, isReadOnly);
            },
        });
        foreach ((string name, int cost) in new[] { ("dear", 9), ("cheap", 1) })
            store.Places.Add(new BlockPlace { Name = name, Location = _there.PathOf(name) + "/", Cost = cost });
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        foreach (string name in new[] { "dear", "cheap" }) _ = store.Places.Copy([cid], name);
        opened.Clear();
        using (BlockBackend places = store.Places.AsBackend()) places.TryGet(cid)!.Dispose();
        Assert.Equal(["cheap"], opened);
        File.Delete(_there.PathOf($"cheap/{cid}.arrows"));
        opened.Clear();
        using (BlockBackend places = store.Places.AsBackend())
        {
            places.TryGet(cid)!.Dispose();
            Assert.Null(places.TryGet(store.Put(Stores.Numbers(2)).Cid));
        }

        Assert.Equal(["cheap", "dear"], opened);
    }

    [Fact]
    public void Place_that_could_not_be_opened_is_tried_again()
    {
        bool isDown = true;
        using CidStore store = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            OpenPlace = (location, isReadOnly) => isDown && isReadOnly
                ? throw new ArrowCidException(ErrorCode.Busy, "the place is down")
                : StorePlaces.OpenLocation(location, isReadOnly),
        });
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/" });
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Places.Copy([cid], "cold");
        using BlockBackend places = store.Places.AsBackend();
        Assert.Equal(ErrorCode.Busy, Code(() => places.TryGet(cid)));
        Assert.Equal(ErrorCode.Busy, Code(() => places.Contains(cid)));
        isDown = false;
        using BlockLease? block = places.TryGet(cid);
        Assert.NotNull(block);
        Assert.Contains(cid, places.List());
    }

    [Fact]
    public void Locations_of_several_writers_are_kept_together_and_an_empty_list_ends_them()
    {
        using CidStore one = Stores.Open(_here), two = Stores.Open(_here);
        Cid cid = one.Put(Stores.Numbers(1)).Cid;
        one.Metadata.Set(cid, new BlockMetadata { Locations = ["http://a/", "http://b/"] });
        two.Metadata.Set(cid, new BlockMetadata { Locations = ["http://c/", "http://b/"] });
        Assert.Equal(["http://c/", "http://b/", "http://a/"], one.Metadata.Get(cid)!.Locations);
        one.Metadata.Set(cid, new BlockMetadata { Locations = ["http://d/"] });
        Assert.Equal(["http://d/", "http://c/", "http://b/"], two.Metadata.Get(cid)!.Locations);
        _ = one.Maintenance.Checkpoint();
        _ = one.Maintenance.Compact();
        using (CidStore again = Stores.Open(_here)) Assert.Equal(["http://d/", "http://c/", "http://b/"], again.Metadata.Get(cid)!.Locations);
        two.Metadata.Set(cid, new BlockMetadata { Locations = [] });
        Assert.Empty(one.Metadata.Get(cid)!.Locations);
        one.Metadata.Set(cid, new BlockMetadata { Locations = ["http://e/"] });
        Assert.Equal(["http://e/"], two.Metadata.Get(cid)!.Locations);
    }

    [Theory]
    [InlineData("/srv/blocks", "/srv/blocks")]
    [InlineData("file:///srv/blocks", "/srv/blocks")]
    [InlineData("grpc://lab:8815", "grpc://lab:8815")]
    [InlineData("s3://bucket/quotes", "s3://bucket/quotes")]
    [InlineData("/ip4/127.0.0.1/tcp/8816/http", "http://127.0.0.1:8816/")]
    [InlineData("/ip6/::1/tcp/443/tls/http", "https://[::1]:443/")]
    [InlineData("/dns4/data.example/tcp/443/https", "https://data.example:443/")]
    [InlineData("/dns/data.example/tcp/80/http/http-path/a%2fb", "http://data.example:80/a/b")]
    [InlineData("/ip4/127.0.0.1/tcp/4001", null)]
    [InlineData("/ip4/300.0.0.1/tcp/80/http", null)]
    [InlineData("http://lab:8816?token-file=/etc/shadow", null)]
    [InlineData("s3://bucket/a?endpoint=http://evil.example", null)]
    [InlineData("file://host/srv", null)]
    [InlineData("shm:../x", null)]
    [InlineData("words", null)]
    [InlineData("", null)]
    public void Location_hint_means_a_location_or_is_not_followed(string hint, string? location) =>
        Assert.Equal(location, LocationHint.Resolve(hint));

    [Fact]
    public void Block_is_read_from_a_recorded_location_only_where_locations_are_followed()
    {
        using CidStore store = Stores.Open(_here);
        using CidStore other = Stores.Open(_there);
        Cid cid = other.Put(Stores.Numbers(1, 2)).Cid;
        store.Metadata.Set(cid, new BlockMetadata { Locations = ["words", "http://127.0.0.1:1/", _there.Directory] });
        using BlockBackend copies = store.Places.AsBackend(), all = store.Places.AsBackend(followLocations: true);
        Assert.Null(copies.TryGet(cid));
        using BlockLease block = all.TryGet(cid)!;
        Assert.Equal(2, block.ReadView().Length);
        store.Metadata.Set(cid, new BlockMetadata { Locations = ["http://127.0.0.1:1/"] });
        Cid absent = Cid.Sha256(Multicodec.Raw, "absent"u8);
        store.Metadata.Set(absent, new BlockMetadata { Locations = [_there.Directory] });
        Assert.Null(all.TryGet(absent));
    }

    [Fact]
    public void Store_that_reads_places_fetches_a_missing_block_once_and_keeps_it()
    {
        Cid dropped, lost;
        using (CidStore store = OpenWithPlace("cold"))
        {
            dropped = store.Put(Stores.Numbers(1, 2, 3)).Cid;
            lost = store.Put(Stores.Numbers(4)).Cid;
            _ = store.Places.Copy([dropped, lost], "cold");
            _ = store.Places.Drop([dropped, lost]);
            Assert.Null(store.TryGet(dropped));
        }

        File.Delete(FileOf(lost));
        int opened = 0;
        using CidStore reading = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            ReadPlaces = true,
            OpenPlace = (location, isReadOnly) =>
            {
                _ = Interlocked.Increment(ref opened);
                return StorePlaces.OpenLocation(location, isReadOnly);
            },
        });
        Assert.False(reading.Contains(dropped));
        Parallel.For(0, 8, _ =>
        {
            using BatchLease? lease = reading.TryGet(dropped);
            Assert.Equal(3, lease!.View.Length);
        });
        Assert.Equal(1, opened);
        Assert.True(reading.Contains(dropped));
        using (BatchLease lease = reading.TryGet(dropped)!) StoreDamage.Flip(lease);
        Assert.Equal(ErrorCode.BlockCorrupt, reading.Diagnostics.Verify(dropped)!.Value.Error!.Code);
        using (BatchLease repaired = reading.TryGet(dropped)!) Assert.Equal([1.0, 2, 3], repaired.Column<double>("px").Values.ToArray());
        Assert.True(reading.Diagnostics.Verify(dropped)!.Value.IsIntact);
        Assert.Null(reading.TryGet(lost));
        Assert.Null(reading.TryGet(Cid.Sha256(Multicodec.Raw, "absent"u8)));
    }

    [Fact]
    public void Blocks_with_too_few_copies_are_listed_and_copied_to_the_cheapest_places()
    {
        using CidStore store = OpenWithPlace("cold");
        Assert.Equal(ErrorCode.NameNotFound, Code(() => OpenEmpty().Places.AddCopies(2)));
        store.Places.Add(new BlockPlace { Name = "cheap", Location = _there.PathOf("cheap") + "/", Cost = 0 });
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/", Cost = 5 });
        Cid one = store.Put(Stores.Numbers(1)).Cid, two = store.Put(Stores.Numbers(2)).Cid;
        _ = store.Places.Copy([one], "cold");
        var batches = Filter.Parse("kind = batch");
        Assert.Equal([(two, 1)], store.Places.FindShort(2, batches).Select(each => (each.Entry.Cid, each.Copies)));
        Assert.Equal(1, store.Places.AddCopies(2, batches));
        Assert.Empty(store.Places.FindShort(2, batches));
        Assert.Equal(["cold"], PlacesOf(store, one));
        Assert.Equal(["cheap"], PlacesOf(store, two));
        Assert.Equal(2, store.Places.AddCopies(3, batches));
        Assert.Equal(["cheap", "cold"], PlacesOf(store, one));
        _ = store.Places.Drop([one]);
        Assert.Equal([(one, 2)], store.Places.FindShort(3, batches).Select(each => (each.Entry.Cid, each.Copies)));
        Assert.Equal(2, store.Places.FindShort(4, batches).Count());
    }

    [Fact]
    public void Damaged_block_is_repaired_from_the_places()
    {
        Cid cid;
        using (CidStore store = OpenWithPlace("cold"))
        {
            cid = store.Put(Stores.Numbers(1, 2, 3)).Cid;
            _ = store.Places.Copy([cid], "cold");
        }

        using CidStore again = Stores.Open(_here);
        using (BatchLease lease = again.TryGet(cid)!) StoreDamage.Flip(lease);
        using BlockBackend places = again.Places.AsBackend();
        Assert.Equal(RepairOutcome.Repaired, again.Maintenance.Repair(cid, places)!.Value.Outcome);
        Assert.True(again.Places.Prove(cid, BlockPlace.Here));
    }

    private CidStore OpenWithPlace(string name)
    {
        CidStore store = Stores.Open(_here);
        store.Places.Add(new BlockPlace { Name = name, Location = _there.PathOf("blocks") + "/" });
        return store;
    }

    private CidStore OpenEmpty()
    {
        _ = Directory.CreateDirectory(_there.Directory);
        return CidStore.Open(_there.PathOf("empty"), new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20 });
    }

    private string FileOf(Cid cid) => _there.PathOf($"blocks/{cid}.arrows");

    private static string[] PlacesOf(CidStore store, Cid cid) => [.. store.Metadata.Get(cid)!.Copies.Select(copy => copy.Place)];

    private static (int, int) Counts(BlockCopyResult copied) => (copied.Blocks, copied.NewBlocks);

    private static ErrorCode Code(Action call) => Assert.Throws<ArrowCidException>(call).Code;

    /// <summary>Blocks that outlive the handle, in a place without a directory.</summary>
    private sealed class UnlockedBackend(Dictionary<Cid, byte[]> blocks) : BlockBackend("bucket://x")
    {
        public override bool CanPut => true;

        public override bool CanDelete => true;

        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            bool isThere = blocks.TryGetValue(cid, out byte[]? found);
            bytes = found;
            return isThere;
        }

        protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            blocks[cid] = bytes.ToArray();

        protected override void Remove(Cid cid, CancellationToken cancellationToken) => blocks.Remove(cid);
    }
}
