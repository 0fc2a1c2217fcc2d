using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backends;
using StoreLayout = ArrowCid.Storage.StoreLayout;

namespace ArrowCid.Tests.Store;

/// <summary>Blocks whose stored bytes changed, and how they come back while the store is in use.</summary>
public sealed class RepairTests
{
    private const int LargeRows = 800_000;

    /// <summary>Everything that puts bytes which the store has in a damaged form.</summary>
    public static TheoryData<string, int> Puts()
    {
        var data = new TheoryData<string, int>();
        foreach (string how in new[] { "put", "many", "raw", "raw many", "facts", "reserve", "import", "restore",
            "fill" })
        {
            data.Add(how, 500);
            data.Add(how, LargeRows);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Puts))]
    public void Put_of_the_right_bytes_repairs_a_damaged_block(string how, int rows)
    {
        using var directory = new TemporaryStore();
        using var copies = new TemporaryStore();
        RecordBatch batch = Batch(rows);
        byte[] bytes = CanonicalBlock.Encode(batch).Bytes.ToArray();
        Cid cid;
        using (CidStore store = Open(directory))
        {
            cid = store.Put(batch).Cid;
            _ = store.Put(Batch(7));
        }

        using (CidStore copy = Open(copies)) Assert.True(copy.Put(batch).IsNew);
        using CidStore reader = Open(directory);
        Stored.Flip(directory.Directory, cid);
        using BatchLease before = reader.TryGet(cid)!;
        byte[] seen = Bytes(before);
        Assert.NotEqual(bytes, seen);

        using CidStore writer = Open(directory);
        DateTimeOffset created = writer.Metadata.TryFind(cid)!.Value.Time;
        Assert.True(Put(writer, how, batch, bytes, copies));
        Assert.All(reader.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact, $"{result.Error}"));
        // Readers go on: the lease has the bytes that it always had, and the next one has the right ones.
        Assert.Equal(seen, Bytes(before));
        using (BatchLease after = reader.TryGet(cid)!) Assert.Equal(bytes, Bytes(after));
        Assert.Equal(created, reader.Metadata.TryFind(cid)!.Value.Time);
        DamagedRange range = Assert.Single(reader.Blocks.Damages.Damaged.All());
        Assert.Equal(cid, range.Block);
        // What was repaired is whole, and is not repaired again.
        Assert.False(Put(writer, how, batch, bytes, copies));
        StoreFinding found = Assert.Single(StoreDoctor.Examine(directory.Directory, OpenBlocks),
            one => one.Name == "quarantined");
        Assert.Equal((FindingSeverity.Note, range.Place), (found.Severity, found.Place));
    }

    [Fact]
    public void Put_after_a_removal_does_not_bring_damaged_bytes_back()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid;
        Stored.Flip(directory.Directory, cid);
        Assert.Single(store.Retention.Remove([cid]).Removed);
        using CidStore other = Open(directory);
        Assert.True(other.Put(batch) is { IsNew: true } or { IsRepaired: true });
        Assert.Contains(store.List(), one => one.Cid == cid);
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
    }

    [Fact]
    public void Put_compares_a_known_block_once_in_a_process_and_again_when_damage_is_recorded()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        RecordBatch batch = Batch(500), another = Batch(501);
        Cid cid = store.Put(batch).Cid;
        Assert.True(store.Put(another).IsNew);
        Assert.Equal((false, false), Words(store.Put(batch)));
        Stored.Flip(directory.Directory, cid);
        // It was compared, and nobody has said anything since.
        Assert.Equal((false, false), Words(store.Put(batch)));
        using (CidStore other = Open(directory)) Assert.False(other.Diagnostics.Verify(cid)!.Value.IsIntact);
        Assert.Equal((false, true), Words(store.Put(batch)));
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
        Assert.Equal((false, false), Words(store.Put(batch)));
        Assert.Equal((false, false), Words(store.Put(another)));
    }

    [Fact]
    public void Verify_records_damage_for_every_handle_that_is_open_or_comes_later()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory), other = Open(directory);
        Cid cid = store.Put(Batch(500)).Cid, intact = store.Put(Batch(20)).Cid;
        Stored.Flip(directory.Directory, cid);
        using (BatchLease? trusted = other.TryGet(cid)) Assert.NotNull(trusted);
        using (CidStore readOnly = CidStore.Open(directory.Directory, new CidStoreOptions { ReadOnly = true }))
        {
            Assert.False(readOnly.Diagnostics.Verify(cid)!.Value.IsIntact);
            // It keeps in memory what it may not write.
            Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => readOnly.TryGet(cid)).Code);
        }

        Assert.True(other.Contains(cid));
        Assert.False(store.Diagnostics.Verify(cid)!.Value.IsIntact);
        using CidStore later = Open(directory);
        foreach (CidStore each in new[] { store, other, later })
        {
            ArrowCidException error = Assert.Throws<ArrowCidException>(() => each.TryGet(cid));
            Assert.Equal(ErrorCode.BlockCorrupt, error.Code);
            Assert.Equal(new Remedy(RemedyKind.RepairBlock, cid.ToString()), error.Remedy);
            Assert.False(each.Contains(cid));
            bool[] found = new bool[2];
            each.ContainsMany([cid, intact], found);
            Assert.Equal([false, true], found);
            Assert.False(each.Diagnostics.Verify(cid)!.Value.IsIntact);
            Assert.Single(each.Diagnostics.VerifyAll(), result => !result.IsIntact);
            Assert.Single(each.Blocks.Damages.Damaged.All());
        }
    }

    [Fact]
    public void Verify_all_names_damaged_blocks_that_are_no_batches()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        PutResult put = store.Put(Batch(500));
        Cid raw = store.PutRaw(new byte[300]).Cid;
        Assert.Single(store.Diagnostics.VerifyAll());
        Stored.Flip(directory.Directory, put.SchemaCid);
        Stored.Flip(directory.Directory, raw);
        Assert.Equal(new[] { put.SchemaCid, raw }.Order(),
            store.Diagnostics.VerifyAll().Where(result => !result.IsIntact).Select(result => result.Cid).Order());
        // The put of a batch brings its schema.
        using CidStore other = Open(directory);
        _ = other.Put(Batch(500));
        Assert.Equal([raw], store.Diagnostics.VerifyAll().Where(result => !result.IsIntact).Select(result => result.Cid));
    }

    [Fact]
    public void Verify_names_the_first_byte_that_differs_from_a_source()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        RecordBatch batch = Batch(LargeRows);
        Cid cid = store.Put(batch).Cid;
        const long At = (3 << 20) + 77;
        Stored.Flip(directory.Directory, cid, At);
        using BlockBackend memory = BlockBackend.InMemory();
        memory.Put(cid, CanonicalBlock.Encode(batch).Bytes);
        Assert.Contains($"byte {At} (in the 1 MiB leaf 3)", store.Diagnostics.Verify(cid, memory)!.Value.Error!.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("leaf", store.Diagnostics.Verify(cid)!.Value.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repair_replaces_damaged_blocks_alone_and_announces_nothing()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        using BlockBackend source = BlockBackend.InMemory();
        RecordBatch[] batches = [Batch(500), Batch(501), Batch(502), Batch(503), Batch(504)];
        PutResult[] puts = [.. batches.Select(batch => store.Put(batch))];
        Cid cid = puts[0].Cid, removed = puts[2].Cid, unknown = puts[3].Cid;
        foreach (RecordBatch batch in batches.AsSpan(0, 3))
            source.Put(Cid.Sha256(Multicodec.Raw, CanonicalBlock.Encode(batch).Bytes.Span),
                CanonicalBlock.Encode(batch).Bytes);
        foreach (Cid each in new[] { cid, removed, unknown }) Stored.Flip(directory.Directory, each);
        Assert.Single(store.Retention.Remove([removed]).Removed);
        IEnumerable<StoreEvent> watch = store.Watch(Cursor.Now, new WatchOptions { Timeout = TimeSpan.Zero });
        using IEnumerator<StoreEvent> events = watch.GetEnumerator();

        RepairResult[] results = [.. store.Maintenance.RepairAll(source)];
        Assert.Equal(
            new[] { (cid, RepairOutcome.Repaired), (unknown, RepairOutcome.Damaged) }.OrderBy(one => one.Item1),
            results.Select(one => (one.Cid, one.Outcome)).OrderBy(one => one.Cid));
        Assert.Equal(ErrorCode.BlockNotFound, results.Single(one => one.Cid == unknown).Error!.Code);
        Assert.False(events.MoveNext());
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
        Assert.Equal(RepairOutcome.Intact, store.Maintenance.Repair(cid, source)!.Value.Outcome);
        Assert.Equal(RepairOutcome.Intact, store.Maintenance.Repair(puts[1].Cid, source)!.Value.Outcome);
        Assert.Null(store.Maintenance.Repair(Cid.Sha256(Multicodec.Raw, [1]), source));
        Assert.DoesNotContain(store.List(), one => one.Cid == removed);
        source.Put(unknown, CanonicalBlock.Encode(batches[3]).Bytes);
        Assert.Equal(RepairOutcome.Repaired, Assert.Single(store.Maintenance.RepairAll(source)).Outcome);
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
    }

    [Fact]
    public void Repair_of_a_removed_block_leaves_it_removed()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        using BlockBackend source = BlockBackend.InMemory();
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid;
        source.Put(cid, CanonicalBlock.Encode(batch).Bytes);
        Stored.Flip(directory.Directory, cid);
        Assert.Single(store.Retention.Remove([cid]).Removed);
        Assert.NotEqual(RepairOutcome.Repaired, store.Maintenance.Repair(cid, source)?.Outcome);
        Assert.Empty(store.List());
    }

    [Fact]
    public void Repair_brings_a_quarantined_block_back()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        using BlockBackend source = BlockBackend.InMemory();
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid;
        source.Put(cid, CanonicalBlock.Encode(batch).Bytes);
        Stored.Flip(directory.Directory, cid);
        store.Blocks.Damages.Quarantine();
        Assert.Null(store.TryGet(cid));
        Assert.Equal(ErrorCode.BlockCorrupt, store.Proofs.NotHere(cid).Code);
        Assert.Equal((cid, RepairOutcome.Repaired),
            store.Maintenance.RepairAll(source).Select(one => (one.Cid, one.Outcome)).Single());
        using BatchLease? lease = store.TryGet(cid);
        Assert.NotNull(lease);
        Assert.Empty(store.Blocks.Damages.LostBlocks());
    }

    /// <summary>Without its index the store finds the good copy, not the damaged one, wherever they are
    /// stored.</summary>
    [Fact]
    public void Good_copy_is_found_when_the_index_is_rebuilt()
    {
        using var directory = new TemporaryStore();
        RecordBatch batch = Batch(500);
        Cid cid;
        using (CidStore store = Open(directory))
        {
            cid = store.Put(batch).Cid;
            Stored.Flip(directory.Directory, cid);
            using CidStore other = Open(directory);
            Assert.True(other.Put(batch).IsRepaired);
            other.Blocks.Examination.RepairIndex();
            Assert.True(other.Diagnostics.Verify(cid)!.Value.IsIntact);
        }

        foreach (string index in Directory.GetFiles(directory.Directory, "idx-*")) File.Delete(index);
        using (CidStore again = Open(directory)) Assert.True(again.Diagnostics.Verify(cid)!.Value.IsIntact);
        _ = StoreMaintenance.Rebuild(directory.Directory);
        using CidStore last = Open(directory);
        Assert.True(last.Diagnostics.Verify(cid)!.Value.IsIntact);
        Assert.All(last.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
        Assert.Single(last.Blocks.Damages.Damaged.All());
    }

    /// <summary>The record of damage lasts as long as the damaged bytes, and both go.</summary>
    [Fact]
    public void Compaction_frees_a_damaged_copy_that_was_repaired_and_then_its_record()
    {
        using var directory = new TemporaryStore();
        BlockStore.Open(directory.Directory, TemporaryStore.Small).Dispose();
        using CidStore store = Open(directory);
        byte[] bytes = StoreCalls.Numbered(1, 60_000);
        Cid cid = store.PutRaw(bytes).Cid;
        for (int i = 2; i < 30; i++) _ = store.PutRaw(StoreCalls.Numbered(i, 60_000));
        Stored.Flip(directory.Directory, cid);
        using (CidStore other = Open(directory)) Assert.True(other.PutRaw(bytes).IsRepaired);
        DamagedRange range = Assert.Single(store.Blocks.Damages.Damaged.All());
        CompactResult result = store.Maintenance.Compact(1.0);
        Assert.Contains(result.Segments, one => one.Outcome == CompactOutcome.Freed &&
            one.Name == range.Place.Split('+')[0]);
        Assert.Empty(store.Blocks.Damages.Damaged.All());
        Assert.Equal(bytes, store.Reading.ReadBlock(cid));
        using CidStore later = Open(directory);
        Assert.Empty(later.Blocks.Damages.Damaged.All());
        Assert.DoesNotContain(StoreDoctor.Examine(directory.Directory, OpenBlocks), one => one.Name == "quarantined");
    }

    [Fact]
    public void Record_of_damage_is_in_no_backup()
    {
        using var directory = new TemporaryStore();
        using var folder = new TemporaryStore();
        using CidStore store = Open(directory);
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid;
        Stored.Flip(directory.Directory, cid);
        using (CidStore other = Open(directory)) Assert.True(other.Put(batch).IsRepaired);
        using CidStore target = Open(folder);
        _ = store.Transfer.CopyTo(target);
        Assert.True(target.Blocks.Damages.Damaged.IsEmpty);
        Assert.DoesNotContain(target.Blocks.Listing.FactRecords(), payload =>
            FactReader.Read(payload.Bytes, payload.Nanoseconds,
                _ => { }).Any(group => group.Facts.Any(fact => fact is DamagedFact)));
    }

    [Fact]
    public void Ring_repairs_a_damaged_block()
    {
        using var directory = new TemporaryStore();
        using CidStore store =
            CidStore.Open(directory.Directory,
                new CidStoreOptions { Retention = RetentionMode.Ring, Capacity = 32 << 20 });
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid;
        Stored.Flip(directory.Directory, cid);
        using CidStore other = CidStore.Open(directory.Directory);
        Assert.True(other.Put(batch).IsRepaired);
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
    }

    [Fact]
    public void Doctor_of_a_ring_warns_of_no_block_when_its_repaired_copy_was_evicted()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, new CidStoreOptions
        {
            Retention = RetentionMode.Ring,
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
        });
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid, held = store.Put(Batch(7)).Cid;
        int number = 0;
        for (; number < 10; number++) _ = store.PutRaw(StoreCalls.Numbered(number, 200_000));
        Stored.Flip(directory.Directory, cid);
        Assert.True(store.Put(batch).IsRepaired);
        // Its reader keeps the damaged segment beyond its time.
        using BatchLease lease = store.TryGet(held)!;
        Assert.Equal(FindingSeverity.Note, Quarantined().Severity);
        while (store.Contains(cid)) _ = store.PutRaw(StoreCalls.Numbered(number++, 200_000));
        Assert.InRange(number, 10, 1000);
        Assert.Equal(FindingSeverity.Note, Quarantined().Severity);

        StoreFinding Quarantined() =>
            Assert.Single(StoreDoctor.Examine(directory.Directory, OpenBlocks), one => one.Name == "quarantined");
    }

    [Fact]
    public void Doctor_of_a_ring_warns_of_a_damaged_block_when_nothing_was_evicted()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory,
            new CidStoreOptions { Retention = RetentionMode.Ring, Capacity = 32 << 20, SegmentSize = 1 << 20 });
        Cid cid = store.Put(Batch(500)).Cid;
        for (int number = 0; number < 10; number++) _ = store.PutRaw(StoreCalls.Numbered(number, 200_000));
        Stored.Flip(directory.Directory, cid);
        store.Blocks.Damages.Quarantine();
        Assert.Equal(FindingSeverity.Warning, Assert.Single(StoreDoctor.Examine(directory.Directory, OpenBlocks),
            one => one.Name == "quarantined").Severity);
    }

    private static (bool IsNew, bool IsRepaired) Words(PutResult put) => (put.IsNew, put.IsRepaired);

    /// <summary>Puts a batch in some way.</summary>
    /// <returns>Whether it says that the block was repaired.</returns>
    private static bool Put(CidStore store, string how, RecordBatch batch, byte[] bytes, TemporaryStore copies)
    {
        switch (how)
        {
            case "put": return store.Put(batch).IsRepaired;
            case "many": return store.PutMany([Batch(3), batch, Batch(4)])[1].IsRepaired;
            case "raw": return store.PutRaw(bytes).IsRepaired;
            case "raw many":
                var results = new PutResult[3];
                _ = store.PutRawMany([new byte[5], bytes, new byte[6]], results);
                return results[1].IsRepaired;
            case "facts": return store.Put(batch, new PutOptions { Pin = true }).IsRepaired;
            case "reserve":
                using (BatchReservation made = store.Reserve(batch.Schema, batch.Length))
                {
                    batch.Column<long>("n").Values.CopyTo(made.Column("n").Values<long>());
                    return made.Commit().IsRepaired;
                }

            case "import":
                using (CidStore copy = Open(copies))
                {
                    using var car = new MemoryStream();
                    _ = copy.Transfer.ExportCar([Cid.Sha256(Multicodec.Raw, bytes)], car);
                    car.Position = 0;
                    return store.Transfer.ImportCar(car).Blocks.Any(block => block.IsRepaired);
                }

            case "restore":
                using (CidStore copy = Open(copies)) return copy.Transfer.CopyTo(store).BlocksRepaired == 1;
            default:
                using (CidStore copy = Open(copies))
                using (BlockBackend both = BlockBackend.Several([store.Transfer.AsBackend(), copy.Transfer.AsBackend()],
                    fill: true))
                {
                    long before = store.Blocks.Damages.Damaged.All().Count;
                    using BlockLease block = both.TryGet(Cid.Sha256(Multicodec.Raw, bytes))!;
                    Assert.Equal(bytes, block.Bytes.ToArray());
                    return store.Blocks.Damages.Damaged.All().Count > before;
                }
        }
    }

    private static byte[] Bytes(BatchLease lease) => lease.Block.ToArray();

    private static RecordBatch Batch(int rows) =>
        RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i * 7).ToArray())));

    [Fact]
    public void Remove_takes_a_quarantined_block_and_nothing_reports_it_afterwards()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        Cid cid = store.Put(Batch(500)).Cid, named = store.Put(Batch(501)).Cid;
        store.Names.Set("kept", named, null);
        foreach (Cid one in new[] { cid, named }) Stored.Flip(directory.Directory, one);
        store.Blocks.Damages.Quarantine();
        RemoveResult result = store.Retention.Remove([cid, named]);
        Assert.Equal([cid], result.Removed);
        Assert.Equal(named, Assert.Single(result.Kept).Cid);
        StoreFinding left = Assert.Single(store.Blocks.Examination.Examine(),
            one => one.Severity == FindingSeverity.Warning);
        Assert.Contains(named.ToString(), left.Message, StringComparison.Ordinal);
        Assert.Equal([named], store.Blocks.Damages.LostBlocks());
    }

    [Fact]
    public void Compaction_does_not_forget_a_quarantined_block()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory,
            new CidStoreOptions { Capacity = 256 << 20, SegmentSize = 4 << 20, Timeout = TimeSpan.FromSeconds(20) });
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid;
        Cid[] others = [.. Enumerable.Range(0, 12).Select(number => store.Put(Batch(100_000 + number)).Cid)];
        Stored.Flip(directory.Directory, cid);
        store.Blocks.Damages.Quarantine();
        Assert.Equal(others.Length, store.Retention.Remove(others).Removed.Count);
        Assert.Equal(CompactOutcome.Damaged, store.Maintenance.Compact(1).Segments[0].Outcome);
        Assert.Contains(store.Blocks.Examination.Examine(), one => one.Severity == FindingSeverity.Warning &&
            one.Message.Contains(cid.ToString(), StringComparison.Ordinal));
        using BlockBackend source = BlockBackend.InMemory();
        source.Put(cid, CanonicalBlock.Encode(batch).Bytes.ToArray());
        Assert.Equal(RepairOutcome.Repaired, Assert.Single(store.Maintenance.RepairAll(source)).Outcome);
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
        Assert.Equal(CompactOutcome.Freed, store.Maintenance.Compact(1).Segments[0].Outcome);
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
    }

    /// <summary>A copy of a store is rebuilt from its log, which must not end at damage that was repaired or
    /// recorded.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Copy_of_a_store_keeps_what_was_put_after_a_block_whose_damage_is_recorded(bool isRepaired)
    {
        using var directory = new TemporaryStore();
        using var copies = new TemporaryStore();
        RecordBatch batch = Batch(500);
        byte[] bytes = CanonicalBlock.Encode(batch).Bytes.ToArray();
        Cid cid;
        Cid[] later;
        using (CidStore store = Open(directory))
        {
            // What is older than a lane's newest segment of facts is believed in any case.
            store.Names.Set("six", store.Put(Batch(6)).Cid, null);
            cid = store.Put(batch).Cid;
            later = [store.Put(Batch(7)).Cid];
            Stored.Flip(directory.Directory, cid);
            if (isRepaired) Assert.True(store.Put(batch).IsRepaired);
            else Assert.False(store.Diagnostics.Verify(cid)!.Value.IsIntact);
            later = [.. later, store.Put(Batch(8)).Cid];
            store.Names.Set("eight", later[^1], null);
            // The store is open while it is copied: the copy has no clean stamp.
            foreach (string file in Directory.GetFiles(directory.Directory))
                File.Copy(file, Path.Combine(copies.Directory, Path.GetFileName(file)));
        }

        using CidStore copy = Open(copies);
        Assert.All(later, one => Assert.True(copy.Diagnostics.Verify(one)!.Value.IsIntact));
        Assert.Equal(later[^1], copy.Names.Resolve("eight"));
        Assert.Equal(isRepaired, copy.Diagnostics.Verify(cid) is { IsIntact: true });
        using BlockBackend source = BlockBackend.InMemory();
        source.Put(cid, bytes);
        if (!isRepaired) Assert.Equal(RepairOutcome.Repaired, copy.Maintenance.Repair(cid, source)!.Value.Outcome);
        using BatchLease found = copy.TryGet(cid)!;
        Assert.Equal(bytes, Bytes(found));
    }

    private static CidStore Open(TemporaryStore directory) => CidStore.Open(directory.Directory,
        new CidStoreOptions { Capacity = 256 << 20, Timeout = TimeSpan.FromSeconds(20) });

    private static CidStore OpenBlocks(string directory, bool forWriting, out BlockStore blocks)
    {
        var store = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = !forWriting });
        blocks = store.Blocks;
        return store;
    }
}

/// <summary>Stored bytes that change under a store.</summary>
internal static class Stored
{
    /// <summary>Changes a byte of every copy of a block that hashes to its CID, whoever has the store open.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="cid">The block.</param>
    /// <param name="at">Which byte of it; -1: the last but one.</param>
    public static void Flip(string directory, Cid cid, long at = -1)
    {
        bool isAny = false;
        // The next segment, made ahead, has a temporary name until it is used.
        foreach (string path in Directory.GetFiles(directory, "seg-*").Where(path => path[^9] == '-'))
        {
            byte[] bytes = File.ReadAllBytes(path);
            foreach ((long offset, RecordHeader header) in SegmentBytes.Records(bytes))
            {
                if (!header.IsBlock || !cid.TryGetSha256(out var digest) || header.Digest != digest) continue;
                long place = offset + StoreLayout.RecordHeaderBytes +
                    (at >= 0 ? at : Middle((long)header.PayloadLength));
                using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                file.Position = place;
                file.WriteByte((byte)(bytes[place] ^ 0x21));
                isAny = true;
            }
        }

        Assert.True(isAny, $"no copy of {cid} in {directory}");
    }

    private static long Middle(long length) => length > 200 ? length - 100 : length / 2;
}
