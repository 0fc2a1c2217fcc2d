using System.IO.Compression;
using Apache.Arrow;
using Apache.Arrow.Types;
using Parquet;
using Parquet.Schema;

namespace ArrowCid.Benchmarks;

/// <summary>
/// Parquet.Net, by its columns of values. It has no Arrow: reading ends at values and levels, and only columns without
/// children are written. Its zstd level is the fastest one; the default takes over a hundred times as long.
/// </summary>
internal sealed class ParquetNetLibrary : IParquetLibrary
{
    public async Task Write(IReadOnlyList<RecordBatch> batches, string path, string codec)
    {
        DataField[] fields = [.. batches[0].Schema.FieldsList.Select(FieldOf)];
        var options = new ParquetOptions
        {
            CompressionMethod = codec == "zstd" ? CompressionMethod.Zstd : CompressionMethod.Snappy,
            CompressionLevel = CompressionLevel.Fastest,
        };
        await using FileStream file = File.Create(path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), file, options);
        foreach (RecordBatch batch in batches)
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            for (int i = 0; i < fields.Length; i++) await Write(group, fields[i], batch.Column(i));
        }
    }

    public async Task Read(string path)
    {
        await using ParquetReader reader = await ParquetReader.CreateAsync(path);
        for (int i = 0; i < reader.RowGroupCount; i++)
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
            foreach (DataField field in reader.Schema.GetDataFields())
            {
                using var column = await group.ReadRawColumnDataBaseAsync(field);
            }
        }
    }

    private static DataField FieldOf(Apache.Arrow.Field field) => new(field.Name, field.DataType.TypeId switch
    {
        ArrowTypeId.Boolean => typeof(bool),
        ArrowTypeId.Int32 => typeof(int),
        ArrowTypeId.Int64 => typeof(long),
        ArrowTypeId.Float => typeof(float),
        ArrowTypeId.Double => typeof(double),
        ArrowTypeId.String => typeof(string),
        _ => throw new NotSupportedException(),
    }, isNullable: true);

    private static async Task Write(ParquetRowGroupWriter group, DataField field, IArrowArray values)
    {
        Task written = values switch
        {
            BooleanArray array => group.WriteAsync<bool>(field, Values(array.Length, i => array.GetValue(i))),
            Int32Array array => group.WriteAsync<int>(field, Values(array.Length, array.GetValue)),
            Int64Array array => group.WriteAsync<long>(field, Values(array.Length, array.GetValue)),
            FloatArray array => group.WriteAsync<float>(field, Values(array.Length, array.GetValue)),
            DoubleArray array => group.WriteAsync<double>(field, Values(array.Length, array.GetValue)),
            StringArray array =>
                group.WriteAsync(field, [.. Enumerable.Range(0, array.Length).Select(i => array.GetString(i))]),
            _ => throw new NotSupportedException(),
        };
        await written;
    }

    private static ReadOnlyMemory<T?> Values<T>(int count, Func<int, T?> at) where T : struct
    {
        var values = new T?[count];
        for (int i = 0; i < count; i++) values[i] = at(i);
        return values;
    }
}
