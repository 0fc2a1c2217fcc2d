using System.Text;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>What each durability promises, short of pulling the plug: what the lane's slot says is on the
/// medium.</summary>
public sealed class DurabilityTests
{
    [Theory]
    [InlineData(Durability.None, 0)]
    [InlineData(Durability.Periodic, 0)]
    [InlineData(Durability.Always, 4)]
    public void The_mark_says_what_is_flushed(Durability durability, ulong atOnce)
    {
        using var directory = new TemporaryStore();
        StoreSettings settings = TemporaryStore.Small with
        {
            Durability = durability,
            TickInterval = TimeSpan.FromHours(1),
        };
        using (BlockStore store = directory.Open(settings))
        {
            Assert.Equal(0ul, Mark(directory));
            _ = FactChainTests.Put(store, 1, new TextFact("one"));
            _ = store.Append(new TextFact("two"));
            _ = FactChainTests.Put(store, 2, null);
            Assert.Equal(OnDisk(directory, atOnce), Mark(directory));
            store.Flush();
            Assert.Equal(OnDisk(directory, 4), Mark(directory));
            _ = FactChainTests.Put(store, 3, null);
        }

        // A close leaves nothing unflushed.
        Assert.Equal(OnDisk(directory, 5), Mark(directory));
    }

    [Fact]
    public void The_tick_flushes_what_is_new()
    {
        using var directory = new TemporaryStore();
        StoreSettings settings = TemporaryStore.Small with { TickInterval = TimeSpan.FromMilliseconds(5) };
        using BlockStore store = directory.Open(settings);
        for (int i = 0; i < 3; i++)
        {
            _ = FactChainTests.Put(store, i, null);
            ulong expected = OnDisk(directory, (ulong)i + 1);
            Assert.True(SpinWait.SpinUntil(() => Mark(directory) == expected, 60_000));
        }
    }

    [Theory]
    [InlineData(Durability.Periodic)]
    [InlineData(Durability.Always)]
    public void What_an_owner_left_unflushed_the_next_one_flushes(Durability durability)
    {
        using var directory = new TemporaryStore();
        using (BlockStore store = directory.Open(TemporaryStore.Small with { Durability = Durability.None }))
        {
            for (int i = 0; i < 30; i++) _ = store.PutRaw(StoreCalls.Numbered(i, 100_000));
        }

        SetMark(directory, 3);
        using BlockStore next = directory.Open(TemporaryStore.Small with
        {
            Durability = durability,
            TickInterval = TimeSpan.FromHours(1),
        });
        _ = next.PutRaw(StoreCalls.Numbered(99));
        Assert.Equal(durability == Durability.Always ? OnDisk(directory, 31) : 3, Mark(directory));
        next.Flush();
        Assert.Equal(Math.Max(3, OnDisk(directory, 31)), Mark(directory));
    }

    [Fact]
    public void Durable_puts_of_many_threads_share_flushes_and_none_is_lost()
    {
        using var directory = new TemporaryStore();
        StoreSettings settings = TemporaryStore.Small with { Durability = Durability.Always };
        using (BlockStore store = directory.Open(settings))
        {
            Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
            {
                Digest256 digest = FactChainTests.Put(store, i % 150, i % 3 == 0 ? new TextFact($"{i}") : null);
                Assert.NotNull(store.Read(digest));
            });
            Assert.Equal(OnDisk(directory, store.Listing.Marks()[0]), Mark(directory));
        }

        using BlockStore again = directory.Open();
        Assert.Equal(150, again.Listing.List().Count());
    }

    /// <summary>All that a lane does, by many threads at once; a watcher checks the order as it comes.</summary>
    [Theory]
    [InlineData(Durability.None)]
    [InlineData(Durability.Always)]
    public void Everything_at_once_leaves_one_log_without_a_hole(Durability durability)
    {
        const int Threads = 6;
        int rounds = durability == Durability.Always ? 25 : 120;
        using var directory = new TemporaryStore();
        StoreSettings settings = TemporaryStore.Small with { Durability = durability, Capacity = 128 << 20 };
        using BlockStore store = directory.Open(settings);
        using BlockStore watcher = directory.Open(TemporaryStore.Small with { ReadOnly = true });
        using LogReader tail = watcher.Tail(Cursor.Oldest, TailScope.All);
        int running = Threads;
        var failures = new List<Exception>();
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            try
            {
                Work(store, number, rounds);
            }
            catch (Exception e)
            {
                lock (failures) failures.Add(e);
            }
            finally
            {
                _ = Interlocked.Decrement(ref running);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        var facts = new HashSet<string>();
        ulong last = 0;
        int blocks = 0;
        while (true)
        {
            bool isOver = Volatile.Read(ref running) == 0;
            if (!tail.TryNext(out LogEvent found))
            {
                if (isOver) break;
                Thread.Yield();
                continue;
            }

            Assert.Null(found.Gap);
            // Only PAD is left out.
            Assert.True(found.Record.Sequence > last, $"{found.Record.Sequence} after {last}");
            last = found.Record.Sequence;
            if (found.Record.RecordKind == RecordKind.Fact) _ = facts.Add(Encoding.UTF8.GetString(found.Payload.Span));
            if (found.Record.RecordKind != RecordKind.Raw) continue;
            blocks++;
            // What is said of a block is heard before it.
            using RecordLease lease = watcher.Find(found.Record.Digest)!;
            int about = BitConverter.ToInt32(lease.Memory.Span);
            if (about % 3 == 0) Assert.Contains($"of {about}", facts);
        }

        threads.ForEach(thread => thread.Join());
        Assert.Empty(failures);
        Assert.Equal(store.Listing.List().Count(), blocks);
        Assert.Equal(store.Listing.Marks()[0], watcher.Listing.Marks()[0]);
        foreach (string path in Directory.GetFiles(directory.Directory, "seg-????-????????"))
            _ = SegmentBytes.Records(File.ReadAllBytes(path));
    }

    private static void Work(BlockStore store, int number, int rounds)
    {
        var random = new Random(number);
        for (int round = 0; round < rounds; round++)
        {
            int first = random.Next(1000);
            switch (random.Next(6))
            {
                case 0:
                    _ = store.Append(new TextFact(new string('f', random.Next(3000))));
                    break;
                case 1:
                    PutRequest[] many = Enumerable.Range(first, random.Next(1, 40)).Select(Request).ToArray();
                    _ = store.PutMany(many, new BlockInfo[many.Length]);
                    break;
                case 2:
                    var broken = new ActingSource(StoreCalls.Numbered(first), () => throw new InvalidDataException());
                    Assert.Throws<InvalidDataException>(() =>
                        store.Put(RecordKind.Raw, 0x55, broken, default, 0, default, out _));
                    break;
                case 3:
                    Digest256 digest = Put(store, first);
                    Assert.True(store.TryAnnounce([digest, digest], new TextFact("again"), out _));
                    break;
                case 4:
                    // A block of its own segment; every thread's are the same.
                    _ = store.PutRaw(StoreCalls.Numbered(3001, 1_100_000 + (number / 2)));
                    break;
                default:
                    _ = Put(store, first);
                    break;
            }
        }
    }

    private static Digest256 Put(BlockStore store, int number)
    {
        PutRequest request = Request(number);
        _ = store.Put(in request, out BlockInfo info);
        Assert.NotNull(store.Read(info.Digest));
        return info.Digest;
    }

    private static PutRequest Request(int number) => new(RecordKind.Raw, 0x55,
        new BytesSource(StoreCalls.Numbered(number, 30 + number)), default, 0, default,
        number % 3 == 0 ? new TextFact($"of {number}") : null);

    /// <summary>In shared memory nothing is flushed and no mark moves.</summary>
    private static ulong OnDisk(TemporaryStore directory, ulong mark)
    {
        using FileDescriptor folder = FileDescriptor.TryOpenDirectory(directory.Directory, out _)!;
        Assert.Equal(0, folder.FileSystem(out long type, out _));
        return type is 0x01021994 or 0x858458f6 ? 0 : mark;
    }

    private static ulong Mark(TemporaryStore directory)
    {
        using FileStream file = Control(directory, FileAccess.Read);
        using var reader = new BinaryReader(file);
        return reader.ReadUInt64();
    }

    private static void SetMark(TemporaryStore directory, ulong mark)
    {
        using FileStream file = Control(directory, FileAccess.Write);
        using var writer = new BinaryWriter(file);
        writer.Write(mark);
    }

    private static FileStream Control(TemporaryStore directory, FileAccess access) =>
        new(directory.PathOf("ctl.v1"), FileMode.Open, access, FileShare.ReadWrite)
        {
            Position = StoreLayout.LanesOffset + StoreLayout.LaneDurable,
        };
}
