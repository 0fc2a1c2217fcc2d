using System.CommandLine;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>why</c>: the reasons why a block is kept; also <c>info --why</c>.</summary>
internal static class WhyVerb
{
    public static Command Make() => Verb.OfBlock("why",
            "Show why a block is kept, one reason per line. The same as 'info --why'. The output is empty if 'rm' " +
            "would delete the block.",
        Run,
        "arrowcid info CID --why",
        "arrowcid info @latest --why --json");

    /// <summary>Prints the reasons why a block is kept.</summary>
    public static int Run(string? directory, string text, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        Cid cid = BlockReference.Resolve(store, text);
        _ = BlockReference.Known(store, cid);
        IReadOnlyList<KeepReason> reasons = store.Retention.GetReasons(cid);
        using var output = Output.Open();
        foreach (KeepReason reason in reasons)
        {
            if (json) output.JsonLine(writer => Write(writer, reason));
            else output.Line(CommandError.Visible(Advice.Of(reason)));
        }

        output.Writer.Flush();
        if (reasons.Count == 0) Console.Error.WriteLine($"nothing keeps {cid}; 'arrowcid rm' would delete it");
        return 0;
    }

    /// <summary>Writes the members of a reason.</summary>
    public static void Write(Utf8JsonWriter writer, KeepReason reason)
    {
        writer.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(reason.Kind.ToString()));
        writer.WriteString("name", reason.Name);
        writer.WriteString("by", reason.By?.ToString());
    }
}
