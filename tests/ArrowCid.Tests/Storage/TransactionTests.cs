using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Blocks that are put together are there together. Deaths are played by setting a committed word back, which
/// is where a killed owner would have left it.</summary>
public sealed class TransactionTests
{
    private const string Data = "seg-0000-00000001";

    [Theory]
    [InlineData(Durability.None)]
    [InlineData(Durability.Always)]
    public void Transaction_stores_each_block_once_and_announces_all_in_order(Durability durability)
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(TemporaryStore.Small with { Durability = durability });
        Digest256 known = store.PutRaw(StoreCalls.Numbered(2));
        long before = store.Examination.GetStatistics().BytesCommitted;
        using LogReader tail = store.Tail(Cursor.Now);
        (BlockInfo[] infos, bool[] areNew) = Put(store, [1, 2, 3, 1, 2], length: 64);
        Assert.Equal([true, false, true, false, false], areNew);
        Assert.Equal((infos[0].Digest, infos[1].Digest), (infos[3].Digest, infos[4].Digest));
        Assert.Equal(known, infos[1].Digest);
        Assert.All(infos, info => Assert.NotNull(store.Read(info.Digest)));
        Assert.Equal(before + (2 * StoreLayout.RecordBytes(64)) + StoreLayout.RecordHeaderBytes,
            store.Examination.GetStatistics().BytesCommitted);
        Assert.Equal(["Raw", "Raw", "Ref"], Kinds(tail));
        Assert.DoesNotContain(store.Examination.CheckLog(), finding => finding.Severity == FindingSeverity.Error);
        Assert.DoesNotContain(infos, info => info.Flags != RecordFlags.None);
    }

    [Fact]
    public void Transaction_is_invisible_until_the_committed_word_passes_it_and_the_next_owner_completes_it()
    {
        using var directory = new TemporaryStore();
        Digest256 first;
        BlockInfo[] infos;
        using (BlockStore store = directory.Open())
        {
            first = store.PutRaw(StoreCalls.Numbered(0));
            (infos, _) = Put(store, [1, 2, 3], new TextFact("with them"));
        }

        SetCommitted(directory, Data, 1);
        using (BlockStore reader = directory.Open(TemporaryStore.Small with { ReadOnly = true }))
        using (BlockStore copier = directory.Open(TemporaryStore.Small with { ReadOnly = true, Copy = true }))
        {
            using LogReader tail = reader.Tail(Cursor.Oldest, TailScope.All);
            // Every entry is there, and the fact is committed.
            foreach (BlockStore store in new[] { reader, copier })
            {
                Assert.NotNull(store.Read(first));
                Assert.All(infos, info => Assert.False(store.Contains(info.Digest)));
                Assert.All(infos, info => Assert.Null(store.Read(info.Digest)));
                var found = new bool[3];
                store.Contains(Array.ConvertAll(infos, info => info.Digest), found);
                Assert.DoesNotContain(true, found);
            }

            Assert.Equal([first], reader.Listing.List().Select(info => info.Digest));
            Assert.Equal(["Raw"], Kinds(tail));
            Assert.Equal(1ul, reader.Listing.Marks()[0]);
            using BlockStore owner = directory.Open();
            _ = owner.PutRaw(StoreCalls.Numbered(9));
            Assert.All(infos, info => Assert.NotNull(reader.Read(info.Digest)));
            Assert.Equal(["Fact", "Raw", "Raw", "Raw", "Raw"], Kinds(tail));
            Assert.Equal(5, owner.Listing.List().Count());
            Assert.DoesNotContain(owner.Examination.CheckLog(), finding => finding.Severity == FindingSeverity.Error);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Transaction_that_lacks_a_record_is_dropped_whole(int lost)
    {
        using var directory = new TemporaryStore();
        BlockInfo[] infos;
        using (BlockStore store = directory.Open())
        {
            _ = store.PutRaw(StoreCalls.Numbered(0));
            (infos, _) = Put(store, [1, 2, 3]);
        }

        SetCommitted(directory, Data, 1, lost);
        using (FileStream index = File.OpenWrite(Directory.GetFiles(directory.Directory, "idx-*").Single()))
        {
            index.Position = 4096;
            index.Write(new byte[index.Length - 4096]);
        }

        using BlockStore owner = directory.Open();
        _ = owner.PutRaw(StoreCalls.Numbered(0));
        Digest256 next = owner.PutRaw(StoreCalls.Numbered(9));
        Assert.All(infos, info => Assert.Null(owner.Read(info.Digest)));
        Assert.NotNull(owner.Read(next));
        (infos, bool[] areNew) = Put(owner, [1, 2, 3]);
        Assert.DoesNotContain(false, areNew);
        Assert.All(infos, info => Assert.NotNull(owner.Read(info.Digest)));
        Assert.DoesNotContain(owner.Examination.CheckLog(), finding => finding.Severity == FindingSeverity.Error);
    }

    [Fact]
    public void Transaction_larger_than_a_segment_gets_one_of_its_own_and_a_larger_one_than_that_is_refused()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        int[] numbers = [.. Enumerable.Range(0, 60)];
        (BlockInfo[] infos, _) = Put(store, numbers, length: 100_000);
        Assert.All(infos, info => Assert.NotNull(store.Read(info.Digest)));
        Digest256 after = store.PutRaw(StoreCalls.Numbered(100));
        long committed = store.Examination.GetStatistics().BytesCommitted;
        int[] more = [.. numbers.Select(number => 200 + number)];
        var refused = Assert.Throws<ArrowCidException>(() => Put(store, more, length: 300_000));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
        Assert.Contains($"at most {StoreSizes.MostInTransaction(32 << 20)}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(committed, store.Examination.GetStatistics().BytesCommitted);
        Assert.NotNull(store.Read(after));
        using LogReader tail = store.Tail(Cursor.Oldest);
        Assert.Equal(61, Kinds(tail).Count);
    }

    [Fact]
    public void Metadata_that_do_not_fit_a_segment_of_facts_refuse_the_transaction()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        var fact = new TextFact(new string('x', 60_000));
        TransactionBlock[] blocks = [.. Enumerable.Range(0, 20).Select(i => Block(i, 64, fact))];
        var refused = Assert.Throws<ArrowCidException>(() =>
            store.PutTransaction(blocks, [], new BlockInfo[20], new bool[20]));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
        Assert.Empty(store.Listing.List());
        // Of many that fit, the segment of facts is exchanged first.
        for (int round = 0; round < 4; round++)
        {
            TransactionBlock[] some = [.. Enumerable.Range(round * 10, 10).Select(i => Block(i, 64, fact))];
            Assert.Equal(10, store.PutTransaction(some, [], new BlockInfo[10], new bool[10]));
        }

        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.Facts);
        Assert.Equal(40, Kinds(tail).Count);
    }

    [Fact]
    public void Source_that_writes_other_bytes_refuses_the_transaction_and_leaves_the_lane_usable()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        TransactionBlock[] blocks = [Block(1, 64), Block(2, 64) with { Digest = default }, Block(3, 64)];
        var refused = Assert.Throws<ArrowCidException>(() =>
            store.PutTransaction(blocks, [], new BlockInfo[3], new bool[3]));
        Assert.Equal(ErrorCode.InvalidData, refused.Code);
        Assert.Empty(store.Listing.List());
        _ = store.PutRaw(StoreCalls.Numbered(4));
        Assert.Single(store.Listing.List());
    }

    [Fact]
    public void Transaction_that_the_index_has_no_space_for_leaves_nothing()
    {
        using var directory = new TemporaryStore();
        StoreSettings settings = TemporaryStore.Small with
        {
            InitialIndexEntries = 64,
            Timeout = TimeSpan.FromMilliseconds(50),
            TickInterval = TimeSpan.FromDays(1),
        };
        using BlockStore idle = directory.Open(settings);
        // It names the first index and holds every growth up.
        _ = idle.PutRaw([1]);
        using BlockStore busy = directory.Open(settings);
        using LogReader tail = busy.Tail(Cursor.Now);
        int[] numbers = [.. Enumerable.Range(0, 5000)];
        var refused = Assert.Throws<ArrowCidException>(() => Put(busy, numbers));
        Assert.Equal(ErrorCode.IndexFull, refused.Code);
        Assert.All(numbers, number => Assert.Null(busy.Read(Sha256.Hash(StoreCalls.Numbered(number)))));
        Assert.All(numbers, number => Assert.Null(idle.Read(Sha256.Hash(StoreCalls.Numbered(number)))));
        Assert.Empty(Kinds(tail));
        Assert.Single(busy.Listing.List());
    }

    [Fact]
    public void Other_puts_of_the_same_block_keep_it_visible_beside_a_transaction()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        byte[] bytes = StoreCalls.Numbered(1);
        Digest256 digest = Sha256.Hash(bytes);
        // It is put by another writer after the transaction has looked it up.
        TransactionBlock[] blocks =
        [
            new(Request(new ActingSource(bytes, () => OtherPut(directory, bytes))), digest), Block(2, 64),
        ];
        _ = store.PutTransaction(blocks, [], new BlockInfo[2], new bool[2]);
        Assert.Equal(bytes, store.Read(digest));
        Assert.DoesNotContain(store.Examination.CheckLog(), finding => finding.Severity == FindingSeverity.Error);
        using BlockStore other = directory.Open();
        Assert.Equal(bytes, other.Read(digest));
    }

    [Fact]
    public void Threads_that_read_beside_transactions_see_all_blocks_or_none()
    {
        const int Transactions = 400;
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        using BlockStore reader = directory.Open(TemporaryStore.Small with { ReadOnly = true });
        int last = 0;
        long parts = 0, seen = 0;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (Volatile.Read(ref last) < Transactions)
            {
                int at = Volatile.Read(ref last) + 1;
                Digest256 one = Sha256.Hash(StoreCalls.Numbered(at * 3)),
                    three = Sha256.Hash(StoreCalls.Numbered((at * 3) + 2));
                if (!reader.Contains(one)) continue;
                Interlocked.Increment(ref seen);
                if (!reader.Contains(three)) Interlocked.Increment(ref parts);
            }
        }))];
        foreach (Thread thread in readers) thread.Start();
        for (int i = 1; i <= Transactions; i++)
        {
            _ = Put(store, [i * 3, (i * 3) + 1, (i * 3) + 2]);
            // Puts of others in the same groups.
            _ = store.PutRaw(StoreCalls.Numbered(100_000 + i));
            Volatile.Write(ref last, i);
        }

        foreach (Thread thread in readers) thread.Join();
        Assert.Equal(0, Interlocked.Read(ref parts));
        Assert.Equal(Transactions * 4, store.Listing.List().Count());
    }

    [Fact]
    public async Task Threads_that_put_beside_transactions_leave_a_right_log()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                int number = (thread * 10_000) + (i * 5);
                if (thread % 2 == 0) _ = Put(store, [number, number + 1, 7], new TextFact($"{number}"));
                else _ = store.PutRaw(StoreCalls.Numbered(number, 64 + (i * 10)));
                if (thread == 3) _ = store.Append(new TextFact($"{number}"));
            }
        })));
        Assert.Equal(601, store.Listing.List().Count());
        Assert.DoesNotContain(store.Examination.CheckLog(), finding => finding.Severity == FindingSeverity.Error);
    }

    private static void OtherPut(TemporaryStore directory, byte[] bytes)
    {
        using BlockStore other = directory.Open();
        _ = other.PutRaw(bytes);
    }

    private static (BlockInfo[] Infos, bool[] AreNew) Put(BlockStore store, int[] numbers, IFactSource? fact = null,
        int length = 64)
    {
        TransactionBlock[] blocks = [.. numbers.Select(number => Block(number, length))];
        (BlockInfo[] infos, bool[] areNew) = (new BlockInfo[numbers.Length], new bool[numbers.Length]);
        int newOnes = store.PutTransaction(blocks, fact is null ? [] : [fact], infos, areNew);
        Assert.Equal(areNew.Count(isNew => isNew), newOnes);
        return (infos, areNew);
    }

    private static TransactionBlock Block(int number, int length, IFactSource? fact = null)
    {
        byte[] bytes = StoreCalls.Numbered(number, length);
        return new TransactionBlock(Request(new BytesSource(bytes)) with { Facts = fact }, Sha256.Hash(bytes));
    }

    private static PutRequest Request(IBlockSource source) =>
        new(RecordKind.Raw, TemporaryStore.RawCodec, source, default, 0, RecordFlags.None);

    private static List<string> Kinds(LogReader tail)
    {
        var kinds = new List<string>();
        while (tail.TryNext(out LogEvent found))
        {
            Assert.Null(found.Gap);
            kinds.Add($"{found.Record.RecordKind}");
        }

        return kinds;
    }

    /// <summary>Sets the committed word of a segment to the start of a record, and damages another one.</summary>
    private static void SetCommitted(TemporaryStore directory, string name, int record, int? damaged = null)
    {
        byte[] bytes = File.ReadAllBytes(directory.PathOf(name));
        List<(long Offset, RecordHeader Header)> records = SegmentBytes.Records(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2048), records[record].Offset);
        if (damaged is { } lost) bytes[(int)records[lost].Offset + 128] ^= 1;
        using FileStream file = File.OpenWrite(directory.PathOf(name));
        file.Write(bytes);
    }
}
