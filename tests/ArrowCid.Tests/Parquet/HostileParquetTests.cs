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
    public void A_file_cut_anywhere_is_an_error_that_says_at_which_byte()
    {
        byte[] file = Small();
        for (int length = 0; length < file.Length; length++)
        {
            int cut = length;
            var e = Assert.Throws<InvalidParquetException>(() => Cids(file[..cut], out _));
            Assert.InRange(e.Offset, 0, length);
            Assert.EndsWith($", byte {e.Offset}", e.Message.Replace(';', ','), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_with_any_byte_changed_is_an_error_that_says_where_or_gives_the_same_CID()
    {
        byte[] file = Small();
        Cid[] expected = Cids(file, out _);
        int footer = file.Length - 8 - BitConverter.ToInt32(file.AsSpan(file.Length - 8)), inPages = 0;
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
                catch (InvalidParquetException e)
                {
                    Assert.InRange(e.Offset, 0, file.Length);
                    Assert.False(e.InnerException is InvalidParquetException, $"{e}");
                    if (at >= footer) continue;
                    // What is wrong in a column's bytes is told by column, row group and page.
                    Assert.True(e is { Column: "n" or "s" or "l.list.element", RowGroup: 0 }, $"byte {at}: {e.Message}");
                    Assert.InRange(e.Offset, 4, footer);
                    if (e.Page < 0) continue;
                    inPages++;
                    // A page whose header says another size than it has is told by the page, or by what follows it.
                    Assert.InRange(at, e.Offset - 400, file.Length);
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
                {
                    // What the footer claims and what the pages hold differ.
                    Assert.InRange(at, footer, file.Length);
                }
            }
        }

        Assert.InRange(inPages, footer, 3 * footer);
    }

    [Fact]
    public void A_page_whose_bytes_do_not_fit_its_checksum_is_named_by_column_row_group_page_and_byte()
    {
        var options = new ParquetWriteOptions
        {
            Compression = ParquetCompression.None,
            Encoding = ParquetEncoding.Plain,
            PageRows = 3,
        };
        byte[] file = ParquetFile.Write(options, RecordBatch.Of(
            ("n", ArrowArray.From<long>((long[])[1, 2, 3, 4, 0x1122334455667788, long.MaxValue]))));
        int at = file.AsSpan().IndexOf(BitConverter.GetBytes(0x1122334455667788));
        file[at] ^= 1;
        var e = Assert.Throws<InvalidParquetException>(() => ParquetFile.Read(file));
        Assert.Equal(("n", 0, 1, ErrorCode.InvalidData), (e.Column, e.RowGroup, e.Page, e.Code));
        Assert.InRange(e.Offset, at - 128, at);
        Assert.Equal($"{e.Rule}; column 'n', row group 0, page 1, byte {e.Offset}", e.Message);
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
        while (reader.ReadView() is { } batch) cids.Add(CanonicalBlock.CidOf(batch));
        return isExact && !cids.SequenceEqual(reader.ClaimedCids)
            ? throw new ArrowCidException(ErrorCode.BlockCorrupt, "not what the file claims")
            : [.. cids];
    }
}
