using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>info</c>: all about one block.</summary>
internal static class InfoVerb
{
    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var links = new Option<bool>("--links")
        {
            Description = "Only the schema, parents, children and names of the block.",
        };
        var why = new Option<bool>("--why")
        {
            Description = "Only the reasons why the block is kept, one per line; none if 'rm' would delete it.",
        };
        var verb = new Verb("info",
            "Show all about a block: addresses, sizes, location, metadata. It also shows the schema of a batch or " +
            "the members of a dataset, the parents and children of the block, and the reasons why it is kept.",
            "arrowcid info CID",
            "arrowcid info @prices",
            "arrowcid info --json CID",
            "arrowcid info @prices --why")
        {
            cid, links, why, store, json,
        };
        verb.SetAction(parsed =>
        {
            (string? directory, string text, bool isJson) =
                (parsed.GetValue(store), parsed.GetValue(cid)!, parsed.GetValue(json));
            bool onlyLinks = parsed.GetValue(links), onlyWhy = parsed.GetValue(why);
            if (onlyLinks) _ = LinksVerb.Run(directory, text, isJson);
            if (onlyWhy) _ = WhyVerb.Run(directory, text, isJson);
            return onlyLinks || onlyWhy ? 0 : Run(directory, text, isJson);
        });
        return verb;
    }

    private static int Run(string? directory, string cid, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        Cid meant = BlockReference.Resolve(store, cid);
        StoredEntry? entry = store.Metadata.Get(meant);
        using var output = Output.Open();
        if (entry is { IsPresent: false, Copies.Count: > 0 })
        {
            if (!json)
            {
                PrintElsewhere(entry, Line);
                PrintManifest(store, meant, Line);
                return 0;
            }

            output.JsonLine(writer =>
            {
                EntryJson.Write(writer, entry);
                WriteManifest(writer, store, meant);
            });
            return 0;
        }

        StoredBlock block = store.Metadata.TryFind(meant) ?? throw CommandError.NoBlock(cid, store);
        if (entry is { IsPresent: true, Kind: not BlockKind.Batch })
        {
            if (!json)
            {
                InfoOther.Print(store, block, entry, Line);
                PrintRelations(store, meant, Line);
                return 0;
            }

            output.JsonLine(writer =>
            {
                InfoOther.Write(writer, store, block, entry);
                WriteRelations(writer, store, meant);
            });
            return 0;
        }

        using BatchLease lease = StoreReading.Get(store, cid);
        if (!json)
        {
            Print(lease, block, entry, Line);
            PrintRelations(store, meant, Line);
            return 0;
        }

        output.JsonLine(writer =>
        {
            WriteMembers(writer, lease, block, entry);
            WriteRelations(writer, store, meant);
        });
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
        PrintFields(lease.View, line);
        foreach ((string key, string value) in lease.View.Schema.Metadata) line("metadata", $"{key} = {value}");
    }

    /// <summary>Prints the fields; for a person, numeric ones with their distribution.</summary>
    private static void PrintFields(RecordBatch batch, Action<string, string> line)
    {
        for (int i = 0; i < batch.Schema.Fields.Count; i++)
        {
            string field = batch.Schema.Fields[i].ToString();
            string? values = Output.IsTerminal ? Sparkline.Draw(batch.Columns[i]) : null;
            line("field", values is null ? field : $"{field,-32}  {values}");
        }
    }

    /// <summary>Prints what is known of a block that only other places have.</summary>
    private static void PrintElsewhere(StoredEntry entry, Action<string, string> line)
    {
        line("cid", entry.Cid.ToString());
        line("kind", EntryJson.KindOf(entry));
        if (entry.SchemaCid is { } schema) line("schema", schema.ToString());
        line("rows", entry.Rows.ToString(CultureInfo.InvariantCulture));
        line("bytes", entry.ByteLength.ToString(CultureInfo.InvariantCulture));
        line("location", "not in this store");
        PrintFacts(entry, line);
    }

    /// <summary>Prints the metadata of a block, one line per value.</summary>
    public static void PrintFacts(StoredEntry entry, Action<string, string> line)
    {
        foreach (string name in entry.Names) line("name", name);
        if (entry.IsPinned) line("pinned", entry.IsHeld ? "by a running process" : "yes");
        if (entry.Producer is { } producer) line("producer", producer);
        foreach (Cid parent in entry.Parents) line("parent", parent.ToString());
        if (entry.Expires is { } end) line("expires", ListVerb.Time(end));
        foreach ((string key, string value) in entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            line("tag", $"{key} = {value}");
        foreach (BlockCopy copy in entry.Copies) line("copy", $"{copy.Place}, since {ListVerb.Time(copy.Time)}");
        foreach (string signer in entry.Signers) line("signer", signer);
        foreach (string place in entry.Locations) line("elsewhere", place);
        if (entry.Json is { } json) line("json", json);
    }

    /// <summary>Prints the CID by which columns are read where the block was copied to.</summary>
    private static void PrintManifest(CidStore store, Cid cid, Action<string, string> line)
    {
        if (store.Places.FindManifest(cid) is { } manifest) line("columns", manifest.ToString());
    }

    private static void WriteManifest(Utf8JsonWriter writer, CidStore store, Cid cid)
    {
        if (store.Places.FindManifest(cid) is { } manifest) writer.WriteString("columnsCid", manifest.ToString());
    }

    private static void PrintRelations(CidStore store, Cid cid, Action<string, string> line)
    {
        PrintManifest(store, cid, line);
        foreach (Cid child in store.Metadata.GetLinks(cid).Children) line("child", child.ToString());
        IReadOnlyList<KeepReason> reasons = store.Retention.GetReasons(cid);
        foreach (KeepReason reason in reasons) line("kept", Advice.Of(reason));
        if (reasons.Count == 0) line("kept", "by nothing; 'arrowcid rm' would delete it");
    }

    private static void WriteRelations(Utf8JsonWriter writer, CidStore store, Cid cid)
    {
        WriteManifest(writer, store, cid);
        EntryJson.WriteTexts(writer, "children",
            store.Metadata.GetLinks(cid).Children.Select(child => child.ToString()));
        writer.WriteStartArray("keptBy");
        foreach (KeepReason reason in store.Retention.GetReasons(cid))
        {
            writer.WriteStartObject();
            WhyVerb.Write(writer, reason);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

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
