using System.Globalization;
using System.Text.Json;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>info</c> of a block that is no batch: a dataset, a column manifest, a schema, another node, other
/// bytes.</summary>
internal static class InfoOther
{
    public static void Print(CidStore store, StoredBlock block, StoredEntry entry, Action<string, string> line)
    {
        object? contents = ContentsOf(store, entry);
        line("cid", block.Cid.ToString());
        line("kind", EntryJson.KindOf(entry));
        if (IsOther(entry)) line("codec", Multicodec.Name(block.Cid.Codec));
        if (contents is string word) line("contents", word);
        line("bytes", Text(block.ByteLength));
        line("time", ListVerb.Time(block.Time));
        InfoVerb.PrintFacts(entry, line);
        foreach ((string name, string value) in LinesOf(contents)) line(name, value);
    }

    public static void Write(Utf8JsonWriter writer, CidStore store, StoredBlock block, StoredEntry entry)
    {
        object? contents = ContentsOf(store, entry);
        writer.WriteString("cid", block.Cid.ToString());
        writer.WriteString("kind", EntryJson.KindOf(entry));
        if (IsOther(entry)) writer.WriteString("codec", Multicodec.Name(block.Cid.Codec));
        if (contents is string word) writer.WriteString("contents", word);
        writer.WriteNumber("bytes", block.ByteLength);
        writer.WriteString("time", ListVerb.Time(block.Time));
        EntryJson.WriteFacts(writer, entry);
        writer.WriteStartObject("members");
        if (contents is Dataset dataset) WriteMembers(writer, dataset);
        if (contents is ColumnManifest manifest) WriteMembers(writer, manifest);
        writer.WriteEndObject();
    }

    private static bool IsOther(StoredEntry entry) => entry.Kind is BlockKind.Node or BlockKind.Raw;

    /// <summary>What a node says: a <see cref="Dataset"/>, a <see cref="ColumnManifest"/>, a word, or null.</summary>
    private static object? ContentsOf(CidStore store, StoredEntry entry)
    {
        if (entry.Cid.Codec != Multicodec.DagCbor) return null;
        IpldNode node = DagCbor.Decode(
            store.Reading.ReadBlock(entry.Cid) ?? throw CommandError.NoBlock(entry.Cid.ToString(), store),
                IpldReadOptions.Lenient);
        return ManifestNode.KindOf(node) switch
        {
            Dataset.Kind => Dataset.Decode(node, store.Reading.ReadNode),
            Dataset.PageKind => "page of a dataset",
            ColumnManifest.Kind => ColumnManifest.Decode(node),
            ColumnSet.Kind => "column manifests of a dataset",
            _ => null,
        };
    }

    private static IReadOnlyList<(string Name, string Value)> LinesOf(object? contents) => contents switch
    {
        Dataset dataset =>
        [
            ("schema", dataset.Schema.ToString()),
            ("rows", Text(dataset.Rows)),
            ("data", $"{Text(dataset.ByteLength)} bytes"),
            ("batches", Text(dataset.Batches.Length)),
            .. dataset.Parents.Select(parent => ("made of", parent.ToString())),
            .. dataset.Meta.Select(pair => ("metadata", $"{pair.Key} = {pair.Value}")),
        ],
        ColumnManifest manifest =>
        [
            ("of", manifest.Cid.ToString()),
            ("schema", manifest.Schema.ToString()),
            ("rows", Text(manifest.Rows)),
            ("data", $"{Text(manifest.ByteLength)} bytes"),
            .. manifest.Columns.Select(column => ("column",
                string.Create(CultureInfo.InvariantCulture,
                    $"{column.Name}: {column.ByteLength} bytes in {column.Pieces.Length} pieces"))),
        ],
        _ => [],
    };

    private static void WriteMembers(Utf8JsonWriter writer, Dataset dataset)
    {
        writer.WriteString("schemaCid", dataset.Schema.ToString());
        writer.WriteNumber("rows", dataset.Rows);
        writer.WriteNumber("dataBytes", dataset.ByteLength);
        writer.WriteNumber("batches", dataset.Batches.Length);
        EntryJson.WriteTexts(writer, "madeOf", dataset.Parents.Select(parent => parent.ToString()));
        writer.WriteStartObject("metadata");
        foreach ((string key, string value) in dataset.Meta) writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter writer, ColumnManifest manifest)
    {
        writer.WriteString("of", manifest.Cid.ToString());
        writer.WriteString("schemaCid", manifest.Schema.ToString());
        writer.WriteNumber("rows", manifest.Rows);
        writer.WriteNumber("dataBytes", manifest.ByteLength);
        writer.WriteStartArray("columns");
        foreach (ColumnPieces column in manifest.Columns)
        {
            writer.WriteStartObject();
            writer.WriteString("name", column.Name);
            writer.WriteNumber("bytes", column.ByteLength);
            writer.WriteNumber("pieces", column.Pieces.Length);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
