using ArrowCid.Columnar;
using ArrowCid.Parquet;
using ArrowCid.Tests.Columnar;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Parquet;

/// <summary>What is written comes back with the same CID.</summary>
public sealed class RoundTripTests
{
    public static TheoryData<string> Types => EveryType.Names;

    [Theory]
    [MemberData(nameof(Types))]
    public void A_column_of_every_type_comes_back_with_its_CID(string name)
    {
        ArrowArray array = EveryType.Get(name).Array;
        foreach (ParquetWriteOptions options in s_options)
            ParquetFile.AssertRoundTrip(options, ParquetFile.Column(array));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Batches_without_rows_come_back_with_their_CIDs(string name)
    {
        RecordBatch batch = ParquetFile.Column(EveryType.Get(name).Array);
        ParquetFile.AssertRoundTrip(null, batch.Slice(0, 0), batch, batch.Slice(1, 1), batch.Slice(0, 0));
    }

    [Fact]
    public void Batches_of_random_schemas_come_back_with_their_CIDs() => Seeds.Run((made, random) =>
    {
        if (made.Batch.Schema.Fields.Count == 0) return;
        RecordBatch batch = made.Batch;
        int cut = random.Next(batch.Length + 1);
        ParquetFile.AssertRoundTrip(s_options[random.Next(s_options.Length)], batch.Slice(0, cut),
            batch.Slice(cut, batch.Length - cut));
    });

    [Fact]
    public void The_same_batches_give_the_same_bytes()
    {
        RecordBatch batch = RandomBatch.Make(7).Batch;
        Assert.Equal(ParquetFile.Write(null, batch, batch), ParquetFile.Write(null, batch, batch));
    }

    private static readonly ParquetWriteOptions[] s_options =
    [
        new(),
        new() { Compression = ParquetCompression.None, UsesPageV2 = true, PageRows = 3 },
        new() { Compression = ParquetCompression.Gzip, Encoding = ParquetEncoding.Plain, PageBytes = 64 },
        new() { Compression = ParquetCompression.Brotli, Encoding = ParquetEncoding.Delta, UsesPageV2 = true },
        new() { Compression = ParquetCompression.Zstd, Encoding = ParquetEncoding.DeltaStrings, PageRows = 1 },
        new() { Compression = ParquetCompression.Lz4, Encoding = ParquetEncoding.ByteStreamSplit },
    ];
}
