using System.Globalization;
using System.Text.Json;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>info</c> of a block that is no batch: a dataset, a column manifest, a schema, other bytes.</summary>
internal static class InfoOther
{
    public static void Print(CidStore store, StoredBlock block, StoredEntry entry, Action<string, string> line)
    {
        (string kind, IReadOnlyList<(string Name, string Value)> members) = Describe(store, block.Cid, entry);
        line("cid", block.Cid.ToString());
        line("kind", kind);
        line("bytes", Text(block.ByteLength));
        line("time", ListVerb.Time(block.Time));
        InfoVerb.PrintFacts(entry, line);
        foreach ((string name, string value) in members) line(name, value);
    }

    public static void Write(Utf8JsonWriter writer, CidStore store, StoredBlock block, StoredEntry entry)
    {
        (string kind, IReadOnlyList<(string Name, string Value)> members) = Describe(store, block.Cid, entry);
        writer.WriteString("cid", block.Cid.ToString());
        writer.WriteString("kind", kind);
        writer.WriteNumber("bytes", block.ByteLength);
        writer.WriteString("time", ListVerb.Time(block.Time));
        EntryJson.WriteFacts(writer, entry);
        writer.WriteStartArray("members");
        foreach ((string name, string value) in members)
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("value", value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static (string Kind, IReadOnlyList<(string Name, string Value)> Members) Describe(
        CidStore store, Cid cid, StoredEntry entry)
    {
        if (entry.Kind == BlockKind.Schema) return ("schema", []);
        if (cid.Codec != Multicodec.DagCbor) return (Multicodec.Name(cid.Codec), []);
        IpldNode node = DagCbor.Decode(store.ReadBlock(cid) ?? throw Failure.NoBlock(cid.ToString(), store),
            IpldReadOptions.Lenient);
        return ManifestNode.KindOf(node) switch
        {
            Dataset.Kind => ("dataset", MembersOf(Dataset.Decode(node, store.ReadNode))),
            Dataset.PageKind => ("page of a dataset", []),
            ColumnManifest.Kind => ("column manifest", MembersOf(ColumnManifest.Decode(node))),
            _ => ("dag-cbor", []),
        };
    }

    private static List<(string Name, string Value)> MembersOf(Dataset dataset) =>
    [
        ("schema", dataset.Schema.ToString()),
        ("rows", Text(dataset.Rows)),
        ("data", $"{Text(dataset.ByteLength)} bytes"),
        ("batches", Text(dataset.Batches.Length)),
        .. dataset.Parents.Select(parent => ("made of", parent.ToString())),
        .. dataset.Meta.Select(pair => ("metadata", $"{pair.Key} = {pair.Value}")),
    ];

    private static List<(string Name, string Value)> MembersOf(ColumnManifest manifest) =>
    [
        ("of", manifest.Cid.ToString()),
        ("schema", manifest.Schema.ToString()),
        ("rows", Text(manifest.Rows)),
        ("data", $"{Text(manifest.ByteLength)} bytes"),
        .. manifest.Columns.Select(column => ("column",
            string.Create(CultureInfo.InvariantCulture,
                $"{column.Name}: {column.ByteLength} bytes in {column.Pieces.Length} pieces"))),
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
