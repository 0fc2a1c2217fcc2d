using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using ArrowCid.Ipc;
using ArrowCid.Tests.Peers;

namespace ArrowCid.Tests.Canonical;

/// <summary>
/// Goal: hostile blocks end in an error of ours or in a CID, within a memory budget and without a hang. Method: bytes of
/// real blocks are changed, in half of them only inside metadata values and bodies so that the framing stays whole; each is
/// read and encoded again.
/// </summary>
public class MutatedBlockTests
{
    private const long Budget = 64 << 20;
    private const int Rounds = 100_000;
    private static readonly TimeSpan s_watchdog = TimeSpan.FromSeconds(30);

    private static readonly byte[][] s_blocks =
    [
        .. VectorBatch.All.Select(VectorTests.Read).Select(batch => CanonicalBlock.Encode(batch).Bytes.ToArray())
            .Where(block => block.Length < 20_000),
    ];

    [Fact]
    public void Mutated_blocks_end_in_an_error_or_a_cid()
    {
        int seed = -1, decoded = 0, encoded = 0;
        string? failure = null;
        long started = Stopwatch.GetTimestamp();
        var worker = new Thread(() =>
        {
            for (int i = 0; i < Rounds && failure is null; i++)
            {
                Volatile.Write(ref started, Stopwatch.GetTimestamp());
                Volatile.Write(ref seed, i);
                failure = Try(i, ref decoded, ref encoded);
            }
        });
        worker.Start();
        while (!worker.Join(TimeSpan.FromSeconds(1)))
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref started)) > s_watchdog)
                Assert.Fail($"seed {Volatile.Read(ref seed)} hangs");
        }

        Assert.True(failure is null, failure);
        Assert.True(decoded > Rounds / 5, $"only {decoded} of {Rounds} reached column decoding");
        Assert.True(encoded > Rounds / 100 && encoded < decoded, $"{encoded} of {decoded} were encoded");
    }

    private static string? Try(int seed, ref int decoded, ref int encoded)
    {
        byte[] bytes = Mutate(new Random(seed));
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var reader = ArrowReader.Open(bytes, new ArrowReadOptions { MemoryBudget = Budget });
            while (reader.ReadView() is { } batch)
            {
                decoded++;
                CanonicalBlock.Address(batch, Budget);
                encoded++;
            }
        }
        catch (ArrowCidException)
        {
            // An error of ours is one of the two ends that are right.
        }
        catch (Exception e)
        {
            return string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {e}");
        }

        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        return taken > 3 * Budget ? string.Create(CultureInfo.InvariantCulture, $"seed {seed} took {taken} bytes") : null;
    }

    private static byte[] Mutate(Random random)
    {
        byte[] block = [.. s_blocks[random.Next(s_blocks.Length)]];
        bool keepsFraming = random.Next(2) == 0;
        for (int changes = random.Next(1, 5); changes > 0; changes--)
        {
            int at = random.Next(block.Length & ~7);
            if (keepsFraming && IsFraming(block, at)) continue;
            switch (random.Next(6))
            {
                case 0:
                    block[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    block[at] = (byte)random.Next(256);
                    break;
                case 2:
                    BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(at & ~3), random.Next(-3, 4));
                    break;
                case 3:
                    BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(at & ~3), int.MaxValue >> random.Next(31));
                    break;
                case 4:
                    BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(at & ~7), 1L << random.Next(64));
                    break;
                default:
                    block.AsSpan(at & ~7, 8).Fill((byte)(random.Next(2) * 0xFF));
                    break;
            }
        }

        return keepsFraming || random.Next(4) != 0 ? block : block[..random.Next(block.Length)];
    }

    /// <summary>Whether a byte belongs to a message's marker, length or root table's offset.</summary>
    private static bool IsFraming(byte[] block, int at)
    {
        int start = at & ~(BlockFormat.Alignment - 1);
        return BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(start)) == -1 && at - start < 12;
    }
}
