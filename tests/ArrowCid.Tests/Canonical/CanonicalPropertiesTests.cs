using ArrowCid.Columnar;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Canonical;

/// <summary>What must hold for every batch. Failures name a seed; ARROWCID_SEED replays it alone.</summary>
public class CanonicalPropertiesTests
{
    private static readonly Disguise[] s_disguises =
        [.. Enum.GetValues<Disguise>().Where(d => d != Disguise.None)];

    [Fact]
    public void Encoder_agrees_with_the_oracle_byte_for_byte() => Seeds.Run((batch, random) =>
    {
        Same(SlowEncoder.Encode(batch.Batch), Subject.Encode(batch.Batch), "the oracle");
        RecordBatch dressed = MemoryLayout.Lay(batch.Says, Disguise.All, random);
        Same(SlowEncoder.Encode(dressed), Subject.Encode(dressed), "the oracle, in all disguises");
    });

    [Fact]
    public void Every_disguise_has_the_same_block() => Seeds.Run((batch, random) =>
    {
        ReadOnlyMemory<byte> block = Subject.Encode(batch.Batch);
        foreach (Disguise disguise in s_disguises)
        {
            RecordBatch dressed = MemoryLayout.Lay(batch.Says, disguise, random);
            Same(block.Span, Subject.Encode(dressed), $"disguise {disguise}");
        }

        var several = (Disguise)random.Next((int)Disguise.All);
        Same(block.Span, Subject.Encode(MemoryLayout.Lay(batch.Says, several, random)), $"disguises {several}");
    });

    [Fact]
    public void Slice_has_the_block_of_its_copy() => Seeds.Run((batch, random) =>
    {
        int start = random.Next(batch.Says.Length + 1);
        int length = random.Next(batch.Says.Length - start + 1);
        Value[][] columns = [.. batch.Says.Columns.Select(c => c[start..(start + length)])];
        Logical part = batch.Says with { Length = length, Columns = columns };
        Same(SlowEncoder.Encode(part), Subject.Encode(batch.Batch.Slice(start, length)),
            $"rows {start} to {start + length}");
    });

    [Fact]
    public void Every_mutation_has_another_block()
    {
        var applied = new Dictionary<string, int>();
        Seeds.Run((batch, random) =>
        {
            ReadOnlyMemory<byte> block = Subject.Encode(batch.Batch);
            foreach ((string name, Func<Logical, Logical?> change) in new Mutations(random).All)
            {
                if (change(batch.Says) is not { } changed) continue;
                applied[name] = applied.GetValueOrDefault(name) + 1;
                ReadOnlyMemory<byte> other = Subject.Encode(MemoryLayout.Lay(changed, Disguise.None, random));
                Assert.False(block.Span.SequenceEqual(other.Span), $"{name} was changed, and the block is the same");
            }
        });
        int least = Seeds.Least(5);
        Assert.InRange(applied.Count, Seeds.Least(10), 10);
        foreach ((string name, int times) in applied)
            Assert.True(times >= least, $"'{name}' was changed {times} times only");
    }

    internal static void Same(ReadOnlySpan<byte> expected, ReadOnlyMemory<byte> actual, string what)
    {
        int common = expected.CommonPrefixLength(actual.Span);
        Assert.True(common == expected.Length && common == actual.Length,
            $"{what}: the blocks of {expected.Length} and {actual.Length} bytes differ at byte {common}");
    }
}
