using System.Numerics;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Canonical;

/// <summary>Whatever way a batch was written, what is read back has the block that it had before.</summary>
public class IpcRoundTripTests
{
    [Fact]
    public void Block_reads_back_to_itself() => Seeds.Run((batch, _) =>
    {
        byte[] block = SlowEncoder.Encode(batch.Batch);
        using ArrowReader reader = ArrowReader.Open(block);
        RecordBatch read = reader.ReadView() ?? throw new InvalidOperationException("no batch");
        CanonicalPropertiesTests.Same(block, Subject.Encode(read), "the block of what was read");
        CanonicalPropertiesTests.Same(block, SlowEncoder.Encode(read), "the oracle's block of what was read");
        Assert.Null(reader.ReadView());
        CanonicalPropertiesTests.Same(block, Subject.Encode(CanonicalBlock.DecodeView(block)), "the block of what was decoded");
        Assert.True(CanonicalBlock.Check(block).IsCanonical, $"not canonical: {CanonicalBlock.Check(block)}");
    });

    /// <summary>Any byte changed makes another stream: it is not canonical, or it is the block of another batch.</summary>
    [Fact]
    public void Block_with_a_byte_changed_is_never_that_of_the_same_batch() => Seeds.Run((batch, random) =>
    {
        byte[] block = SlowEncoder.Encode(batch.Batch);
        for (int i = 0; i < 10; i++)
        {
            byte[] changed = [.. block];
            changed[random.Next(block.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                if (!CanonicalBlock.Check(changed).IsCanonical) continue;
                using ArrowReader reader = ArrowReader.Open(changed);
                RecordBatch read = reader.ReadView() ?? throw new InvalidOperationException("canonical without a batch");
                CanonicalPropertiesTests.Same(changed, SlowEncoder.Encode(read), "the oracle's block of the changed stream");
            }
            catch (ArrowCidException)
            {
                // Refused: that is the other good end.
            }
        }
    });

    [Fact]
    public void Foreign_streams_and_files_have_the_block_of_their_batch()
    {
        var used = new int[32];
        Seeds.Run((batch, random) =>
        {
            IpcKnobs knobs = Some(random);
            for (int bit = 0; bit < used.Length; bit++) used[bit] += (int)knobs >> bit & 1;
            Check(batch, knobs, random);
        });
        for (int bit = 0; bit < BitOperations.PopCount((uint)IpcKnobs.All); bit++)
            Assert.True(used[bit] >= Seeds.Least(20), $"{(IpcKnobs)(1 << bit)} was used {used[bit]} times only");
    }

    [Theory]
    [InlineData(IpcKnobs.None)]
    [InlineData(IpcKnobs.File)]
    [InlineData(IpcKnobs.V4)]
    [InlineData(IpcKnobs.Legacy)]
    [InlineData(IpcKnobs.BigEndian)]
    [InlineData(IpcKnobs.Lz4)]
    [InlineData(IpcKnobs.Zstd)]
    [InlineData(IpcKnobs.Narrow)]
    [InlineData(IpcKnobs.Deltas)]
    [InlineData(IpcKnobs.File | IpcKnobs.Deltas)]
    [InlineData(IpcKnobs.Replaced)]
    [InlineData(IpcKnobs.NoEmpty)]
    [InlineData(IpcKnobs.NoDefaults)]
    [InlineData(IpcKnobs.NoEos)]
    [InlineData(IpcKnobs.Trailing)]
    public void Each_way_of_writing_alone(object knobs)
    {
        for (int seed = 1; seed <= 40; seed++) Check(RandomBatch.Make(seed), (IpcKnobs)knobs, new Random(seed));
    }

    private static IpcKnobs Some(Random random)
    {
        var knobs = (IpcKnobs)(random.Next((int)IpcKnobs.All + 1) & random.Next((int)IpcKnobs.All + 1));
        if (knobs.HasFlag(IpcKnobs.Lz4)) knobs &= ~IpcKnobs.Zstd;
        // Bytes after the eos need one.
        if (knobs.HasFlag(IpcKnobs.Trailing)) knobs &= ~IpcKnobs.NoEos;
        return knobs;
    }

    private static void Check(RandomBatch batch, IpcKnobs knobs, Random random)
    {
        var disguise = (Disguise)random.Next((int)Disguise.All + 1) & ~Disguise.Slices;
        // Splitting a dictionary reads its entries, which must not be junk then.
        if ((knobs & (IpcKnobs.Deltas | IpcKnobs.Replaced)) != 0) disguise &= ~Disguise.HiddenJunk;
        bool isWhole = knobs.HasFlag(IpcKnobs.File) || random.Next(2) == 0;
        Logical[] parts = isWhole ? [batch.Says] : Halves(batch.Says, random);
        RecordBatch[] laid =
            [.. parts.Select(part => MemoryLayout.Lay(part, disguise & ~Disguise.SchemaDress, random, exact: true))];
        byte[] foreign = TestIpcWriter.Write(batch.Says.Schema, laid, knobs, random);
        try
        {
            using ArrowReader reader = ArrowReader.Open(foreign);
            foreach (Logical part in parts)
            {
                RecordBatch read = reader.ReadView() ?? throw new InvalidOperationException("a batch is missing");
                CanonicalPropertiesTests.Same(SlowEncoder.Encode(part), Subject.Encode(read),
                    "the block of what was read");
            }

            Assert.Null(reader.ReadView());
        }
        catch (Exception e)
        {
            string how = $"written with {knobs}, in disguise {disguise}";
            throw new InvalidOperationException($"{batch}\n{how}: {e.Message}", e);
        }
    }

    private static Logical[] Halves(Logical says, Random random)
    {
        int cut = random.Next(says.Length + 1);
        return
        [
            says with { Length = cut, Columns = [.. says.Columns.Select(c => c[..cut])] },
            says with { Length = says.Length - cut, Columns = [.. says.Columns.Select(c => c[cut..])] },
        ];
    }
}
