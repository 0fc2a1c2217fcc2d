using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>info</c>: what is known of one block.</summary>
internal static class InfoVerb
{
    public static Command Make() => Verb.OfBlock("info",
        "Shows what is known of a block: addresses, sizes, where its bytes lie, names, tags and other facts; of " +
        "a batch its schema, of a dataset what it is made of.",
        Run,
        "arrowcid info CID",
        "arrowcid info @prices",
        "arrowcid info --json CID");

    private static int Run(string? directory, string cid, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        Cid meant = BlockReference.Resolve(store, cid);
        StoredBlock block = store.TryFind(meant) ?? throw CommandError.NoBlock(cid, store);
        StoredEntry? entry = store.Describe(meant);
        using var output = Output.Open();
        if (entry is { IsPresent: true, Kind: not BlockKind.Batch })
        {
            if (json) output.JsonLine(writer => InfoOther.Write(writer, store, block, entry));
            else InfoOther.Print(store, block, entry, Line);
            return 0;
        }

        using BatchLease lease = StoreReading.Get(store, cid);
        if (json) PrintJson(output, lease, block, entry);
        else Print(lease, block, entry, Line);
        return 0;

        void Line(string name, string value) => output.Line($"{name,-10}{CommandError.Visible(value)}");
    }

    private static void Print(BatchLease lease, StoredBlock block, StoredEntry? entry, Action<string, string> line)
    {
        line("cid", block.Cid.ToString());
        line("schema", block.SchemaCid.ToString());
        line("rows", block.Rows.ToString(CultureInfo.InvariantCulture));
        line("bytes", block.ByteLength.ToString(CultureInfo.InvariantCulture));
        line("time", ListVerb.Time(block.Time));
        line("location", lease.Location);
        if (entry is not null) PrintFacts(entry, line);
        foreach (Field field in lease.View.Schema.Fields) line("field", field.ToString());
        foreach ((string key, string value) in lease.View.Schema.Metadata) line("metadata", $"{key} = {value}");
    }

    /// <summary>What facts say of a block, a line each.</summary>
    public static void PrintFacts(StoredEntry entry, Action<string, string> line)
    {
        foreach (string name in entry.Names) line("name", name);
        if (entry.IsPinned) line("pinned", entry.IsHeld ? "by a running process" : "yes");
        if (entry.Producer is { } producer) line("producer", producer);
        foreach (Cid parent in entry.Parents) line("parent", parent.ToString());
        if (entry.Expires is { } end) line("expires", ListVerb.Time(end));
        foreach ((string key, string value) in entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            line("tag", $"{key} = {value}");
        foreach (string place in entry.Locations) line("elsewhere", place);
        if (entry.Json is { } json) line("json", json);
    }

    private static void PrintJson(Output output, BatchLease lease, StoredBlock block, StoredEntry? entry) =>
        output.JsonLine(writer => WriteMembers(writer, lease, block, entry));

    private static void WriteMembers(Utf8JsonWriter writer, BatchLease lease, StoredBlock block, StoredEntry? entry)
    {
        ListVerb.WriteBlock(writer, block);
        writer.WriteString("location", lease.Location);
        if (entry is not null) EntryJson.WriteFacts(writer, entry);
        writer.WriteStartArray("fields");
        foreach (Field field in lease.View.Schema.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("name", field.Name);
            writer.WriteString("type", field.Type.ToString());
            writer.WriteBoolean("nullable", field.IsNullable);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("metadata");
        foreach ((string key, string value) in lease.View.Schema.Metadata)
        {
            writer.WriteStartObject();
            writer.WriteString("key", key);
            writer.WriteString("value", value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
