using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>After a flush that failed nobody knows what the medium holds: nothing of it is acknowledged or seen, and
/// the
/// segment is written no more.</summary>
[Collection(FileSeamTests.Name)]
public sealed class FaultedTests
{
    [Fact]
    public void A_put_whose_flush_fails_is_not_there_and_the_handle_puts_no_more()
    {
        using var disk = new FailingFlush();
        using BlockStore store = disk.Open();
        Digest256 first = store.PutRaw(StoreCalls.Numbered(1));
        disk.Failing = "seg-";
        byte[] bytes = StoreCalls.Numbered(2);
        Assert.Equal(ErrorCode.Io, Assert.Throws<ArrowCidException>(() => store.PutRaw(bytes)).Code);
        disk.Failing = null;
        Assert.Null(store.Read(Sha256.Hash(bytes)));
        Assert.NotNull(store.Read(first));
        Assert.Equal(ErrorCode.StoreFaulted, Assert.Throws<ArrowCidException>(() => store.PutRaw(bytes)).Code);
        Assert.Equal([first], store.Listing.List().Select(info => info.Digest));
    }

    [Fact]
    public void The_next_owner_seals_the_segment_and_writes_on_in_a_new_one()
    {
        using var disk = new FailingFlush();
        Digest256 first, second;
        using (BlockStore store = disk.Open())
        {
            first = store.PutRaw(StoreCalls.Numbered(1));
            disk.Failing = "seg-";
            Assert.Throws<ArrowCidException>(() => store.PutRaw(StoreCalls.Numbered(2)));
        }

        disk.Failing = null;
        using (BlockStore store = disk.Open())
        {
            Assert.True(store.PutRaw(StoreCalls.Numbered(2), out second));
            Assert.Equal((1, 1), (store.Examination.GetStatistics().OpenSegments,
                store.Examination.GetStatistics().SealedSegments));
            Assert.Equal([first, second], store.Listing.List().Select(info => info.Digest));
        }

        string[] segments = ["seg-0000-00000001", "seg-0001-00000001"];
        ulong[] numbers = [.. segments.SelectMany(name =>
            SegmentBytes.Records(File.ReadAllBytes(disk.PathOf(name))).Select(record => record.Header.Sequence))];
        Assert.Equal([1ul, 2ul], numbers);
        // Unstamped: the next boot believes the medium alone.
        using (BlockStore store = disk.OpenAfterBoot())
            Assert.Equal([first, second], store.Listing.List().Select(info => info.Digest));
        Assert.Equal(["idx-2"], Directory.GetFiles(disk.Directory, "idx-*").Select(Path.GetFileName));
    }

    [Fact]
    public void Facts_whose_flush_fails_are_not_seen()
    {
        using var disk = new FailingFlush();
        using (BlockStore store = disk.Open())
        {
            _ = store.PutRaw(StoreCalls.Numbered(1));
            disk.Failing = "seg-";
            Assert.Equal(ErrorCode.Io, Assert.Throws<ArrowCidException>(() => store.Append(new NumberFact(7))).Code);
            disk.Failing = null;
            Assert.Empty(NumberFact.All(store));
        }

        using (BlockStore store = disk.Open())
        {
            _ = store.Append(new NumberFact(8));
            Assert.Equal([8], NumberFact.All(store));
        }
    }

    [Fact]
    public void Openers_beside_a_rebuild_wait_for_it_and_find_its_store()
    {
        using var disk = new DiskSeam();
        List<Digest256> digests;
        using (BlockStore store = disk.Open())
            digests = [.. Enumerable.Range(0, 20).Select(i => store.PutRaw(StoreCalls.Numbered(i, 20_000)))];
        using (FileStream file = File.OpenWrite(disk.PathOf("ctl.v1")))
        {
            file.Position = StoreLayout.CleanStamp;
            file.Write(new byte[8]);
        }

        var boot = Guid.NewGuid();
        var stores = new BlockStore[3];
        Thread[] threads = [.. Enumerable.Range(0, stores.Length).Select(i => new Thread(() =>
        {
            StoreIdentity.AssumedBoot = boot;
            stores[i] = BlockStore.Open(disk.Directory, DiskSeam.Settings with { Timeout = TimeSpan.FromMinutes(1) });
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(["idx-2"], Directory.GetFiles(disk.Directory, "idx-*").Select(Path.GetFileName));
        foreach (BlockStore store in stores)
        {
            Assert.Equal(digests, store.Listing.List().Select(info => info.Digest));
            store.Dispose();
        }
    }
}

/// <summary>A fact that says a number.</summary>
internal sealed class NumberFact(int number) : IFactSource
{
    public int Write(in BlockInfo block, Span<byte> destination)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(destination, number);
        return sizeof(int);
    }

    /// <summary>Those in a store.</summary>
    public static List<int> All(BlockStore store)
    {
        var numbers = new List<int>();
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.Facts);
        while (tail.TryNext(out LogEvent found))
        {
            if (found.Record.RecordKind == RecordKind.Fact)
                numbers.Add(System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(found.Payload.Span));
        }

        return numbers;
    }
}
