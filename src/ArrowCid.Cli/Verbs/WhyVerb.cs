using System.CommandLine;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>why</c>: what keeps a block.</summary>
internal static class WhyVerb
{
    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("why",
            "Shows what keeps a block from being removed, a reason a line; nothing where 'rm' would take it.",
            "arrowcid why CID",
            "arrowcid why @latest --json")
        {
            cid, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(cid)!, parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, string text, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        Cid cid = Reference.Resolve(store, text);
        _ = Reference.Known(store, cid);
        IReadOnlyList<KeepReason> reasons = store.Why(cid);
        using var output = Output.Open();
        foreach (KeepReason reason in reasons)
        {
            if (!json) output.Line(Failure.Visible(reason.ToString()));
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
