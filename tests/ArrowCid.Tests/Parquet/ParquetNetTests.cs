using ArrowCid.Columnar;
using ArrowCid.Ipc;
using Parquet.Schema;
using NetReader = Parquet.ParquetReader;
using NetWriter = Parquet.ParquetWriter;

namespace ArrowCid.Tests.Parquet;

/// <summary>Parquet.Net, an implementation of its own in C#, reads what we write, and we read what it writes.</summary>
public sealed class ParquetNetTests
{
    private const int Rows = 10_000;

    private static readonly long[] s_numbers = [.. Enumerable.Range(0, Rows).Select(i => i * 7919L % 1_000)];
    private static readonly double?[] s_prices = [.. Enumerable.Range(0, Rows).Select(i => i % 7 == 0 ? null : (double?)(i / 4.0))];
    private static readonly string?[] s_texts = [.. Enumerable.Range(0, Rows).Select(i => i % 5 == 0 ? null : $"text é {i % 300}")];

    [Theory]
    [InlineData(ArrowCid.Parquet.ParquetCompression.None)]
    [InlineData(ArrowCid.Parquet.ParquetCompression.Snappy)]
    [InlineData(ArrowCid.Parquet.ParquetCompression.Gzip)]
    [InlineData(ArrowCid.Parquet.ParquetCompression.Brotli)]
    [InlineData(ArrowCid.Parquet.ParquetCompression.Zstd)]
    [InlineData(ArrowCid.Parquet.ParquetCompression.Lz4)]
    public async Task Parquet_Net_reads_the_values_that_the_writer_wrote(ArrowCid.Parquet.ParquetCompression compression)
    {
        byte[] file = ParquetFile.Write(new ArrowCid.Parquet.ParquetWriteOptions { Compression = compression }, Batch());
        await using NetReader reader = await NetReader.CreateAsync(new MemoryStream(file));
        using global::Parquet.ParquetRowGroupReader group = reader.OpenRowGroupReader(0);
        DataField[] fields = reader.Schema.GetDataFields();
        var numbers = new long?[Rows];
        var prices = new double?[Rows];
        string?[] texts = new string?[Rows];
        await group.ReadAsync<long>(fields[0], numbers.AsMemory());
        await group.ReadAsync<double>(fields[1], prices.AsMemory());
        await group.ReadAsync(fields[2], texts.AsMemory()!);
        Assert.Equal(s_numbers, numbers.Select(n => n!.Value));
        Assert.Equal(s_prices, prices);
        Assert.Equal(s_texts, texts);
    }

    [Fact]
    public async Task Reader_returns_the_values_that_Parquet_Net_wrote()
    {
        var schema = new ParquetSchema(new DataField("n", typeof(long), isNullable: true),
            new DataField("px", typeof(double), isNullable: true), new DataField("text", typeof(string), isNullable: true));
        using var memory = new MemoryStream();
        await using (NetWriter writer = await NetWriter.CreateAsync(schema, memory))
        {
            using global::Parquet.ParquetRowGroupWriter group = writer.CreateRowGroup();
            DataField[] fields = schema.GetDataFields();
            await group.WriteAsync<long>(fields[0], s_numbers.Select(n => (long?)n).ToArray().AsMemory());
            await group.WriteAsync<double>(fields[1], s_prices.AsMemory());
            await group.WriteAsync(fields[2], s_texts!);
        }

        RecordBatch read = Assert.Single(ParquetFile.Read(memory.ToArray()));
        Assert.Equal(CanonicalBlock.CidOf(Batch()), CanonicalBlock.CidOf(read));
    }

    private static RecordBatch Batch()
    {
        var prices = new FixedBuilder<double>();
        foreach (double? price in s_prices) prices.Append(price);
        var texts = new BytesBuilder();
        texts.AppendRange(s_texts);
        return RecordBatch.Of(("n", ArrowArray.From<long>(s_numbers)), ("px", prices.Build()), ("text", texts.Build()));
    }
}
