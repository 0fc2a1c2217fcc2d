using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage.Disk;

namespace ArrowCid.Tests.Storage;

/// <summary>What a ring in memory maps, and how often.</summary>
[Collection(FileSeamTests.Name)]
public sealed class RingMappingTests : IDisposable
{
    private const int BlockBytes = 100_000;
    private const string Memory = "/dev/shm";

    private readonly string _path = Directory.CreateDirectory(Path.Combine(
        Directory.Exists(Memory) ? Memory : Path.GetTempPath(), $"arrowcid-test-{Guid.NewGuid():N}")).FullName;

    private static StoreSettings Ring => TemporaryStore.Tiny with
    {
        IsRing = true,
        // No tick unmaps anything: what goes goes by itself.
        TickInterval = TimeSpan.FromHours(1),
        Timeout = TimeSpan.FromSeconds(20),
    };

    public void Dispose()
    {
        FileSeam.Current = null;
        Directory.Delete(_path, recursive: true);
    }

    [SharedMemoryFact]
    public void A_writer_maps_each_of_its_segments_once()
    {
        var seen = new SegmentCalls(_path);
        FileSeam.Current = seen;
        using BlockStore store = BlockStore.Open(_path, Ring);
        Put(store, 0, 320);
        FileSeam.Current = null;
        Assert.True(seen.Recycled > 15, $"{seen.Recycled} segments were recycled");
        Assert.InRange(seen.Mapped, 4, 8);
        foreach (BlockInfo info in store.Listing.List())
        {
            using RecordLease? lease = store.Find(info.Digest);
            Assert.Equal(info.Digest, Sha256.Hash(lease!.Memory.Span));
        }
    }

    [Fact]
    public void What_the_writer_itself_leases_stays_and_its_bytes_do_not_change()
    {
        using BlockStore store = BlockStore.Open(_path, Ring);
        using RecordLease held = store.Find(store.PutRaw(StoreCalls.Numbered(0, BlockBytes)))!;
        ReadOnlyMemory<byte> memory = held.Memory;
        for (int i = 1; i < 200; i++)
        {
            Put(store, i, i + 1);
            Assert.True(memory.Span.SequenceEqual(StoreCalls.Numbered(0, BlockBytes)), $"after block {i}");
        }

        held.Dispose();
        Put(store, 200, 300);
        Assert.Null(store.Read(Sha256.Hash(StoreCalls.Numbered(0, BlockBytes))));
    }

    [SharedMemoryFact]
    public void A_segment_whose_name_is_anothers_by_now_is_not_recycled()
    {
        using BlockStore store = BlockStore.Open(_path, Ring);
        Put(store, 0, 20);
        string first = Directory.GetFiles(_path, "seg-*").Order(StringComparer.Ordinal).First();
        byte[] other = File.ReadAllBytes(first);
        File.Delete(first);
        Array.Clear(other);
        File.WriteAllBytes(first, other);
        for (int i = 20; i < 120; i++)
        {
            Digest256 put = store.PutRaw(StoreCalls.Numbered(i, BlockBytes));
            Assert.Equal(StoreCalls.Numbered(i, BlockBytes), store.Read(put));
        }

        Assert.Equal(other, File.ReadAllBytes(first));
    }

    [Fact]
    public void Who_follows_the_log_and_holds_its_last_block_never_stands_in_the_way()
    {
        using BlockStore store = BlockStore.Open(_path, Ring with { Timeout = TimeSpan.FromMilliseconds(1) });
        using BlockStore reader = BlockStore.Open(_path, Ring with { ReadOnly = true });
        using LogReader tail = reader.Tail(Cursor.Oldest);
        RecordLease? held = null;
        for (int i = 0; i < 200; i++)
        {
            Put(store, i, i + 1);
            Assert.True(tail.TryNext(out LogEvent found) && found.Gap is null, $"block {i}");
            RecordLease? next = reader.Find(found.Record.Digest);
            held?.Dispose();
            held = next;
            Assert.True(held!.Memory.Span.SequenceEqual(StoreCalls.Numbered(i, BlockBytes)), $"block {i}");
        }

        held?.Dispose();
    }

    private static void Put(BlockStore store, int from, int end)
    {
        for (int i = from; i < end; i++) _ = store.PutRaw(StoreCalls.Numbered(i, BlockBytes));
    }

    /// <summary>Counts the mappings of whole segments and the segments that are used again.</summary>
    private sealed class SegmentCalls(string directory) : FileSeam
    {
        private int _mapped, _recycled;

        public int Mapped => _mapped;

        public int Recycled => _recycled;

        public override int Before(in FileEvent call)
        {
            if (!call.Path.StartsWith(directory + "/seg-", StringComparison.Ordinal)) return 0;
            if (call.Call == FileCall.Map && call.Length > StoreLayout.PageBytes)
                _ = Interlocked.Increment(ref _mapped);
            if (call.Call == FileCall.Rename) _ = Interlocked.Increment(ref _recycled);
            return 0;
        }
    }
}
