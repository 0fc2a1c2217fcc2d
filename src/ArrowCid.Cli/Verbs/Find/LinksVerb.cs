using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>links</c>: the blocks that a block is related to; also <c>info --links</c>.</summary>
internal static class LinksVerb
{
    public static Command Make() => Verb.OfBlock("links",
            "Show the schema, parents, children and names of a block. The same as 'info --links'.",
        Run,
        "arrowcid info CID --links",
        "arrowcid info @latest --links --json");

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
}
