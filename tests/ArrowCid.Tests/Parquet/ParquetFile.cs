using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.Tests.Parquet;

/// <summary>Parquet files in memory.</summary>
internal static class ParquetFile
{
    public static byte[] Write(ParquetWriteOptions? options, params RecordBatch[] batches)
    {
        using var stream = new MemoryStream();
        using var writer = new ParquetWriter(stream, batches[0].Schema, options);
        foreach (RecordBatch batch in batches) writer.Prescan(batch);
        foreach (RecordBatch batch in batches) writer.Write(batch);
        writer.Finish();
        return stream.ToArray();
    }

    public static RecordBatch[] Read(byte[] file, ParquetReadOptions? options = null)
    {
        using var reader = ParquetReader.Open(file, options);
        var batches = new List<RecordBatch>();
        while (reader.ReadView() is { } batch) batches.Add(batch);
        return [.. batches];
    }

    /// <summary>Asserts that the batches come back with their CIDs.</summary>
    public static void AssertRoundTrip(ParquetWriteOptions? options, params RecordBatch[] batches)
    {
        byte[] file = Write(options, batches);
        using var reader = ParquetReader.Open(file);
        Assert.True(reader.IsExact);
        Assert.Equal(batches.Select(CanonicalBlock.CidOf), reader.ClaimedCids);
        foreach (RecordBatch batch in batches)
        {
            RecordBatch read = reader.ReadView()!;
            if (CanonicalBlock.CidOf(batch) == CanonicalBlock.CidOf(read)) continue;
            Assert.Fail($"{FirstDifference.Between(batch, read, 0)}");
        }

        Assert.Null(reader.ReadView());
    }

    public static RecordBatch Column(ArrowArray array) => RecordBatch.Of(("v", array));
}
