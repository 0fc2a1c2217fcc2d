using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>
/// A store on which puts are durable, and what the disk holds whenever its power goes. Whatever that is, the next boot
/// finds every block and fact that was acknowledged, serves no block that is not what its CID says, and writes on.
/// </summary>
[Collection(FileSeamTests.Name)]
public sealed class PowerLossTests
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";

    [Fact]
    public void What_was_acknowledged_is_there_after_a_power_loss_at_any_moment()
    {
        int images = 0;
        foreach (int seed in Enumerable.Range(1, s_isLong ? 60 : 3))
        {
            using var seam = new PowerSeam(seed, callsBetween: 4);
            Record(seam, new Random(seed), Durability.Always);
            images += CheckAll(seam, seed);
        }

        Assert.True(images > 150, $"only {images} images");
    }

    [Fact]
    public void Threads_that_are_flushed_together_lose_nothing_that_was_acknowledged()
    {
        int images = 0;
        foreach (int seed in Enumerable.Range(100, s_isLong ? 40 : 2))
        {
            using var seam = new PowerSeam(seed, callsBetween: 4);
            using (BlockStore store = Open(seam, Durability.Always))
            {
                Parallel.For(0, 3, thread =>
                {
                    for (int i = 0; i < 12; i++)
                    {
                        byte[] bytes = StoreCalls.Numbered((thread * 1000) + i, 100 + (i * 500));
                        seam.Acknowledge(i % 4 == 3 ? PutWithFact(store, bytes, (thread * 1000) +
                            i) : store.PutRaw(bytes));
                    }
                });
                seam.Stop();
            }

            images += CheckAll(seam, seed);
        }

        Assert.True(images > 20, $"only {images} images");
    }

    [Fact]
    public void Without_durable_puts_what_is_left_is_right_and_the_store_writes_on()
    {
        foreach (int seed in Enumerable.Range(200, s_isLong ? 40 : 2))
        {
            using var seam = new PowerSeam(seed, callsBetween: 4);
            Record(seam, new Random(seed), Durability.None);
            foreach (PowerImage image in seam.Images)
            {
                image.Blocks.Clear();
                image.Facts.Clear();
            }

            _ = CheckAll(seam, seed);
        }
    }

    [Fact]
    public void What_was_flushed_is_there_after_a_power_loss()
    {
        using var seam = new PowerSeam(300, callsBetween: 4);
        using (BlockStore store = Open(seam, Durability.Periodic))
        {
            for (int round = 0; round < 5; round++)
            {
                List<Digest256> digests = [.. Enumerable.Range(round * 10, 10).Select(i =>
                    store.PutRaw(StoreCalls.Numbered(i, 30_000)))];
                store.Flush();
                foreach (Digest256 digest in digests) seam.Acknowledge(digest);
            }

            seam.Stop();
        }

        Assert.True(CheckAll(seam, 300) > 5);
    }

    [Theory]
    [InlineData(Durability.Always, false)]
    [InlineData(Durability.Always, true)]
    [InlineData(Durability.Periodic, false)]
    [InlineData(Durability.Periodic, true)]
    public void Block_put_again_survives_a_power_loss_when_its_first_writer_flushed_nothing(Durability durability,
        bool isLarge)
    {
        foreach (int seed in Enumerable.Range(400, s_isLong ? 40 : 4))
        {
            using var seam = new PowerSeam(seed, callsBetween: 2);
            using (BlockStore first = Open(seam, Durability.None))
            using (BlockStore second = Open(seam, durability))
            {
                _ = second.Append(new NumberFact(-1));
                for (int i = 0; i < 4; i++)
                {
                    // The numbers before the block's are in the first writer's fact segment and in a large block's.
                    _ = first.Append(new NumberFact(i));
                    if (isLarge) _ = first.PutRaw(StoreCalls.Numbered(1000 + i, 300_000));
                    byte[] bytes = StoreCalls.Numbered(i, 5_000);
                    Digest256 digest = first.PutRaw(bytes);
                    Assert.Equal(digest, second.PutRaw(bytes));
                    if (durability == Durability.Periodic) second.Flush();
                    seam.Acknowledge(digest);
                }

                seam.Stop();
            }

            Assert.NotEmpty(seam.Images);
            _ = CheckAll(seam, seed);
        }
    }

    private static BlockStore Open(DiskSeam seam, Durability durability, string? directory = null) =>
        BlockStore.Open(directory ?? seam.Directory, DiskSeam.Settings with { Durability = durability });

    /// <summary>Puts of all sizes, facts alone and with blocks, known blocks, a clean close on the way and two
    /// writers.</summary>
    private static void Record(PowerSeam seam, Random random, Durability durability)
    {
        for (int session = 0; session < 3; session++)
        {
            using BlockStore store = Open(seam, durability);
            using BlockStore second = Open(seam, durability);
            for (int i = 0; i < 14; i++)
            {
                int number = (session * 100) + i;
                BlockStore writer = random.Next(3) == 0 ? second : store;
                int length = random.Next(8) switch { 0 => 300_000, 1 => 5_000, 2 when i == 5 => 1_100_000, _ => 64 };
                byte[] bytes = StoreCalls.Numbered(number, length);
                switch (random.Next(5))
                {
                    case 0:
                        _ = writer.Append(new NumberFact(number));
                        seam.AcknowledgeFact(number);
                        break;
                    case 1:
                        seam.Acknowledge(PutWithFact(writer, bytes, number));
                        seam.AcknowledgeFact(number);
                        break;
                    default:
                        seam.Acknowledge(writer.PutRaw(bytes));
                        // Known now: the other writer announces it again.
                        if (random.Next(3) == 0) seam.Acknowledge(second.PutRaw(bytes));
                        break;
                }
            }

            if (session == 2) seam.Stop();
        }
    }

    private static Digest256 PutWithFact(BlockStore store, byte[] bytes, int number)
    {
        var request = new PutRequest(RecordKind.Raw, TemporaryStore.RawCodec, new BytesSource(bytes), default, 0,
            RecordFlags.None, new NumberFact(number));
        _ = store.Put(in request, out BlockInfo info);
        return info.Digest;
    }

    private static int CheckAll(PowerSeam seam, int seed)
    {
        for (int i = 0; i < seam.Images.Count; i++)
        {
            string directory = Path.Combine(seam.Root, $"image-{i}");
            seam.Images[i].Restore(directory);
            try
            {
                Check(seam, seam.Images[i], directory);
            }
            catch (Exception e) when (e is ArrowCidException or Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, image {i} of {seam.Images.Count}: {e}");
            }

            Directory.Delete(directory, recursive: true);
        }

        return seam.Images.Count;
    }

    private static void Check(DiskSeam seam, PowerImage image, string directory)
    {
        // No name was flushed yet: nothing was acknowledged, and the next one begins.
        if (!image.Names.ContainsKey("ctl.v1")) Assert.Empty(image.Blocks);
        int count;
        using (BlockStore store = seam.OpenAfterBoot(directory))
        {
            foreach (Digest256 digest in image.Blocks) Assert.True(store.Read(digest) is not null, $"{digest} is lost");
            Assert.Empty(image.Facts.Except(NumberFact.All(store)));
            AssertRight(store);
            Assert.True(store.PutRaw([1, 2, 3, 4, 5], out Digest256 digestAfter));
            Assert.NotNull(store.Read(digestAfter));
            count = store.Listing.List().Count();
        }

        AssertNumbersOnce(directory);
        ClearStamp(directory);
        // The next power loss finds what this boot left, all of it flushed.
        using BlockStore again = seam.OpenAfterBoot(directory);
        Assert.Equal(count, again.Listing.List().Count());
        AssertRight(again);
    }

    private static void AssertRight(BlockStore store)
    {
        foreach (BlockInfo info in store.Listing.List())
            Assert.Equal(info.Digest, Sha256.Hash(store.Read(info.Digest)!));
    }

    private static void AssertNumbersOnce(string directory)
    {
        var seen = new HashSet<(int, ulong)>();
        foreach (string path in Directory.GetFiles(directory, "seg-*"))
        {
            byte[] bytes = File.ReadAllBytes(path);
            if (bytes.Length == 0 || SegmentHeader.Read(bytes.AsSpan(0, 2048)) is not { } header) continue;
            foreach ((long offset, RecordHeader record) in SegmentBytes.Records(bytes))
                Assert.True(seen.Add((header.Lane, record.Sequence)), $"{record.Sequence} twice, {path}+{offset}");
        }
    }

    private static void ClearStamp(string directory)
    {
        using FileStream file = File.OpenWrite(Path.Combine(directory, "ctl.v1"));
        file.Position = StoreLayout.CleanStamp;
        file.Write(new byte[8]);
    }
}
