using System.Buffers;
using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

/// <summary>Laws over random nodes, and hostile bytes: they end in a node or a refusal, in memory that the block's length
/// bounds.</summary>
public class DagCborPropertyTests
{
    private const int BytesPerByte = 64, BytesPerCall = 4096;

    private static bool IsLong => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";

    [Fact]
    public void Random_nodes_come_back_as_they_were()
    {
        for (int seed = 0; seed < (IsLong ? 20_000 : 1_000); seed++)
        {
            IpldNode node = new RandomNodes(seed).Node(5);
            byte[] block = DagCbor.Encode(node);
            IpldNode back = DagCbor.Decode(block);
            Assert.True(node.Equals(back) && node.GetHashCode() == back.GetHashCode(), $"seed {seed}: {node}, {back}");
            Assert.True(block.AsSpan().SequenceEqual(DagCbor.Encode(back)), $"seed {seed}");
            Assert.True(back.Equals(DagCbor.Decode(block, IpldReadOptions.Lenient)), $"seed {seed}");
            var output = new ArrayBufferWriter<byte>();
            DagCbor.Encode(node, output);
            Assert.True(block.AsSpan().SequenceEqual(output.WrittenSpan), $"seed {seed}");
        }
    }

    [Fact]
    public void Every_proper_start_of_a_block_is_refused()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            byte[] block = DagCbor.Encode(new RandomNodes(seed).Node(3));
            for (int length = 0; length < Math.Min(block.Length, 500); length++)
            {
                int cut = length;
                var error = Assert.Throws<InvalidIpldException>(() => DagCbor.Decode(block.AsSpan(0, cut)));
                Assert.True(error.Offset >= 0 && error.Offset <= cut, $"seed {seed}, {cut} bytes: {error.Message}");
            }
        }
    }

    // Goal: what a strict reader takes is exactly what the writer writes. Method: whatever mutation is read, is written
    // to the same bytes; and what a lenient reader takes has one canonical form, which a strict reader takes.
    [Fact]
    public void Mutated_blocks_end_in_a_node_or_a_refusal()
    {
        int rounds = IsLong ? 1_000_000 : 20_000, strict = 0, lenient = 0;
        byte[][] seeds = [.. DagData.All.Where(d => !d.IsDagPb).Select(d => d.Bytes),
            .. Enumerable.Range(0, 60).Select(seed => DagCbor.Encode(new RandomNodes(seed).Node()))];
        for (int seed = 0; seed < rounds; seed++)
        {
            var random = new Random(seed);
            byte[] block = Mutation.Of(seeds[random.Next(seeds.Length)], random);
            string name = $"seed {seed}: {Hex.Of(block)}";
            if (Read(block, IpldReadOptions.None, name) is { } node)
            {
                Assert.True(block.AsSpan().SequenceEqual(DagCbor.Encode(node)), name);
                strict++;
            }

            if (Read(block, IpldReadOptions.Lenient, name) is not { } loose) continue;
            Assert.True(loose.Equals(DagCbor.Decode(DagCbor.Encode(loose))), name);
            lenient++;
        }

        // Both ends must be met, or the mutations are too wild or too tame to say anything.
        Assert.True(strict > rounds / 20 && lenient > strict && lenient < rounds * 9 / 10, $"{strict}, {lenient}");
    }

    [Fact]
    public void Random_bytes_end_in_a_node_or_a_refusal()
    {
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            byte[] block = new byte[random.Next(60)];
            random.NextBytes(block);
            Read(block, seed % 2 == 0 ? IpldReadOptions.None : IpldReadOptions.Lenient, $"seed {seed}: {Hex.Of(block)}");
        }
    }

    private static IpldNode? Read(byte[] block, IpldReadOptions options, string name)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        IpldNode? node = null;
        try
        {
            node = DagCbor.Decode(block, options);
        }
        catch (InvalidIpldException e)
        {
            Assert.True(e.Offset >= 0 && e.Offset <= block.Length, $"{name}: {e.Message}");
        }
        catch (Exception e)
        {
            Assert.Fail($"{name}: {e}");
        }

        // A refusal costs an exception, which takes some kilobytes whatever the block.
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken <= BytesPerByte * block.Length + 4 * BytesPerCall, $"{name} took {taken} bytes");
        return node;
    }
}
