using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>That the generator makes what it claims to: otherwise the properties prove less than they say.</summary>
public class GeneratorTests
{
    [Fact]
    public void Default_seeds_cover_every_type_at_many_depths()
    {
        var types = new Dictionary<ArrowTypeId, int>();
        var depths = new int[RandomSchema.MaxDepth + 1];
        var seen = new Dictionary<string, int>();
        foreach (int seed in Enumerable.Range(1, Seeds.Default))
        {
            RandomBatch batch = RandomBatch.Make(seed);
            if (batch.Says.Length == 0) Count("no rows");
            if (batch.Says.Schema.Metadata.Count > 0) Count("schema metadata");
            foreach ((Field field, Shape shape) in batch.Says.Schema.Fields.Zip(batch.Says.Shapes))
                Visit(field, shape, 1, false, false);
        }

        foreach (ArrowTypeId id in Enum.GetValues<ArrowTypeId>())
            Assert.True(types.GetValueOrDefault(id) >= 8, $"{id} came up {types.GetValueOrDefault(id)} times");
        for (int depth = 1; depth <= RandomSchema.MaxDepth; depth++)
            Assert.True(depths[depth] >= 50, $"depth {depth} came up {depths[depth]} times");
        string[] wanted =
        [
            "no rows", "schema metadata", "not nullable", "metadata", "extension", "ordered dictionary",
            "unordered dictionary", "dictionary in a nested type", "dictionary in a dictionary's values",
            "fixed-size list of 0", "fixed-size binary of 0",
            "odd union codes", "int16 run ends", "null ordered entry",
        ];
        foreach (string what in wanted)
            Assert.True(seen.GetValueOrDefault(what) >= 3, $"{what} came up {seen.GetValueOrDefault(what)} times");

        void Count(string what) => seen[what] = seen.GetValueOrDefault(what) + 1;

        void Visit(Field field, Shape shape, int depth, bool nested, bool inDictionary)
        {
            if (!field.IsNullable) Count("not nullable");
            if (field.Metadata.Any(p => !p.Key.StartsWith("ARROW", StringComparison.Ordinal))) Count("metadata");
            if (field.ExtensionName is not null) Count("extension");
            types[field.Type.Id] = types.GetValueOrDefault(field.Type.Id) + 1;
            depths[depth]++;
            if (field.Type is FixedSizeListType { ListSize: 0 }) Count("fixed-size list of 0");
            if (field.Type is FixedSizeBinaryType { ByteWidth: 0 }) Count("fixed-size binary of 0");
            if (field.Type is RunEndEncodedType { RunEnds.Type.Id: ArrowTypeId.Int16 }) Count("int16 run ends");
            if (field.Type is UnionType union && union.TypeCodes[0] != 0) Count("odd union codes");
            if (field.Type is DictionaryType d)
            {
                Count(d.IsOrdered ? "ordered dictionary" : "unordered dictionary");
                if (nested) Count("dictionary in a nested type");
                if (inDictionary) Count("dictionary in a dictionary's values");
                if (d.IsOrdered && shape.Entries.Any(e => e.IsNull)) Count("null ordered entry");
                types[d.ValueType.Id] = types.GetValueOrDefault(d.ValueType.Id) + 1;
                for (int i = 0; i < d.ValueType.Children.Count; i++)
                    Visit(d.ValueType.Children[i], shape.Values!.Children[i], depth + 1, true, true);
                return;
            }

            for (int i = 0; i < field.Type.Children.Count; i++)
                Visit(field.Type.Children[i], shape.Children[i], depth + 1, true, inDictionary);
        }
    }

    [Fact]
    public void Same_seed_gives_the_same_batch() => Seeds.Run((batch, _) =>
    {
        RandomBatch again = RandomBatch.Make(batch.Seed);
        Assert.True(batch.Says.Says(again.Says));
        Assert.True(SlowEncoder.Encode(batch.Batch).AsSpan().SequenceEqual(SlowEncoder.Encode(again.Batch)));
    });

    [Fact]
    public void Laid_out_values_read_back_as_they_were() => Seeds.Run((batch, random) =>
    {
        Assert.True(batch.Says.Says(Logical.Read(batch.Batch)));
        RecordBatch dressed = MemoryLayout.Lay(batch.Says, Disguise.All & ~Disguise.SchemaDress, random);
        Assert.True(batch.Says.Says(Logical.Read(dressed)), "in all disguises");
    });

    /// <summary>A disguise that changed no byte in memory would prove nothing.</summary>
    [Fact]
    public void Every_disguise_changes_memory_often()
    {
        foreach (Disguise disguise in Enum.GetValues<Disguise>().Where(d => d is not (Disguise.None or Disguise.All)))
        {
            int changed = 0;
            for (int seed = 1; seed <= Seeds.Default; seed++)
            {
                RandomBatch batch = RandomBatch.Make(seed);
                RecordBatch plain = MemoryLayout.Lay(batch.Says, Disguise.None, new Random(seed));
                RecordBatch dressed = MemoryLayout.Lay(batch.Says, disguise, new Random(seed));
                if (Memory(plain) != Memory(dressed)) changed++;
            }

            Assert.True(changed >= 15, $"{disguise} changed {changed} batches only");
        }
    }

    private static string Memory(RecordBatch batch) =>
        string.Join('\n', batch.Schema.Metadata) + string.Join('\n', batch.Schema.Fields.Select(Describe))
        + string.Concat(batch.Columns.Select(Memory));

    private static string Describe(Field field) =>
        $"{field} {string.Join(',', field.Metadata)} {string.Concat(field.Type.Children.Select(Describe))}";

    private static string Memory(ArrowArray array)
    {
        string text = $"({array.Length} {array.Offset} {array.ClaimedNullCount}";
        foreach (ReadOnlyMemory<byte> buffer in array.Buffers) text += $" {Convert.ToHexString(buffer.Span)}";
        foreach (ArrowArray child in array.Children) text += Memory(child);
        return text + (array.Dictionary is null ? ")" : Memory(array.Dictionary) + ")");
    }
}
