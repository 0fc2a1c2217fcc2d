using Apache.Arrow.Ipc;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Columnar;
using ParquetSharp.Arrow;
using ParquetSharp.IO;

namespace ArrowCid.Tests.Parquet;

/// <summary>ParquetSharp, which is Arrow C++, reads what we write, and we read what it writes.</summary>
public sealed class ParquetSharpTests
{
    // What Arrow C++ makes of columns that Parquet or ParquetSharp has no type for.
    private static readonly Dictionary<string, string> s_otherTypes = new()
    {
        ["decimal64"] = "fixed_size_binary[8]",
        ["decimal128"] = "fixed_size_binary[16]",
        ["date64"] = "int64",
        ["time32[s]"] = "time32[ms]",
        ["timestamp[s]"] = "int64",
        ["interval ym"] = "int32",
        ["interval dt"] = "int64",
        ["interval mdn"] = "fixed_size_binary[16]",
        ["fixed list"] = "list<element: int32>",
        ["sparse_union<i: int32 = 5, s: utf8 = 9>"] = "struct<type_id: int8 not null, f0: int32, f1: utf8>",
        ["dense_union<i: int32 = 5, s: utf8 = 9>"] = "struct<type_id: int8 not null, f0: int32, f1: utf8>",
        ["run_end_encoded<run_ends: int16 not null, values: utf8>"] = "utf8",
        ["run_end_encoded<run_ends: int32 not null, values: utf8>"] = "utf8",
        ["run_end_encoded<run_ends: int64 not null, values: utf8>"] = "utf8",
        ["dictionary of structs"] = "struct<a: int32, b: utf8>",
    };

    public static TheoryData<string> Types => EveryType.Names;

    public static TheoryData<string> SharedTypes =>
        [.. EveryType.Cases.Select(item => item.Name).Where(name => !s_otherTypes.ContainsKey(name))];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task ParquetSharp_reads_the_same_batch_when_Parquet_has_the_type(string name)
    {
        RecordBatch batch = ParquetFile.Column(EveryType.Get(name).Array);
        using var memory = new MemoryStream(ParquetFile.Write(null, batch));
        using var file = new ManagedRandomAccessFile(memory);
        using var reader = new FileReader(file);
        using IArrowArrayStream stream = reader.GetRecordBatchReader();
        using Apache.Arrow.RecordBatch read = (await stream.ReadNextRecordBatchAsync())!;
        RecordBatch other = WithoutMetadata(FromApache(read));
        if (s_otherTypes.TryGetValue(name, out string? type)) Assert.Equal($"v: {type}", other.Schema.ToString());
        else Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(other));
    }

    [Theory]
    [MemberData(nameof(SharedTypes))]
    public void Reader_returns_the_same_batch_when_ParquetSharp_wrote_it(string name)
    {
        RecordBatch batch = ParquetFile.Column(EveryType.Get(name).Array);
        using var memory = new MemoryStream();
        using var arrow = new ArrowStreamReader(new MemoryStream(CanonicalBlock.Encode(batch).Bytes.ToArray()));
        using Apache.Arrow.RecordBatch apache = arrow.ReadNextRecordBatch();
        using (var file = new ManagedOutputStream(memory))
        using (ArrowWriterProperties properties = new ArrowWriterPropertiesBuilder().StoreSchema().Build())
        using (var writer = new FileWriter(file, arrow.Schema, null, properties))
        {
            writer.WriteRecordBatch(apache);
            writer.Close();
        }

        RecordBatch read = WithoutMetadata(Assert.Single(ParquetFile.Read(memory.ToArray())));
        Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(read));
    }

    private static RecordBatch FromApache(Apache.Arrow.RecordBatch batch)
    {
        using var memory = new MemoryStream();
        using (var writer = new ArrowStreamWriter(memory, batch.Schema, leaveOpen: true))
        {
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
        }

        return ArrowReader.Open(memory.ToArray()).ReadView()!;
    }

    /// <summary>The batch without the file's keys, which Arrow C++ makes the schema's metadata.</summary>
    private static RecordBatch WithoutMetadata(RecordBatch batch) =>
        new(new Schema([.. batch.Schema.Fields]), batch.Length, [.. batch.Columns]);
}
