using System.CommandLine;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>why</c>: what keeps a block.</summary>
internal static class WhyVerb
{
    public static Command Make() => Verb.OfBlock("why",
        "Shows what keeps a block from being removed, a reason a line; nothing where 'rm' would take it.",
        Run,
        "arrowcid why CID",
        "arrowcid why @latest --json");

    private static int Run(string? directory, string text, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        Cid cid = BlockReference.Resolve(store, text);
        _ = BlockReference.Known(store, cid);
        IReadOnlyList<KeepReason> reasons = store.Why(cid);
        using var output = Output.Open();
        foreach (KeepReason reason in reasons)
        {
            if (!json) output.Line(CommandError.Visible(reason.ToString()));
            else
            {
                output.JsonLine(writer =>
                {
                    writer.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(reason.Kind.ToString()));
                    writer.WriteString("name", reason.Name);
                    writer.WriteString("by", reason.By?.ToString());
                });
            }
        }

        output.Writer.Flush();
        if (reasons.Count == 0) Console.Error.WriteLine($"nothing keeps {cid}; 'arrowcid rm' would take it");
        return 0;
    }
}
