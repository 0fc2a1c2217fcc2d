using System.CommandLine;
using System.Globalization;
using ArrowCid.Columnar;

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
            "Shows what is known of a batch: addresses, sizes, where its bytes lie, and its schema.",
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
        using var output = Output.Open();
        if (json) PrintJson(output, lease, block);
        else Print(output, lease, block);
        return 0;
    }

    private static void Print(Output output, BatchLease lease, StoredBlock block)
    {
        Line("cid", block.Cid.ToString());
        Line("schema", block.SchemaCid.ToString());
        Line("rows", block.Rows.ToString(CultureInfo.InvariantCulture));
        Line("bytes", block.ByteLength.ToString(CultureInfo.InvariantCulture));
        Line("time", ListVerb.Time(block.Time));
        Line("location", lease.Location);
        foreach (Field field in lease.Batch.Schema.Fields) Line("field", field.ToString());
        foreach ((string key, string value) in lease.Batch.Schema.Metadata) Line("metadata", $"{key} = {value}");

        void Line(string name, string value) => output.Line($"{name,-10}{Failure.Visible(value)}");
    }

    private static void PrintJson(Output output, BatchLease lease, StoredBlock block) => output.JsonLine(writer =>
    {
        ListVerb.WriteBlock(writer, block);
        writer.WriteString("location", lease.Location);
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
    });
}
