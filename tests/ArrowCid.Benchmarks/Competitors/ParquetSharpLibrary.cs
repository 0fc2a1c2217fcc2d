using Apache.Arrow;
using Apache.Arrow.Ipc;
using ParquetSharp;
using ParquetSharp.Arrow;
using Codec = ParquetSharp.Compression;

namespace ArrowCid.Benchmarks;

/// <summary>ParquetSharp: Arrow C++, on one thread, from and to Arrow batches.</summary>
internal sealed class ParquetSharpLibrary : IParquetLibrary
{
    public Task Write(IReadOnlyList<RecordBatch> batches, string path, string codec)
    {
        using var builder = new WriterPropertiesBuilder();
        using WriterProperties properties =
            builder.Compression(codec == "zstd" ? Codec.Zstd : Codec.Snappy).Build();
        using ArrowWriterPropertiesBuilder arrow = new ArrowWriterPropertiesBuilder().StoreSchema();
        using ArrowWriterProperties arrowProperties = arrow.Build();
        using var writer = new FileWriter(path, batches[0].Schema, properties, arrowProperties);
        foreach (RecordBatch batch in batches) writer.WriteRecordBatch(batch, Math.Max(1, batch.Length));
        writer.Close();
        return Task.CompletedTask;
    }

    public async Task Read(string path)
    {
        using ArrowReaderProperties properties = ArrowReaderProperties.GetDefault();
        properties.UseThreads = false;
        using var reader = new FileReader(path, null, properties);
        using IArrowArrayStream stream = reader.GetRecordBatchReader();
        while (true)
        {
            using RecordBatch? batch = await stream.ReadNextRecordBatchAsync();
            if (batch is null) break;
        }
    }
}
