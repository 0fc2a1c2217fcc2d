using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>links</c>: what blocks are related to; also <c>info --links</c>.</summary>
internal static class LinksVerb
{
    public static Command Make()
    {
        Argument<string?> cid = Verb.Optional("CID",
            "A block, of which schema, parents, children and names are shown. Default: links are listed.");
        Option<string?> subject = Text("--subject", "CID", "Only links of this block, by CID or name.");
        Option<string?> predicate = Text("--predicate", "P", "Only links of this kind: " +
            $"{string.Join(", ", LinkQuery.Predicates)}, or tag.KEY.");
        Option<string?> target = Text("--object", "VALUE",
            "Only links to this block, by CID or @NAME, or to this text.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("links",
            "List links of blocks: what each was made of, is named, tagged and so on. The output is SUBJECT  " +
            "PREDICATE  OBJECT. Every combination of --subject, --predicate and --object is a query. Of a CID alone, " +
            "it is the same as 'info --links'.",
            "arrowcid links CID",
            "arrowcid links --predicate parent --object @raw",
            "arrowcid links --subject @prices --json",
            "arrowcid links --predicate tag.day --object 2026-11-20")
        {
            cid, subject, predicate, target, store, json,
        };
        verb.Validators.Add(result =>
        {
            bool isQuery = result.GetValue(subject) is not null || result.GetValue(predicate) is not null
                || result.GetValue(target) is not null;
            if (isQuery && result.GetValue(cid) is not null) result.AddError("Give CID or a query, not both.");
            if (result.GetValue(predicate) is { } kind && !LinkQuery.IsPredicate(kind))
                result.AddError($"--predicate takes {string.Join(", ", LinkQuery.Predicates)} or tag.KEY.");
        });
        verb.SetAction(parsed => parsed.GetValue(cid) is { } text
            ? Run(parsed.GetValue(store), text, parsed.GetValue(json))
            : List(parsed.GetValue(store), parsed.GetValue(subject), parsed.GetValue(predicate),
                parsed.GetValue(target), parsed.GetValue(json)));
        return verb;
    }

    /// <summary>Prints the links of a block.</summary>
    public static int Run(string? directory, string text, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        Cid cid = BlockReference.Resolve(store, text);
        if (store.Metadata.Get(cid) is null) throw CommandError.NoBlock(cid.ToString(), store);
        BlockLinks links = store.Metadata.GetLinks(cid);
        using var output = Output.Open();
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("cid", links.Cid.ToString());
                writer.WriteString("schemaCid", links.Schema?.ToString());
                EntryJson.WriteTexts(writer, "parents", links.Parents.Select(each => each.ToString()));
                EntryJson.WriteTexts(writer, "children", links.Children.Select(each => each.ToString()));
                EntryJson.WriteTexts(writer, "names", links.Names);
            });
            return 0;
        }

        if (links.Schema is { } schema) output.Line($"schema  {schema}");
        foreach (Cid parent in links.Parents) output.Line($"parent  {parent}");
        foreach (Cid child in links.Children) output.Line($"child   {child}");
        foreach (string name in links.Names) output.Line($"name    {CommandError.Visible(name)}");
        return 0;
    }

    private static int List(string? directory, string? subject, string? predicate, string? target, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        Cid? of = subject is null ? null : BlockReference.Resolve(store, subject);
        string? to = target is ['@', ..] ? BlockReference.Resolve(store, target).ToString() : target;
        using var output = Output.Open();
        foreach ((Cid from, string kind, string value) in new LinkQuery(store).Find(of, predicate, to))
        {
            if (!json)
            {
                output.Line($"{from}  {CommandError.Visible(kind)}  {CommandError.Visible(value)}");
                continue;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("subject", from.ToString());
                writer.WriteString("predicate", kind);
                writer.WriteString("object", value);
            });
        }

        return 0;
    }

    private static Option<string?> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}
