using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Which blocks are read: the heat file and the record of reads.</summary>
public sealed class HeatTests : IDisposable
{
    private readonly TemporaryStore _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reads_of_all_handles_are_counted_once_a_process_began_it()
    {
        using CidStore store = Stores.Open(_folder);
        Cid hot = store.Put(Stores.Numbers(1)).Cid, warm = store.Put(Stores.Numbers(2)).Cid, cold = store.Put(Stores.Numbers(3)).Cid;
        Read(store, hot, 16);
        Assert.False(File.Exists(_folder.PathOf(HeatFile.Name)));
        Assert.All(store.Places.Cache.GetHeat(10), block => Assert.Equal((0, null), (block.Reads, block.LastRead)));
        store.Places.Cache.RecordReads();
        using CidStore reader = CidStore.Open(_folder.Directory, new CidStoreOptions { ReadOnly = true });
        reader.Blocks.Cache.Heat.OpenIfThere();
        Read(reader, hot, 1600);
        Read(store, warm, 160);
        IReadOnlyList<BlockHeat> heat = reader.Places.Cache.GetHeat(2);
        Assert.Equal([hot, warm], heat.Select(block => block.Cid));
        // One read in 16 counts for all 16, but for the first of a second.
        Assert.InRange(heat[0].Reads, 1500, 1700);
        Assert.InRange(heat[1].Reads, 130, 190);
        Assert.NotNull(heat[0].LastRead);
        Assert.Equal((cold, 0), store.Places.Cache.GetHeat(3).Where(block => block.Cid == cold).Select(block => (block.Cid, (int)block.Reads)).Single());
        PlaceStatistics here = store.Places.Cache.GetStatistics()[0];
        Assert.Equal(BlockPlace.Here, here.Place);
        Assert.InRange(here.Reads, 1600, 1900);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("short")]
    [InlineData("other")]
    public void Damaged_file_is_replaced_by_the_next_process_that_counts(string damage)
    {
        Cid cid;
        using (CidStore store = Stores.Open(_folder))
        {
            cid = store.Put(Stores.Numbers(1)).Cid;
            store.Places.Cache.RecordReads();
        }

        string path = _folder.PathOf(HeatFile.Name);
        byte[] bytes = File.ReadAllBytes(path);
        if (damage == "header") bytes[17] ^= 1;
        if (damage == "other") bytes[50] ^= 1;
        File.WriteAllBytes(path, damage == "short" ? bytes[..100] : bytes);
        using CidStore again = Stores.Open(_folder);
        Read(again, cid, 64);
        Assert.Equal(0, again.Places.Cache.GetHeat(1)[0].Reads);
        again.Places.Cache.RecordReads();
        Read(again, cid, 64);
        Assert.InRange(again.Places.Cache.GetHeat(1)[0].Reads, 32, 96);
    }

    [Fact]
    public void Words_of_any_bytes_are_read_without_an_error()
    {
        int seed = Environment.TickCount;
        using CidStore store = Stores.Open(_folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        store.Places.Cache.RecordReads();
        byte[] noise = new byte[new FileInfo(_folder.PathOf(HeatFile.Name)).Length - StoreLayout.PageBytes];
        new Random(seed).NextBytes(noise);
        using (FileStream file = File.Open(_folder.PathOf(HeatFile.Name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Position = StoreLayout.PageBytes;
            file.Write(noise);
        }

        Read(store, cid, 100);
        Assert.Single(store.Places.Cache.GetHeat(5));
        Assert.Single(store.Places.Cache.GetStatistics());
    }

    [Fact]
    public void Count_is_exact_while_small_and_right_in_the_mean_when_large()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var word = default(HeatWord);
        for (int reads = 1; reads <= 100; reads++)
        {
            word = word.Add(5, 1, 1_700_000_000, random);
            Assert.Equal((reads, 5u, 1_700_000_000u), ((int)word.Reads, word.Tag, word.Second));
        }

        foreach (int step in new[] { 1, 16, 1000 })
        {
            var many = default(HeatWord);
            for (int i = 0; i < 20_000; i++) many = many.Add(9, step, 1, random);
            double ratio = many.Reads / (20_000.0 * step);
            Assert.True(ratio is > 0.8 and < 1.2, $"seed {seed}: {ratio} of steps of {step}");
        }

        var most = new HeatWord(ulong.MaxValue);
        Assert.True(most.Add(1, 16, 2, random).Reads >= 0);
    }

    [Fact]
    public void Places_remember_latency_and_bandwidth_of_their_reads()
    {
        using CidStore store = Stores.Open(_folder);
        store.Places.Add(new BlockPlace { Name = "cold", Location = _folder.PathOf("cold") + "/" });
        store.Places.Cache.RecordReads();
        HeatFile heat = store.Blocks.Cache.Heat;
        Digest256 digest = default;
        for (int i = 0; i < 50; i++)
        {
            heat.NoteFetch("cold", in digest, 1000, TimeSpan.FromMilliseconds(20));
            heat.NoteFetch("cold", in digest, 10 << 20, TimeSpan.FromMilliseconds(120));
        }

        heat.NoteFetch("cold", in digest, null, TimeSpan.FromMilliseconds(1));
        PlaceStatistics cold = store.Places.Cache.GetStatistics()[1];
        Assert.Equal(("cold", 100L, 1L), (cold.Place, cold.Reads, cold.Errors));
        Assert.Equal(20, cold.Latency!.Value.TotalMilliseconds, 1.0);
        Assert.Equal(100 << 20, cold.BytesPerSecond!.Value, (double)(1 << 20));
        Assert.Equal(7, cold.Took.TotalSeconds, 0.01);
    }

    [Fact]
    public void Recorded_reads_are_batches_of_block_size_place_and_time()
    {
        using CidStore store = Stores.Open(_folder), other = Stores.Open(_folder);
        Cid cid = store.Put(Stores.Numbers(1, 2)).Cid;
        using var output = new MemoryStream();
        long reads;
        using (ReadRecorder recorder = store.Places.Cache.RecordTrace())
        {
            store.Blocks.Cache.Heat.OpenIfThere();
            other.Blocks.Cache.Heat.OpenIfThere();
            Read(store, cid, 3);
            Read(other, cid, 5000);
            using var end = new CancellationTokenSource();
            end.Cancel();
            reads = recorder.WriteTo(output, end.Token);
            Assert.Equal(0, recorder.Lost);
        }

        Assert.Equal(5003, reads);
        Assert.False(File.Exists(_folder.PathOf(ReadTrace.Name)));
        output.Position = 0;
        using var reader = ArrowReader.Open(output);
        long rows = 0;
        while (reader.ReadView() is { } batch)
        {
            Assert.Equal(["time", "cid", "bytes", "place", "ms"], batch.Schema.Fields.Select(field => field.Name));
            rows += batch.Length;
        }

        Assert.Equal(5003, rows);
        Read(store, cid, 100);
    }

    [Fact]
    public void Record_that_is_overrun_says_how_many_reads_are_missing()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        using ReadRecorder recorder = store.Places.Cache.RecordTrace();
        store.Blocks.Cache.Heat.OpenIfThere();
        const int Reads = 100_000;
        Read(store, cid, Reads);
        long taken = 0;
        while (recorder.TryTake() is { } read)
        {
            Assert.Equal((cid, BlockPlace.Here), (read.Cid, read.Place));
            taken++;
        }

        Assert.True(recorder.Lost > 0);
        Assert.Equal(Reads, taken + recorder.Lost);
    }

    private static void Read(CidStore store, Cid cid, int times)
    {
        for (int i = 0; i < times; i++) store.TryGet(cid)!.Dispose();
    }
}
