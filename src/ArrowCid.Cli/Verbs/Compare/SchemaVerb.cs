using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>schema</c>: the columns of what names point to, and how they changed.</summary>
internal static class SchemaVerb
{
    public static Command Make() => new Verb("schema",
        "Show how the columns of named tables changed.",
        "arrowcid schema history 'prices/*'")
    {
        MakeHistory(),
    };

    private static Verb MakeHistory()
    {
        Argument<string> names = Verb.File("NAMES", "A name, or a pattern: 'prices/*'.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("history",
            "List the changes of the columns of names, oldest first. The output is TIME  NAME  CID, and for each " +
            "column that changed a line: + added, - removed, or ~ changed. Versions that are not stored any more " +
            "are passed over.",
            "arrowcid schema history 'prices/*'",
            "arrowcid schema history prices --json")
        {
            names, store, json,
        };
        verb.SetAction(parsed => History(parsed.GetValue(store), parsed.GetValue(names)!, parsed.GetValue(json)));
        return verb;
    }

    private static int History(string? directory, string pattern, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        var glob = new FilterGlob(pattern);
        string[] names = [.. store.Names.List().Select(each => each.Name).Where(name => glob.IsMatch(name))];
        if (names.Length == 0) throw BlockReference.NoName(pattern, store);
        using var output = Output.Open();
        foreach (string name in names)
        {
            Schema? last = null;
            foreach (NameChange change in store.Names.GetHistory(name))
            {
                if (change.Cid is not { } cid || SchemaOf(store, cid) is not { } schema) continue;
                string[] changes = [.. Changes(last, schema)];
                if (last is null || changes.Length > 0) Print(output, change, changes, json);
                last = schema;
            }
        }

        return 0;
    }

    private static Schema? SchemaOf(CidStore store, Cid cid)
    {
        Cid batch = store.Datasets.TryGet(cid) is [var first, ..] ? first : cid;
        if (store.Metadata.Get(batch) is not { IsPresent: true, Kind: BlockKind.Batch }) return null;
        using BatchLease? lease = store.TryGet(batch);
        return lease is null ? null : DiffRows.Own(lease.View.Slice(0, 0)).Schema;
    }

    private static IEnumerable<string> Changes(Schema? before, Schema after)
    {
        foreach (Field field in after.Fields)
        {
            int at = before?.IndexOf(field.Name) ?? -1;
            if (at < 0) yield return $"+ {field}";
            else if (!before!.Fields[at].Type.Equals(field.Type) || before.Fields[at].IsNullable != field.IsNullable)
                yield return $"~ {field} (was {before.Fields[at]})";
        }

        foreach (Field field in before?.Fields ?? [])
        {
            if (after.IndexOf(field.Name) < 0) yield return $"- {field}";
        }

        if (before is null || before.Fields.Count != after.Fields.Count) yield break;
        if (before.Fields.Select(field => field.Name).SequenceEqual(after.Fields.Select(field => field.Name)))
            yield break;
        if (before.Fields.All(field => after.IndexOf(field.Name) >= 0)) yield return "~ the order of the columns";
    }

    private static void Print(Output output, NameChange change, string[] changes, bool json)
    {
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("name", change.Name);
                writer.WriteString("cid", change.Cid!.Value.ToString());
                writer.WriteString("time", ListVerb.Time(change.Time));
                EntryJson.WriteTexts(writer, "changes", changes);
            });
            return;
        }

        output.Line($"{ListVerb.Time(change.Time)}  {CommandError.Visible(change.Name)}  {change.Cid}");
        foreach (string each in changes) output.Line($"  {CommandError.Visible(each)}");
    }
}
