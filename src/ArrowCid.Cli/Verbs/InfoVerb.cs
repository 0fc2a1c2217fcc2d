using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>info</c>: what is known of one batch.</summary>
internal static class InfoVerb
{
    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("info",
            "Shows what is known of a batch: addresses, sizes, where its bytes lie, names, tags and other facts, and " +
            "its schema.",
            "arrowcid info CID",
            "arrowcid info --json CID")
        {
            cid, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(cid)!, parsed.GetValue(store), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string cid, string? directory, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        using BatchLease lease = StoreReading.Get(store, cid);
        StoredBlock block = store.TryFind(lease.Cid) ?? throw Failure.NoBlock(cid, store);
        StoredEntry? entry = store.Describe(lease.Cid);
        using var output = Output.Open();
        if (json) PrintJson(output, lease, block, entry);
        else Print(output, lease, block, entry);
        return 0;
    }

    private static void Print(Output output, BatchLease lease, StoredBlock block, StoredEntry? entry)
    {
        Line("cid", block.Cid.ToString());
        Line("schema", block.SchemaCid.ToString());
        Line("rows", block.Rows.ToString(CultureInfo.InvariantCulture));
        Line("bytes", block.ByteLength.ToString(CultureInfo.InvariantCulture));
        Line("time", ListVerb.Time(block.Time));
        Line("location", lease.Location);
        if (entry is not null) PrintFacts(entry, Line);
        foreach (Field field in lease.Batch.Schema.Fields) Line("field", field.ToString());
        foreach ((string key, string value) in lease.Batch.Schema.Metadata) Line("metadata", $"{key} = {value}");

        void Line(string name, string value) => output.Line($"{name,-10}{Failure.Visible(value)}");
    }

    private static void PrintFacts(StoredEntry entry, Action<string, string> line)
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
        foreach (Field field in lease.Batch.Schema.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("name", field.Name);
            writer.WriteString("type", field.Type.ToString());
            writer.WriteBoolean("nullable", field.IsNullable);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
