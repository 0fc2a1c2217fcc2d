using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>Transactions on a disk whose power goes at any moment.</summary>
[Collection(FileSeamTests.Name)]
public sealed class TransactionPowerLossTests
{
    private const int Transactions = 14, Each = 5;

    [Theory]
    [InlineData(Durability.Always)]
    [InlineData(Durability.Periodic)]
    [InlineData(Durability.None)]
    public void Transaction_is_there_whole_or_not_at_all_after_a_power_loss_at_any_moment(Durability durability)
    {
        bool isLong = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";
        int images = 0, whole = 0;
        foreach (int seed in Enumerable.Range(400 + (10 * (int)durability), isLong ? 30 : 2))
        {
            using var seam = new PowerSeam(seed, callsBetween: 3);
            Record(seam, new Random(seed), durability);
            for (int i = 0; i < seam.Images.Count; i++)
            {
                string directory = Path.Combine(seam.Root, $"image-{i}");
                seam.Images[i].Restore(directory);
                using (BlockStore store = seam.OpenAfterBoot(directory))
                {
                    if (durability == Durability.Always)
                        Assert.All(seam.Images[i].Blocks, digest => Assert.NotNull(store.Read(digest)));
                    whole += Check(store, $"seed {seed}, image {i} of {seam.Images.Count}");
                }

                Directory.Delete(directory, recursive: true);
            }

            images += seam.Images.Count;
        }

        Assert.True(images > 20 && whole > images, $"only {images} images with {whole} transactions");
    }

    /// <summary>Of several sizes, so that they span segments; with facts, known blocks and other puts between.</summary>
    private static void Record(PowerSeam seam, Random random, Durability durability)
    {
        StoreSettings settings = DiskSeam.Settings with { Durability = durability };
        using BlockStore store = BlockStore.Open(seam.Directory, settings);
        for (int number = 0; number < Transactions; number++)
        {
            TransactionBlock[] blocks = [.. Blocks(number)];
            if (random.Next(2) == 0) _ = store.PutRaw(StoreCalls.Numbered(5000 + number, 90_000));
            _ = store.PutTransaction(blocks, [new NumberFact(number)], new BlockInfo[Each], new bool[Each]);
            foreach (TransactionBlock block in blocks) seam.Acknowledge(block.Digest);
        }

        seam.Stop();
    }

    private static IEnumerable<TransactionBlock> Blocks(int number)
    {
        for (int i = 0; i < Each; i++)
        {
            byte[] bytes = StoreCalls.Numbered((number * Each) + i, number % 3 == 0 ? 100 : 40_000);
            var request = new PutRequest(RecordKind.Raw, TemporaryStore.RawCodec, new BytesSource(bytes), default, 0,
                RecordFlags.None);
            yield return new TransactionBlock(request, Sha256.Hash(bytes));
        }
    }

    /// <returns>The number of transactions that are there.</returns>
    private static int Check(BlockStore store, string image)
    {
        int whole = 0;
        var facts = NumberFact.All(store).ToHashSet();
        for (int number = 0; number < Transactions; number++)
        {
            int there = Blocks(number).Count(block => store.Read(block.Digest) is not null);
            Assert.True(there is 0 or Each, $"{image}: {there} of {Each} blocks of transaction {number}");
            Assert.True(facts.Contains(number) == (there == Each), $"{image}: the fact of transaction {number}");
            whole += there / Each;
        }

        return whole;
    }
}
