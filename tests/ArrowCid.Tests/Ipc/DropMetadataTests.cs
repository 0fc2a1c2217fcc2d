using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Ipc;

public class DropMetadataTests
{
    [Theory]
    [InlineData(ArrowFormat.Stream)]
    [InlineData(ArrowFormat.File)]
    public void Dropped_keys_are_gone_at_every_level_and_others_stay(ArrowFormat format)
    {
        byte[] bytes = Write(format);
        Schema all = Read(bytes, null).SchemaView;
        Assert.Equal((2, 2, 2), Counts(all));
        Schema some = Read(bytes, "a").SchemaView;
        Assert.Equal((1, 1, 1), Counts(some));
        Assert.All([.. some.Metadata, .. some.Fields[0].Metadata], pair => Assert.Equal("b", pair.Key));
        Assert.Equal((0, 0, 0), Counts(Read(bytes, "a", "b", "c").SchemaView));
        RecordBatch batch = Read(bytes, "b").ReadView()!;
        Assert.Equal([7], batch.Column("s").Field("i").As<int>().Values);
    }

    private static (int, int, int) Counts(Schema schema) =>
        (schema.Metadata.Count, schema.Fields[0].Metadata.Count, schema.Fields[0].Type.Children[0].Metadata.Count);

    private static ArrowReader Read(byte[] bytes, params string[]? dropped) => ArrowReader.Open(bytes,
        new ArrowReadOptions { DropMetadata = dropped?.ToHashSet() });

    private static byte[] Write(ArrowFormat format)
    {
        KeyValuePair<string, string>[] pairs = [new("a", "1"), new("b", "2")];
        var type = new StructType(new Field("i", ArrowType.Int32, nullable: true, pairs));
        var schema = new Schema([new Field("s", type, nullable: true, pairs)], pairs);
        var ints = new ArrowArray(ArrowType.Int32, 1, [default, new byte[] { 7, 0, 0, 0 }]);
        using var stream = new MemoryStream();
        using (var writer = new ArrowWriter(stream, schema, format))
            writer.Write(new RecordBatch(schema, 1, new ArrowArray(type, 1, [default], [ints])));
        return stream.ToArray();
    }
}
