using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Sync;
using ArrowCid.Tests.Store;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Tests.Sync;

/// <summary>Two stores come into step.</summary>
public class StoreSyncTests
{
    [Fact]
    public void Blocks_facts_and_names_go_both_ways()
    {
        using var pair = new StorePair();
        Cid one = pair.One.Put(Stores.Numbers(1), new PutOptions { Tags = Tags("day", "1"), Name = "one" }).Cid;
        Cid other = pair.Other.Put(Stores.Numbers(2), new PutOptions { Producer = "feed", Parents = [one] }).Cid;
        pair.Other.Names.Set("other", other);
        SyncReport report = pair.Sync();
        Assert.True(report.IsInStep);
        Assert.Equal((1, 1), (report.BlocksPulled, report.BlocksPushed));
        Assert.Equal(["other"], report.NamesPulled);
        Assert.Equal(["one"], report.NamesPushed);
        pair.AssertEqual();
        Assert.Equal("1", pair.Other.Metadata.Get(one)!.Tags["day"]);
        Assert.Equal("feed", pair.One.Metadata.Get(other)!.Producer);
        Assert.Equal(other, pair.One.Names.Resolve("other"));
    }

    [Fact]
    public void Second_sync_goes_by_the_cursor_and_moves_nothing()
    {
        using var pair = new StorePair();
        Cid cid = pair.One.Put(Stores.Numbers(1), new PutOptions { Name = "one" }).Cid;
        _ = pair.Sync();
        SyncReport second = pair.Sync();
        Assert.Equal(SyncWay.Cursor, second.Way);
        Assert.Equal((0, 0, 0, 0), (second.BlocksPulled, second.BlocksPushed, second.FactsPulled, second.FactsPushed));
        Assert.True(second.IsInStep);
        pair.Other.Names.Set("again", cid);
        Cid added = pair.Other.Put(Stores.Numbers(3)).Cid;
        SyncReport third = pair.Sync();
        Assert.Equal((SyncWay.Cursor, 1, 0), (third.Way, third.BlocksPulled, third.BlocksPushed));
        Assert.True(pair.One.Contains(added));
        pair.AssertEqual();
    }

    [Fact]
    public void Lost_block_comes_back_when_the_sets_are_compared()
    {
        using var pair = new StorePair();
        Cid cid = pair.One.Put(Stores.Numbers(1)).Cid;
        _ = pair.Sync();
        Assert.Equal([cid], pair.One.Retention.Remove([cid]).Removed);
        SyncReport report = pair.Sync();
        Assert.NotEqual(SyncWay.Cursor, report.Way);
        Assert.Equal(SyncOutcome.RemovedHere, Assert.Single(report.Items).Outcome);
        Assert.False(pair.One.Contains(cid));
        Assert.True(report.IsInStep);
        Assert.Equal(1, pair.Sync(new SyncOptions { Resurrect = true }).BlocksPulled);
        Assert.True(pair.One.Contains(cid));
    }

    /// <summary>A rule of the receiving store: the block comes and cannot be read until a statement comes too. A rule of the
    /// sending store: the block is not given.</summary>
    [Fact]
    public void Block_that_a_trust_rule_refuses_is_reported_and_is_readable_once_its_statement_comes()
    {
        using var pair = new StorePair();
        using SigningKey key = SigningKey.Create();
        var rule = new TrustRule { Key = key.Id, Filter = "kind = batch", Policy = TrustPolicy.Refuse };
        pair.One.Signatures.Trust.Add(rule);
        Cid cid = pair.Other.Put(Stores.Numbers(1), new PutOptions { Name = "a" }).Cid;
        SyncReport first = pair.Sync();
        Assert.Equal((cid, SyncOutcome.Untrusted), (Assert.Single(first.Items).Cid, first.Items[0].Outcome));
        Assert.True(first.IsInStep);
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(() => pair.One.TryGet(cid)).Code);
        Assert.Equal(cid, pair.One.Names.Resolve("a"));
        _ = pair.Other.Signatures.Sign(cid, key);
        SyncReport second = pair.Sync();
        Assert.Empty(second.Items);
        Assert.Equal((1, 0), (second.StatementsHolding, second.StatementsBroken));
        using (BatchLease? lease = pair.One.TryGet(cid)) Assert.NotNull(lease);

        Cid kept = pair.One.Put(Stores.Numbers(2)).Cid;
        SyncReport third = pair.Sync();
        Assert.Equal((kept, SyncOutcome.Missing), (Assert.Single(third.Items).Cid, third.Items[0].Outcome));
        Assert.False(third.IsInStep);
        Assert.False(pair.Other.Contains(kept));
        _ = pair.One.Signatures.Sign(kept, key);
        Assert.True(pair.Sync().IsInStep);
        Assert.True(pair.Other.Contains(kept));
    }

    [Fact]
    public void Statement_that_does_not_hold_is_reported_by_the_sync_that_brings_it()
    {
        using var pair = new StorePair();
        using SigningKey key = SigningKey.Create();
        Cid cid = pair.Other.Put(Stores.Numbers(1)).Cid;
        SignedStatement good = pair.Other.Signatures.Sign(cid, key);
        byte[] broken = good.Signature.ToArray();
        broken[^1] ^= 1;
        Cid signature = pair.Other.PutRaw(broken).Cid;
        pair.Other.Registry.Facts.Append(new SignedFact(cid, good.Cid, signature));
        SyncReport report = pair.Sync();
        Assert.Equal((1, 1), (report.StatementsHolding, report.StatementsBroken));
        Assert.Equal((0, 0), (pair.Sync().StatementsHolding, pair.Sync().StatementsBroken));
    }

    [Fact]
    public void Block_that_was_removed_there_is_not_sent_and_follows_a_mirror_that_deletes()
    {
        using var pair = new StorePair();
        Cid cid = pair.One.Put(Stores.Numbers(1)).Cid;
        _ = pair.Sync();
        _ = pair.Other.Retention.Remove([cid]);
        SyncReport report = pair.Sync();
        Assert.Equal(SyncOutcome.RemovedThere, Assert.Single(report.Items).Outcome);
        Assert.False(pair.Other.Contains(cid));
        SyncReport mirrored = pair.Sync(new SyncOptions { Direction = SyncDirection.Pull, Delete = true, Full = true });
        Assert.Equal(SyncOutcome.Delete, Assert.Single(mirrored.Items).Outcome);
        Assert.False(pair.One.Contains(cid));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Name_that_both_sides_changed_stays_on_both_and_is_reported(bool afterSync)
    {
        using var pair = new StorePair();
        Cid first = pair.One.Put(Stores.Numbers(1)).Cid, second = pair.Other.Put(Stores.Numbers(2)).Cid;
        if (afterSync)
        {
            pair.One.Names.Set("latest", first);
            _ = pair.Sync();
            pair.One.Names.Set("latest", second);
            pair.Other.Names.Set("latest", second);
            pair.Other.Names.Set("latest", first);
        }
        else
        {
            pair.One.Names.Set("latest", first);
            pair.Other.Names.Set("latest", second);
        }

        Cid? here = pair.One.Names.Resolve("latest"), there = pair.Other.Names.Resolve("latest");
        SyncReport report = pair.Sync();
        Assert.Equal(new SyncNameConflict("latest", here, there), Assert.Single(report.Conflicts));
        Assert.False(report.IsInStep);
        Assert.Equal((here, there), (pair.One.Names.Resolve("latest"), pair.Other.Names.Resolve("latest")));
        Assert.Single(pair.Sync(new SyncOptions { Direction = SyncDirection.Pull }).Conflicts);
        Assert.Single(pair.Sync(new SyncOptions { Direction = SyncDirection.Push }).Conflicts);
        Assert.Equal((here, there), (pair.One.Names.Resolve("latest"), pair.Other.Names.Resolve("latest")));
        Assert.Empty(pair.Sync(new SyncOptions { MergeNames = true }).Conflicts);
        Assert.Equal(pair.One.Names.Resolve("latest"), pair.Other.Names.Resolve("latest"));
        Assert.True(pair.Sync().IsInStep);
        pair.AssertEqual();
    }

    [Fact]
    public void Name_that_moved_on_one_side_moves_on_the_other()
    {
        using var pair = new StorePair();
        Cid first = pair.One.Put(Stores.Numbers(1)).Cid, second = pair.One.Put(Stores.Numbers(2)).Cid;
        pair.One.Names.Set("latest", first);
        _ = pair.Sync();
        pair.Other.Names.Set("latest", second);
        Assert.Empty(pair.Sync().Conflicts);
        Assert.Equal(second, pair.One.Names.Resolve("latest"));
        pair.One.Names.Remove("latest");
        Assert.Empty(pair.Sync().Conflicts);
        Assert.Null(pair.Other.Names.Resolve("latest"));
    }

    [Fact]
    public void Reserved_names_pins_and_what_is_of_one_store_do_not_travel()
    {
        using var pair = new StorePair();
        Cid cid = pair.Other.Put(Stores.Numbers(1)).Cid;
        pair.Other.Names.Set("arrowcid.other", cid);
        pair.Other.Retention.Pin(cid);
        using BlockHold hold = pair.Other.Retention.Hold(cid);
        Assert.Equal(0, pair.Sync().FactsPulled);
        Assert.Null(pair.One.Names.Resolve("arrowcid.other"));
        Assert.False(pair.One.Metadata.Get(cid)!.IsPinned);
        Assert.Equal(1, pair.Sync(new SyncOptions { WithPins = true, Full = true }).FactsPulled);
        Assert.True(pair.One.Metadata.Get(cid)!.IsPinned);
    }

    [Fact]
    public void Filter_brings_what_passes_with_what_it_needs_and_its_facts()
    {
        using var pair = new StorePair();
        Cid wanted = pair.Other.Put(Stores.Numbers(1), new PutOptions { Tags = Tags("day", "1"), Name = "in" }).Cid;
        Cid batch = pair.Other.Put(Stores.Numbers(3)).Cid;
        Cid dataset = pair.Other.Datasets.Put([batch]).Cid;
        pair.Other.Metadata.Set(dataset, new BlockMetadata { Tags = Tags("day", "1") });
        Cid left = pair.Other.Put(Stores.Numbers(2), new PutOptions { Tags = Tags("day", "2"), Name = "out" }).Cid;
        SyncReport report = pair.Sync(new SyncOptions { Filter = Filter.Parse("tag.day = \"1\"") });
        Assert.True(report.IsInStep);
        Assert.Equal((true, true, true, false),
            (pair.One.Contains(wanted), pair.One.Contains(batch), pair.One.Contains(dataset), pair.One.Contains(left)));
        Assert.Equal(["in"], report.NamesPulled);
        Assert.Equal("1", pair.One.Metadata.Get(wanted)!.Tags["day"]);
        Assert.Null(pair.One.Metadata.Get(left));
    }

    [Fact]
    public void Dry_run_reports_what_a_sync_does_and_changes_nothing()
    {
        using var pair = new StorePair();
        Cid one = pair.One.Put(Stores.Numbers(1), new PutOptions { Name = "one" }).Cid;
        Cid other = pair.Other.Put(Stores.Numbers(2)).Cid;
        string[] before = [.. StorePair.Shown(pair.One), .. StorePair.Shown(pair.Other)];
        SyncReport tried = pair.Sync(new SyncOptions { DryRun = true });
        string[] after = [.. StorePair.Shown(pair.One), .. StorePair.Shown(pair.Other)];
        Assert.Equal(before, after);
        Assert.Contains(tried.Items, item => item.Cid == one && item.Outcome == SyncOutcome.Push);
        Assert.Contains(tried.Items, item => item.Cid == other && item.Outcome == SyncOutcome.Pull);
        SyncReport done = pair.Sync();
        Assert.Equal((tried.BlocksPulled, tried.BytesPulled, tried.BlocksPushed, tried.BytesPushed, tried.FactsPushed),
            (done.BlocksPulled, done.BytesPulled, done.BlocksPushed, done.BytesPushed, done.FactsPushed));
        Assert.Equal(tried.NamesPushed, done.NamesPushed);
    }

    [Fact]
    public void One_direction_changes_one_side()
    {
        using var pair = new StorePair();
        Cid one = pair.One.Put(Stores.Numbers(1)).Cid, other = pair.Other.Put(Stores.Numbers(2)).Cid;
        Assert.Equal(1, pair.Sync(new SyncOptions { Direction = SyncDirection.Pull }).BlocksPulled);
        Assert.False(pair.Other.Contains(one));
        Assert.Equal(1, pair.Sync(new SyncOptions { Direction = SyncDirection.Push }).BlocksPushed);
        Assert.True(pair.Other.Contains(one) && pair.One.Contains(other));
        pair.AssertEqual();
    }

    [Fact]
    public void Most_bytes_leave_out_and_report_the_rest()
    {
        using var pair = new StorePair();
        Cid large = pair.Other.PutRaw(new byte[4000]).Cid, small = pair.Other.PutRaw(new byte[100]).Cid;
        SyncReport report = pair.Sync(new SyncOptions { MaxBytes = 1000 });
        Assert.Equal(new SyncItem(large, 4000, SyncOutcome.OverLimit), Assert.Single(report.Items));
        Assert.True(pair.One.Contains(small) && !pair.One.Contains(large));
        Assert.False(report.IsInStep);
        Assert.True(pair.Sync().IsInStep);
        Assert.True(pair.One.Contains(large));
    }

    [Fact]
    public void Large_block_comes_in_parts()
    {
        using var pair = new StorePair();
        var bytes = new byte[(5 << 20) + 3];
        new Random(1).NextBytes(bytes);
        Cid pulled = pair.Other.PutRaw(bytes).Cid;
        bytes[0]++;
        Cid pushed = pair.One.PutRaw(bytes).Cid;
        Assert.True(pair.Sync().IsInStep);
        Assert.True(pair.One.Contains(pulled) && pair.Other.Contains(pushed));
    }

    [Fact]
    public void Expired_block_stays_where_it_is()
    {
        using var pair = new StorePair();
        Cid cid = pair.Other.Put(Stores.Numbers(1)).Cid;
        pair.Other.Metadata.Set(cid, new BlockMetadata { ExpiresAfter = TimeSpan.Zero });
        pair.Wait(TimeSpan.FromMinutes(2));
        _ = pair.Sync();
        Assert.False(pair.One.Contains(cid));
    }

    [Fact]
    public void Compaction_of_one_side_makes_no_difference()
    {
        using var pair = new StorePair();
        Cid cid = pair.One.Put(Stores.Numbers(1)).Cid;
        for (int i = 0; i < 50; i++) pair.One.Metadata.Set(cid, new BlockMetadata { Tags = Tags("n", $"{i}") });
        _ = pair.Sync();
        for (int i = 0; i < 50; i++) pair.One.Metadata.Set(cid, new BlockMetadata { Tags = Tags("n", $"{i}") });
        _ = pair.Sync();
        _ = pair.One.Maintenance.Compact();
        SyncReport report = pair.Sync(new SyncOptions { Full = true });
        Assert.Equal((SyncWay.Sum, 0, 0), (report.Way, report.FactsPulled, report.FactsPushed));
    }

    [Fact]
    public void Kinds_that_this_version_does_not_know_travel_byte_for_byte()
    {
        using var pair = new StorePair();
        byte[] payload = Convert.FromHexString("81831b019aa3b5ec00000450000102030405060708090a0b0c0d0e0f818218636474657374");
        Assert.Equal((1, 0), new StoreEnd(pair.Other).PutFacts(payload, isAdmin: true));
        Assert.Equal(1, pair.Sync().FactsPulled);
        Assert.Contains(pair.One.Blocks.Listing.FactRecords(), record => record.Bytes.AsSpan().SequenceEqual(payload));
        Assert.Equal(0, pair.Sync(new SyncOptions { Full = true }).FactsPulled);
    }

    [Fact]
    public void Backup_is_a_side_that_is_only_read()
    {
        using var pair = new StorePair();
        pair.Other.Put(Stores.Numbers(1), new PutOptions { Tags = Tags("a", "b"), Name = "x" });
        using var car = new MemoryStream();
        _ = pair.Other.Transfer.Backup(car);
        using SyncPeer peer = SyncPeer.Of(StoreBackup.Read([car]), "x.car");
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => pair.One.Transfer.Sync(peer));
        Assert.Equal(ErrorCode.InvalidArgument, e.Code);
        SyncReport report = pair.One.Transfer.Sync(peer, new SyncOptions { Direction = SyncDirection.Pull });
        Assert.True(report.IsInStep);
        pair.AssertEqual();
    }

    [Fact]
    public void Named_blocks_come_with_what_they_need_and_nothing_else_does()
    {
        using var pair = new StorePair();
        Cid batch = pair.Other.Put(Stores.Numbers(3)).Cid;
        Cid dataset = pair.Other.Datasets.Put([batch]).Cid;
        Cid tagged = pair.Other.Put(Stores.Numbers(1), new PutOptions { Tags = Tags("day", "1"), Name = "in" }).Cid;
        Cid left = pair.Other.Put(Stores.Numbers(2), new PutOptions { Tags = Tags("day", "1"), Name = "out" }).Cid;
        SyncReport report = pair.Sync(new SyncOptions { Blocks = [dataset, tagged] });
        Assert.True(report.IsInStep);
        Assert.Equal((true, true, true, false), (pair.One.Contains(dataset), pair.One.Contains(batch),
            pair.One.Contains(tagged), pair.One.Contains(left)));
        Assert.Equal(["in"], report.NamesPulled);
        _ = pair.Sync(new SyncOptions { Blocks = [left, dataset], Filter = Filter.Parse("tag.day = \"2\"") });
        Assert.False(pair.One.Contains(left));
        Assert.Equal(0, pair.Sync(new SyncOptions { Blocks = [] }).BlocksPulled);
        Assert.Equal(1, pair.Sync().BlocksPulled);
        pair.AssertEqual();
    }

    [Fact]
    public void Names_of_the_other_side_go_under_a_prefix_and_do_not_come_back()
    {
        using var pair = new StorePair();
        Cid one = pair.One.Put(Stores.Numbers(1), new PutOptions { Name = "latest" }).Cid;
        Cid first = pair.Other.Put(Stores.Numbers(2), new PutOptions { Name = "latest" }).Cid;
        Cid second = pair.Other.Put(Stores.Numbers(3), new PutOptions { Name = "channel/x" }).Cid;
        var under = new SyncOptions { NamePrefix = "b.example" };
        SyncReport report = pair.Sync(under);
        Assert.Empty(report.Conflicts);
        Assert.Equal(["b.example/latest", "channel/b.example/x"], report.NamesPulled);
        Assert.Equal((one, first, second), (pair.One.Names.Resolve("latest"), pair.One.Names.Resolve("b.example/latest"),
            pair.One.Names.Resolve("channel/b.example/x")));
        SyncReport again = pair.Sync(new SyncOptions { NamePrefix = "b.example", Full = true });
        Assert.Equal((0, 0), (again.NamesPulled.Count, again.NamesPushed.Count));
        Assert.Null(pair.Other.Names.Resolve("b.example/latest"));
        pair.Other.Names.Set("latest", second);
        Assert.Equal(["b.example/latest"], pair.Sync(under).NamesPulled);
        Assert.Equal(second, pair.One.Names.Resolve("b.example/latest"));
        pair.Other.Names.Set(new string('n', 250), second);
        Assert.Equal([new string('n', 250)], pair.Sync(under).NamesWaiting);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("arrowcid.x")]
    [InlineData("channel/x")]
    public void Prefix_that_gives_no_names_is_refused(string prefix)
    {
        using var pair = new StorePair();
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() =>
            pair.Sync(new SyncOptions { NamePrefix = prefix })).Code);
    }

    [Fact]
    public void Rate_makes_a_sync_wait_for_as_long_as_its_bytes_take()
    {
        var clock = new ManualClock();
        var waited = TimeSpan.Zero;
        var pace = new SyncPace(1 << 20, clock, time =>
        {
            waited += time;
            clock.Advance(time);
        });
        for (int i = 0; i < 10; i++) pace.Spend(1 << 19);
        Assert.Equal(5, waited.TotalSeconds, 3);
        clock.Advance(TimeSpan.FromHours(1));
        pace.Spend(1 << 20);
        pace.Spend(1 << 20);
        Assert.InRange(waited.TotalSeconds, 5.999, 6.001);
        Assert.Equal((5 << 20, 16 << 20), (pace.BytesAtOnce, new SyncPace(null, clock, _ => { }).BytesAtOnce));
        using var pair = new StorePair();
        Assert.Throws<ArrowCidException>(() => pair.Sync(new SyncOptions { BytesPerSecond = 1000 }));
    }

    [Fact]
    public void Cursor_of_the_last_sync_is_found_after_a_reopen_and_a_compaction()
    {
        using var pair = new StorePair();
        Cid cid = pair.One.Put(Stores.Numbers(1)).Cid;
        _ = pair.Sync();
        for (int i = 0; i < 20; i++) pair.One.Metadata.Set(cid, new BlockMetadata { Tags = Tags("n", $"{i}") });
        _ = pair.Sync();
        _ = pair.One.Maintenance.Compact();
        pair.Reopen();
        Assert.NotNull(new StoreEnd(pair.One).LastSync(pair.Other.Blocks.Id));
        Assert.Null(new StoreEnd(pair.One).LastSync(Guid.NewGuid()));
        _ = pair.Sync();
        Assert.Equal(SyncWay.Cursor, pair.Sync().Way);
    }

    [Fact]
    public void Store_is_not_synced_with_itself()
    {
        using var pair = new StorePair();
        using SyncPeer self = pair.One.Transfer.AsSyncPeer();
        Assert.Equal(ErrorCode.InvalidArgument,
            Assert.Throws<ArrowCidException>(() => pair.One.Transfer.Sync(self)).Code);
    }

    private static Dictionary<string, string?> Tags(string key, string value) => new() { [key] = value };
}
