using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Tests.Store;

/// <summary>A store elsewhere is the same store: blocks, names and their history, tags, pins, times.</summary>
public class BackupTests
{
    private static readonly DateTimeOffset s_later = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_restored_store_has_the_same_blocks_and_the_same_registry()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Fill(store);
        using MemoryStream car = BackUp(store, null);
        using CidStore restored = Stores.Open(other);
        StoreBackup backup = StoreBackup.Read([car]);
        RestoreResult tried = restored.Transfer.Restore(backup, dryRun: true);
        Assert.Empty(restored.Query(includeMissing: true));
        RestoreResult result = restored.Transfer.Restore(backup);
        Assert.Equal(tried with { IsDryRun = false }, result);
        Assert.Equal(backup.BlockCount, result.NewBlocks);
        AssertSame(store, restored);
        Assert.All(restored.Diagnostics.VerifyAll(), each => Assert.True(each.IsIntact, each.Error?.Message));
        Assert.Empty(restored.Diagnostics.CheckFacts());
        Assert.Equal(new RestoreResult { NewBlocks = 0, NewFacts = 0, ByteLength = 0, IsDryRun = false },
            restored.Transfer.Restore(backup));
        AssertSame(store, restored);
    }

    [Fact]
    public void A_copied_store_is_the_same_store_in_other_segments()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Fill(store);
        using var target = CidStore.Open(other.Directory,
            new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 4 << 20 });
        RestoreResult tried = store.Transfer.CopyTo(null, dryRun: true);
        Assert.Equal(tried with { IsDryRun = false }, store.Transfer.CopyTo(target));
        Assert.Equal(4 << 20, target.Diagnostics.GetSummary().SegmentSize);
        AssertSame(store, target);
        Assert.Equal(new RestoreResult { NewBlocks = 0, NewFacts = 0, ByteLength = 0, IsDryRun = false },
            store.Transfer.CopyTo(target));
    }

    [Fact]
    public void An_increment_holds_what_the_earlier_ones_lack_and_each_moment_comes_back()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid kept = store.Put(Stores.Numbers(1)).Cid, gone = store.Put(Stores.Numbers(2)).Cid;
        store.Names.Set("latest", kept);
        using MemoryStream first = BackUp(store, null);
        string[] before = Shown(store);
        Assert.Equal([gone], store.Retention.Remove([gone]).Removed);
        Cid added = store.Put(Stores.Numbers(3)).Cid;
        store.Names.Set("latest", added);
        using var second = new MemoryStream();
        BackupResult result = store.Transfer.Backup(second, StoreBackup.Read([first], prove: false));
        Assert.Equal((2, 1, 1), (result.Number, result.NewBlocks, result.Removed));
        Assert.Equal([added], Sections(second).Where(cid => cid.Codec == Multicodec.Raw));
        // What went comes back, and its bytes are in the first increment already.
        Assert.Equal(gone, store.Put(Stores.Numbers(2)).Cid);
        using var third = new MemoryStream();
        result = store.Transfer.Backup(third, StoreBackup.Read([first, second], prove: false));
        Assert.Equal((3, 0, 0, 4), (result.Number, result.NewBlocks, result.Removed, result.Blocks));
        AssertComesBack([first], before);
        AssertComesBack([first, second, third], Shown(store));
        var backup = StoreBackup.Read([first, second, third]);
        Assert.Equal([1L, 2, 3], backup.Increments.Select(each => each.Number));
        Assert.All(backup.Increments, each => Assert.Equal(store.Diagnostics.GetSummary().Id, each.Store));
    }

    [Fact]
    public void Increments_out_of_order_missing_or_of_another_store_are_refused()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder), stranger = Stores.Open(other);
        _ = store.Put(Stores.Numbers(1));
        using MemoryStream first = BackUp(store, null), foreign = BackUp(stranger, null);
        using MemoryStream second = BackUp(store, StoreBackup.Read([first]));
        using MemoryStream third = BackUp(store, StoreBackup.Read([first, second]));
        foreach (Stream[] wrong in new Stream[][] { [second], [first, third], [second, first], [foreign, second],
            [first, first] })
            Assert.Equal(ErrorCode.InvalidData, Assert.Throws<ArrowCidException>(() => StoreBackup.Read(wrong)).Code);
        Assert.Equal(ErrorCode.InvalidArgument,
            Assert.Throws<ArrowCidException>(() => stranger.Transfer.Backup(new MemoryStream(),
                StoreBackup.Read([first]))).Code);
    }

    [Fact]
    public void A_backup_in_which_any_byte_of_a_block_is_another_is_refused_whole()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Fill(store);
        using MemoryStream car = BackUp(store, null);
        byte[] whole = car.ToArray();
        using var reader = new MemoryStream(whole);
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        foreach (CarSection section in SectionsOf(reader).Where(section => section.Length > 0))
        {
            byte[] bytes = (byte[])whole.Clone();
            bytes[section.BlockOffset + random.Next(section.Length)] ^= (byte)(1 << random.Next(8));
            ArrowCidException refused =
                Assert.Throws<ArrowCidException>(() => StoreBackup.Read([new MemoryStream(bytes)]));
            Assert.True(refused.Code == ErrorCode.InvalidData, $"seed {seed}: {refused.Message}");
        }
    }

    [Fact]
    public void Hostile_backups_are_refused_and_nothing_else_happens()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Fill(store);
        using MemoryStream car = BackUp(store, null);
        byte[] whole = car.ToArray();
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        for (int i = 0; i < 300; i++)
        {
            byte[] bytes = (byte[])whole.Clone();
            if (i % 3 == 0) bytes = bytes[..random.Next(bytes.Length)];
            else for (int n = random.Next(1, 8); n > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                _ = StoreBackup.Read([new MemoryStream(bytes)]);
            }
            catch (ArrowCidException)
            {
                // Refused.
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {i}: {e}");
            }
        }
    }

    [Fact]
    public void Holds_and_drops_stay_with_their_store_and_later_kinds_go_along()
    {
        var stamp = new FactStamp(1UL << 30, 7);
        Cid cid = Cid.FromSha256(Multicodec.Raw, Sha256.Hash("x"u8));
        _ = cid.TryGetSha256(out Digest256 digest);
        var pin = new PinFact(cid, true);
        byte[] mixed = FactWriter.Write([
            new FactGroup(stamp, [new HoldFact([cid], 1L << 45), pin, new DropFact([1, 2], [digest])]),
            new FactGroup(stamp, [new DropFact([1], [digest])])], out _);
        Assert.Equal(FactWriter.Write([new FactGroup(stamp, [pin])], out _), PortableFacts.Extract(mixed));
        Assert.Null(PortableFacts.Extract(FactWriter.Write([new FactGroup(stamp, [new HoldFact([cid], 1L << 45)])],
            out _)));
        // [[time, writer, [[99, "later"]]]]
        byte[] later = [0x81, 0x83, 1, 0x50, .. new byte[16], 0x81, 0x82, 0x18, 99, 0x65, .. "later"u8];
        Assert.Equal(later, PortableFacts.Extract(later));
        Assert.Null(PortableFacts.Extract("junk"u8));
        foreach (int seed in Seeds.All.Take(100))
        {
            var random = new Random(seed);
            var bytes = (byte[])mixed.Clone();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            _ = PortableFacts.Extract(bytes);
        }
    }

    [Fact]
    public void Facts_of_a_clock_that_is_hours_ahead_are_not_restored()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        ulong ahead = (ulong)DateTimeOffset.UtcNow.AddHours(3).ToUnixTimeMilliseconds() << 16;
        _ = store.Blocks.Append(new FactRecord(new FactStamp(ahead, 1), [new PinFact(cid, true)]));
        using MemoryStream car = BackUp(store, null);
        using CidStore restored = Stores.Open(other);
        Assert.Equal(ErrorCode.InvalidData,
            Assert.Throws<ArrowCidException>(() => restored.Transfer.Restore(StoreBackup.Read([car]))).Code);
        Assert.Empty(restored.Query(includeMissing: true));
    }

    [Fact]
    public void A_damaged_block_is_left_out_and_said()
    {
        using var folder = new TemporaryStore();
        Cid good, bad;
        string file;
        long offset;
        using (CidStore store = Stores.Open(folder))
        {
            good = store.Put(Stores.Numbers(1)).Cid;
            bad = store.Put(Stores.Numbers(2)).Cid;
            string[] place = store.Diagnostics.Verify(bad)!.Value.Location.Split('+');
            (file, offset) = (place[0], long.Parse(place[1]));
        }

        using (FileStream bytes = File.Open(file, FileMode.Open))
        {
            bytes.Position = offset + 200;
            bytes.WriteByte(0xee);
        }

        using CidStore again = Stores.Open(folder);
        using var car = new MemoryStream();
        BackupResult result = again.Transfer.Backup(car);
        Assert.Contains(bad.ToString(), Assert.Single(result.Faults), StringComparison.Ordinal);
        Assert.Contains(good, Sections(car));
        Assert.DoesNotContain(bad, Sections(car));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Increment_of_a_damaged_store_keeps_the_block_that_an_earlier_one_holds(bool isQuarantined)
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid bad = store.Put(Stores.Numbers(2)).Cid;
        using var first = new MemoryStream();
        Assert.Empty(store.Transfer.Backup(first).Faults);
        Stored.Flip(folder.Directory, bad);
        if (isQuarantined) store.Blocks.Damages.Quarantine();
        else Assert.False(store.Diagnostics.Verify(bad)!.Value.IsIntact);
        Cid good = store.Put(Stores.Numbers(3)).Cid;
        using var second = new MemoryStream();
        BackupResult made = store.Transfer.Backup(second, StoreBackup.Read([first]));
        Assert.Equal(0, made.Removed);
        Assert.Equal(isQuarantined ? 1 : 0, made.Faults.Count);
        using CidStore restored = Stores.Open(other);
        _ = restored.Transfer.Restore(StoreBackup.Read([first, second]));
        Assert.True(restored.Diagnostics.Verify(bad)!.Value.IsIntact);
        Assert.True(restored.Diagnostics.Verify(good)!.Value.IsIntact);
        // What is removed is listed as removed, damaged or not.
        Assert.Single(store.Retention.Remove([bad]).Removed);
        using var third = new MemoryStream();
        Assert.Equal(1, store.Transfer.Backup(third, StoreBackup.Read([first, second])).Removed);
    }

    [Fact]
    public void Of_a_damaged_node_it_is_said_that_nobody_knows_its_links_and_what_is_alive_is_there()
    {
        using var folder = new TemporaryStore();
        Cid[] batches;
        Cid node;
        using (CidStore store = Stores.Open(folder))
        {
            batches = [.. Enumerable.Range(1, 3).Select(i => store.Put(Stores.Numbers(i)).Cid)];
            node = store.Datasets.Put(batches).Cid;
        }

        string path = folder.PathOf(StoreLayout.SegmentName(0, 1));
        byte[] file = File.ReadAllBytes(path);
        (long offset, RecordHeader header) = SegmentBytes.Records(file)
            .Single(record => Cid.FromSha256(record.Header.Codec, record.Header.Digest) == node);
        file[offset + StoreLayout.RecordHeaderBytes + ((long)header.PayloadLength / 2)] ^= 1;
        File.WriteAllBytes(path, file);
        using CidStore again = Stores.Open(folder);
        using var car = new MemoryStream();
        BackupResult result = again.Transfer.Backup(car);
        Assert.Contains(result.Faults, fault => fault.Contains($"node {node} is damaged: its links are unknown",
            StringComparison.Ordinal));
        Assert.Equal(result.Faults.Count, result.Faults.Distinct().Count());
        Assert.Empty(batches.Except(Sections(car)));
        Assert.DoesNotContain(node, Sections(car));
    }

    [Fact]
    public async Task Backups_beside_producers_collectors_and_compactors_are_whole_and_have_all_that_names_need()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        using var end = new CancellationTokenSource();
        Cid first = store.Put(Stores.Numbers(-1)).Cid;
        store.Retention.Pin(first);
        Task<int> collector = Task.Run(() => Collect(folder, end.Token));
        Task[] workers =
        [
            collector, .. Enumerable.Range(0, 3).Select(number => Task.Run(() => Work(folder, number, end.Token))),
        ];
        try
        {
            var increments = new List<Stream>();
            for (int i = 0; i < 8; i++)
            {
                Cid before = store.Put(Stores.Numbers(-2, i), new PutOptions { Pin = true }).Cid;
                using var output = new MemoryStream();
                StoreBackup? earlier = increments.Count == 0 ? null : StoreBackup.Read(increments, prove: false);
                BackupResult result = store.Transfer.Backup(output, earlier);
                Assert.Empty(result.Faults);
                increments.Add(new MemoryStream(output.ToArray()));
                using var other = new TemporaryStore();
                using CidStore restored = Stores.Open(other);
                _ = restored.Transfer.Restore(StoreBackup.Read(increments));
                Assert.True(restored.Contains(before) && restored.Contains(first));
                Assert.All(restored.Names.List(), name => Assert.NotNull(restored.Metadata.TryFind(name.Cid!.Value)));
                Assert.All(restored.Query().Where(entry => entry.Kind == BlockKind.Batch),
                    entry => Assert.NotNull(restored.Metadata.TryFind(entry.SchemaCid!.Value)));
                Assert.All(restored.Names.List().Select(name => name.Cid!.Value)
                    .Where(cid => cid.Codec == Multicodec.DagCbor).SelectMany(cid => restored.Datasets.TryGet(cid)!),
                    batch => Assert.True(restored.Contains(batch)));
                Assert.All(restored.Diagnostics.VerifyAll(), each => Assert.True(each.IsIntact, each.Error?.Message));
                Assert.Empty(restored.Diagnostics.CheckFacts());
                Assert.Equal(new RestoreResult
                {
                    NewBlocks = 0,
                    NewFacts = 0,
                    ByteLength = 0,
                    IsDryRun = false,
                }, restored.Transfer.Restore(StoreBackup.Read(increments)));
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(workers);
        }

        Assert.True(await collector > 0, "nothing was collected meanwhile");
    }

    [Fact]
    public void Nothing_is_collected_while_a_store_is_restored_and_all_is_there_once_it_is()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder), target = Stores.Open(other), beside = Stores.Open(other);
        Cid[] batches = [.. Enumerable.Range(0, 20).Select(number => store.Put(Stores.Numbers(number)).Cid)];
        Cid node = store.Datasets.Put(batches).Cid;
        store.Names.Set("all", node);
        Cid loose = target.Put(Stores.Numbers(99)).Cid;
        using MemoryStream car = BackUp(store, null);
        var everything = new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero };
        int refused = 0;
        _ = target.Transfer.Restore(StoreBackup.Read([car]), progress: new Reports(_ =>
        {
            foreach (CidStore one in new[] { target, beside })
            {
                Assert.Equal(ErrorCode.Busy,
                    Assert.Throws<ArrowCidException>(() => one.Retention.Collect(everything)).Code);
                Assert.Equal(ErrorCode.Busy,
                    Assert.Throws<ArrowCidException>(() => one.Retention.Remove([loose])).Code);
                // What only looks does not wait.
                Assert.NotEmpty(one.Retention.Collect(new CollectOptions { Unreferenced = true, DryRun = true }).Kept);
                refused++;
            }
        }));
        Assert.True(refused > 2 * batches.Length);
        Assert.Equal([loose], beside.Retention.Collect(everything).Collected.Select(block => block.Cid));
        Assert.Equal(batches, target.Datasets.TryGet(node));
        Assert.All(batches, batch => Assert.True(target.Contains(batch)));
        _ = store.Transfer.CopyTo(target, progress: new Reports(report => Assert.Equal(0, report.Completed)));
        Assert.Empty(target.Retention.Collect(everything).Collected);
    }

    [Fact]
    public async Task Restores_beside_collections_end_with_all_that_their_names_need()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder), target = Stores.Open(other);
        using var end = new CancellationTokenSource();
        Task<int> collector = Task.Run(() => Collect(other, end.Token));
        try
        {
            for (int i = 0; i < 6; i++)
            {
                Cid[] batches = [.. Enumerable.Range(0, 30).Select(number => store.Put(Stores.Numbers(i, number)).Cid)];
                Cid node = store.Datasets.Put(batches).Cid;
                store.Names.Set($"set-{i}", node);
                using MemoryStream car = BackUp(store, null);
                _ = i % 2 == 0 ? target.Transfer.Restore(StoreBackup.Read([car])) : store.Transfer.CopyTo(target);
                Assert.Equal(batches, target.Datasets.TryGet(node));
                Assert.All(batches, batch => Assert.True(target.Diagnostics.Verify(batch)!.Value.IsIntact));
            }
        }
        finally
        {
            await end.CancelAsync();
            _ = await collector;
        }
    }

    /// <summary>Collects and compacts all the time.</summary>
    private static int Collect(TemporaryStore folder, CancellationToken end)
    {
        using CidStore store = Stores.Open(folder);
        var everything = new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero };
        int collected = 0;
        // At least once, also where all the rest is done before this begins.
        while (!end.IsCancellationRequested || collected == 0)
        {
            try
            {
                if (end.IsCancellationRequested) _ = store.PutRaw(new byte[77]);
                collected += store.Retention.Collect(everything, progress: null,
                    CancellationToken.None).Collected.Count;
                _ = store.Maintenance.Compact(0.8, dryRun: false, progress: null, CancellationToken.None);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
            {
                // A restore, or a worker that removes, is at it.
            }
        }

        return collected;
    }

    private static void Work(TemporaryStore folder, int number, CancellationToken end)
    {
        using CidStore store = Stores.Open(folder);
        for (int i = 0; !end.IsCancellationRequested && store.Diagnostics.GetSummary().BytesTaken < 24 << 20; i++)
        {
            Cid cid = store.Put(Stores.Numbers(number, i)).Cid;
            store.Metadata.Tag(cid, "i", $"{i}");
            try
            {
                if (i % 3 == 0) store.Names.Set($"name-{number}", cid);
                if (i % 5 == 0) _ = store.Retention.Remove([cid], cancellationToken: CancellationToken.None);
                if (i % 7 == 0) store.Names.Set($"set-{number}", store.Datasets.Put([cid]).Cid);
            }
            catch (ArrowCidException e) when (e.Code is ErrorCode.BlockNotFound or ErrorCode.Busy)
            {
                // The collector was quicker than the name.
            }
        }
    }

    private static void Fill(CidStore store)
    {
        Cid a = store.Put(Stores.Numbers(1, 2, 3), new PutOptions
        {
            Tags = new Dictionary<string, string?> { ["day"] = "2026-11-20" },
            Producer = "etl",
            Json = "{\"run\":7}",
            Locations = ["https://example.org/a"],
            Expires = s_later,
        }).Cid;
        Cid b = store.Put(Stores.Numbers(4), new PutOptions { Parents = [a], Name = "prices/latest", Pin = true }).Cid;
        store.Names.Set("prices/latest", a);
        store.Names.Set("prices/latest", b);
        store.Names.Set("gone", a);
        _ = store.Names.Remove("gone");
        store.Metadata.Untag(a, "day");
        store.Metadata.Tag(a, "sym", "ES");
        Cid raw = store.PutRaw(new byte[] { 1, 2, 3 }).Cid;
        Cid node = store.PutRaw(DagCborOf(raw), Multicodec.DagCbor).Cid;
        store.Metadata.Tag(node, "kind", "node");
        store.Metadata.Tag(Cid.FromSha256(Multicodec.Raw, Sha256.Hash("elsewhere"u8)), "is", "absent");
        Cid dropped = store.Put(Stores.Numbers(9)).Cid;
        store.Metadata.Tag(dropped, "was", "here");
        Assert.Equal([dropped], store.Retention.Remove([dropped]).Removed);
        // Expired, and put again since: it has no expiry any more.
        store.Metadata.SetExpiry(raw, DateTimeOffset.UtcNow.AddMilliseconds(-1));
        _ = store.PutRaw(new byte[] { 1, 2, 3 });
        _ = store.PutRaw(new byte[3 << 20]);
        Assert.Null(store.Metadata.Get(raw)!.Expires);
    }

    private static byte[] DagCborOf(Cid link) =>
        DagCbor.Encode(IpldNode.List(IpldNode.Link(link)));

    private static MemoryStream BackUp(CidStore store, StoreBackup? earlier)
    {
        var car = new MemoryStream();
        BackupResult result = store.Transfer.Backup(car, earlier);
        Assert.Empty(result.Faults);
        Assert.Equal(car.Length, result.ByteLength);
        // Any reader of CARs finds every block right, and the index leads to each.
        var contents = CarContents.Read(car);
        Assert.Equal(0, contents.Report.FaultCount);
        Assert.Null(contents.Report.IndexFault);
        Assert.Equal(result.Root, Assert.Single(contents.Report.Roots));
        Assert.Empty(contents.Report.RootsMissing);
        return car;
    }

    private static void AssertComesBack(Stream[] increments, string[] shown)
    {
        using var folder = new TemporaryStore();
        using CidStore restored = Stores.Open(folder);
        _ = restored.Transfer.Restore(StoreBackup.Read(increments));
        Assert.Equal(shown, Shown(restored));
    }

    private static void AssertSame(CidStore store, CidStore other)
    {
        Assert.Equal(string.Join('\n', Shown(store)), string.Join('\n', Shown(other)));
        foreach (NameChange name in store.Names.List())
            Assert.Equal(store.Names.GetHistory(name.Name), other.Names.GetHistory(name.Name));
        Assert.Equal(store.Names.GetHistory("gone"), other.Names.GetHistory("gone"));
        foreach (StoredEntry entry in store.Query())
        {
            using var mine = new MemoryStream();
            using var its = new MemoryStream();
            Assert.True(store.Transfer.TryCopyTo(entry.Cid, mine) && other.Transfer.TryCopyTo(entry.Cid, its));
            Assert.Equal(mine.ToArray(), its.ToArray());
        }
    }

    /// <summary>All that is known of every block, sorted; but for when one was put that was removed.</summary>
    private static string[] Shown(CidStore store) => [.. store.Query(includeMissing: true).OrderBy(entry => entry.Cid)
        .Select(entry => $"{entry.Cid} {entry.Kind} {entry.SchemaCid} {entry.Rows} {entry.ByteLength} " +
            $"{entry.Created:O} {(entry.IsPresent ? entry.LastPut : null):O} {entry.Producer} {string.Join(',', entry.Parents)} " +
            $"{string.Join(',', entry.Names)} {entry.IsPinned} {entry.Expires:O} {string.Join(',', entry.Tags)} " +
            $"{string.Join(',', entry.Locations)} {entry.Json}")];

    private static IEnumerable<Cid> Sections(Stream car) => SectionsOf(car).Select(section => section.Cid);

    private static List<CarSection> SectionsOf(Stream car)
    {
        car.Position = 0;
        var reader = new CarReader(car);
        var sections = new List<CarSection>();
        while (reader.TryRead(out CarSection section)) sections.Add(section);
        return sections;
    }
}
