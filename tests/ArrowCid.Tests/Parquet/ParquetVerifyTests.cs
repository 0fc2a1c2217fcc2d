using ArrowCid.Columnar;
using ArrowCid.Parquet;
using ArrowCid.Tests.Columnar;

namespace ArrowCid.Tests.Parquet;

/// <summary>A file proves itself, and says where it does not.</summary>
public sealed class ParquetVerifyTests
{
    private static readonly ParquetWriteOptions s_plain = new()
    {
        Compression = ParquetCompression.None,
        Encoding = ParquetEncoding.Plain,
    };

    private static RecordBatch Numbers(double last) => RecordBatch.Of(
        ("a", ArrowArray.From<long>((long[])[1, 2, 3])),
        ("price", ArrowArray.From<double>((double[])[0.5, 1234.5, last])));

    [Fact]
    public void A_changed_value_is_told_with_its_row_group_and_column()
    {
        byte[] file = ParquetFile.Write(s_plain, Numbers(7007), Numbers(8008));
        byte[] value = BitConverter.GetBytes(1234.5);
        int at = file.AsSpan().LastIndexOf(value);
        // Behind the first group's values come the second's; statistics do not hold the middle one.
        file[at] ^= 1;
        using var reader = ParquetReader.Open(file, new ParquetReadOptions { IgnoresChecksums = true });
        ParquetVerifyResult[] results = [.. reader.Verify()];
        Assert.True(results[0].IsIntact);
        Assert.False(results[1].IsIntact);
        Assert.Equal("price", results[1].Column);
        using var checking = ParquetReader.Open(file);
        Assert.Contains("checksum", checking.Verify().Last().Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_by_others_claims_nothing()
    {
        using var reader = ParquetReader.Open(FixtureTests.Bytes("list_columns"));
        Assert.False(reader.IsExact);
        Assert.Empty(reader.ClaimedCids);
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => reader.Verify()).Code);
    }

    [Fact]
    public void A_later_batch_that_the_columns_cannot_hold_is_refused_and_held_after_a_survey()
    {
        RecordBatch plain = Seconds(1), wide = Seconds(long.MaxValue);
        using var writer = new ParquetWriter(new MemoryStream(), plain.Schema);
        Assert.True(writer.RequiresPrescan);
        writer.Write(plain);
        Assert.Equal(ErrorCode.Unsupported, Assert.ThrowsAny<ArrowCidException>(() => writer.Write(wide)).Code);
        ParquetFile.AssertRoundTrip(null, plain, wide);

        static RecordBatch Seconds(long value) => ParquetFile.Column(
            EveryType.Fixed<long>(new TimestampType(TimeUnit.Second), value, null));
    }

    [Fact]
    public void A_schema_without_columns_is_unsupported() => Assert.Equal(ErrorCode.Unsupported,
        Assert.ThrowsAny<ArrowCidException>(() => new ParquetWriter(Stream.Null, new Schema())).Code);

    [Fact]
    public void Bloom_filters_and_statistics_do_not_change_what_is_read()
    {
        RecordBatch batch = Numbers(7);
        ParquetFile.AssertRoundTrip(
            new ParquetWriteOptions { BloomFilters = new HashSet<string> { "price" }, PageRows = 1 }, batch);
    }

    [Fact]
    public void A_stream_that_cannot_seek_is_written_forward()
    {
        RecordBatch batch = Numbers(7);
        using var held = new MemoryStream();
        using var stream = new ThrottledStream(held);
        using var writer = new ParquetWriter(stream, batch.Schema);
        writer.Write(batch);
        writer.Finish();
        Assert.Equal(ParquetFile.Write(null, batch), held.ToArray());
    }
}
