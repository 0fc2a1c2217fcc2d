using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Tests.Columnar;

namespace ArrowCid.Tests.Parquet;

/// <summary>Damaged files end in an error or in what was written, within a budget.</summary>
public sealed class HostileParquetTests
{
    private const int Seed = 20261122;

    private static readonly ParquetReadOptions s_budget = new() { MemoryBudget = 16 << 20 };

    [Fact]
    public void A_file_cut_anywhere_is_an_error()
    {
        byte[] file = Small();
        for (int length = 0; length < file.Length; length++)
        {
            int cut = length;
            Assert.ThrowsAny<ArrowCidException>(() => Cids(file[..cut], out _));
        }
    }

    [Fact]
    public void A_file_with_any_byte_changed_is_an_error_or_gives_the_same_CID()
    {
        byte[] file = Small();
        Cid[] expected = Cids(file, out _);
        for (int at = 0; at < file.Length; at++)
        {
            foreach (int change in new[] { 0x01, 0x80, 0xFF })
            {
                byte[] changed = [.. file];
                changed[at] ^= (byte)change;
                try
                {
                    Cid[] found = Cids(changed, out bool isExact);
                    // Without its exact schema it is a file like any other, and nothing is claimed of it.
                    if (isExact) Assert.True(expected.SequenceEqual(found), $"byte {at} ^ {change:x2}");
                }
                catch (ArrowCidException)
                {
                    // An error is what is asked for.
                }
            }
        }
    }

    [Fact]
    public void Fixtures_with_bytes_changed_at_random_end_in_an_error_or_a_result()
    {
        var random = new Random(Seed);
        foreach (string name in FixtureTests.Files.Select(row => (string)row[0]))
        {
            byte[] file = FixtureTests.Bytes(name);
            for (int round = 0; round < 150; round++)
            {
                byte[] changed = [.. file];
                int changes = random.Next(1, 4);
                for (int i = 0; i < changes; i++)
                {
                    int from = random.Next(3) == 0 ? 0 : Math.Max(0, changed.Length - 1500);
                    changed[random.Next(from, changed.Length)] = (byte)random.Next(256);
                }

                try
                {
                    foreach (RecordBatch batch in ParquetFile.Read(changed, new ParquetReadOptions
                    {
                        MemoryBudget = 16 << 20,
                        IgnoresChecksums = true,
                    }))
                    {
                        _ = CanonicalBlock.Address(batch, 16 << 20);
                    }
                }
                catch (ArrowCidException)
                {
                    // An error is as good as a result here.
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"{name}, round {round} of seed {Seed}: {e.Message}", e);
                }
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("PAR1PAR1")]
    [InlineData("PAR1\u0000\u0000\u0000\u0000PAR1")]
    [InlineData("PAR1\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u007fPAR1")]
    public void What_is_no_Parquet_file_is_refused(string text) =>
        Assert.ThrowsAny<ArrowCidException>(() => ParquetFile.Read(System.Text.Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void An_encrypted_file_is_unsupported()
    {
        byte[] file = [.. "PARE"u8, .. new byte[20], 4, 0, 0, 0, .. "PARE"u8];
        var e = Assert.ThrowsAny<ArrowCidException>(() => ParquetFile.Read(file));
        Assert.Equal(ErrorCode.Unsupported, e.Code);
    }

    /// <summary>About 2 KB: a number, a text, a list.</summary>
    private static byte[] Small() => ParquetFile.Write(new ParquetWriteOptions { PageRows = 3 }, RecordBatch.Of(
        ("n", ArrowArray.From<long>((long[])[1, 2, 3, 4])),
        ("s", EveryType.Texts(ArrowType.Utf8).Slice(0, 4)),
        ("l", EveryType.Lists(ArrowTypeId.List))));

    private static Cid[] Cids(byte[] file, out bool isExact)
    {
        using var reader = ParquetReader.Open(file, s_budget);
        isExact = reader.IsExact && reader.ClaimedCids.Count == reader.BatchCount;
        var cids = new List<Cid>();
        while (reader.Read() is { } batch) cids.Add(CanonicalBlock.CidOf(batch));
        return isExact && !cids.SequenceEqual(reader.ClaimedCids)
            ? throw new ArrowCidException(ErrorCode.BlockCorrupt, "not what the file claims")
            : [.. cids];
    }
}
