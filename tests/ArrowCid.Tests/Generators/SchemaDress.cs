using ArrowCid.Columnar;

namespace ArrowCid.Tests.Generators;

/// <summary>The same schema in other words: what section 2 sorts, fixes or leaves out.</summary>
internal sealed class SchemaDress(Random random)
{
    public Schema Of(Schema schema) => new([.. schema.Fields.Select(f => Of(f))], Shuffled(schema.Metadata));

    private Field Of(Field field, string? name = null, bool? nullable = null, bool dropsMetadata = false)
    {
        List<KeyValuePair<string, string>> metadata = Shuffled(field.Metadata);
        if (dropsMetadata && random.Next(2) == 0) metadata.Add(new("dropped", "yes"));
        if (random.Next(3) == 0 && metadata.All(p => p.Key != Field.ExtensionMetadataKey))
            metadata.Add(new(Field.ExtensionMetadataKey, ""));
        return new Field(name ?? field.Name, Of(field.Type), nullable ?? field.IsNullable, metadata);
    }

    private ArrowType Of(ArrowType type) => type switch
    {
        ListType l => new ListType(Of(l.Item, Pick("element", "$data$", "")), l.Id),
        FixedSizeListType l => new FixedSizeListType(Of(l.Item, Pick("element", "values")), l.ListSize),
        MapType m => new MapType(Entries(m), m.KeysSorted),
        StructType s => new StructType([.. s.Children.Select(f => Of(f))]),
        UnionType u => new UnionType(u.Id, [.. u.Children.Select(f => Of(f))], u.TypeCodes),
        RunEndEncodedType r => new RunEndEncodedType(
            Of(r.RunEnds, Pick("ends", "run_ends"), random.Next(2) == 0, dropsMetadata: true),
            Of(r.Values, Pick("value", "item"), dropsMetadata: true)),
        DictionaryType d => new DictionaryType(d.IndexType, Of(d.ValueType), d.IsOrdered),
        _ => type,
    };

    private Field Entries(MapType map)
    {
        var pair = new StructType(Of(map.Entries.Type.Children[0], Pick("keys", "k"), random.Next(2) == 0),
            Of(map.Entries.Type.Children[1], Pick("values", "v")));
        KeyValuePair<string, string>[] metadata = [.. map.Entries.Metadata, new("dropped", "yes")];
        return new Field(Pick("key_value", "map"), pair, random.Next(2) == 0, metadata);
    }

    private List<KeyValuePair<string, string>> Shuffled(IReadOnlyList<KeyValuePair<string, string>> pairs) =>
        [.. pairs.OrderBy(_ => random.Next())];

    private string Pick(params string[] names) => names[random.Next(names.Length)];
}
