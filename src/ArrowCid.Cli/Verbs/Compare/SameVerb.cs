using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>same</c>: whether two tables have the same values.</summary>
internal static class SameVerb
{
    /// <summary>The exit code where the values differ.</summary>
    public const int ExitWhereDifferent = 8;

    public static Command Make()
    {
        Argument<string> a = Verb.File("A", "A file, or a batch or dataset by CID or name; - is standard input.");
        Argument<string> b = Verb.File("B", "The other one.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        var verb = new Verb("same",
            "Check whether two files, batches or datasets have the same values. The output is 'identical' (the same " +
            "batches, by CID), 'same data' and how the encoding differs, or 'different' and the first row, from 0, " +
            "and column. Encodings of one value, the cut into batches, metadata, every NaN and the sign of zero do " +
            "not matter (src/ArrowCid/Ipc/Fingerprints/lfp1.md). Exit code 0, 0 or 8.",
            "arrowcid same monday.parquet @prices",
            "arrowcid same CID trips.arrow --json")
        {
            a, b, store, json, drop,
        };
        var text = new RowOptions();
        text.AddTo(verb);
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(a) == "-" && parsed.GetValue(b) == "-")
                throw new ArrowCidException(ErrorCode.InvalidArgument, "only one of the two can be standard input");
            using var sides = new DiffSides(parsed.GetValue(store), parsed.GetValue(drop), text.Read(parsed));
            DataComparison found =
                DataComparison.Between(sides.Of(parsed.GetValue(a)!), sides.Of(parsed.GetValue(b)!));
            using var output = Output.Open();
            if (parsed.GetValue(json)) PrintJson(output, found);
            else output.Line(CommandError.Visible(Text(found)));
            return found.Difference is null ? 0 : ExitWhereDifferent;
        });
        return verb;
    }

    private static string Text(DataComparison found)
    {
        if (found.IsIdentical) return "identical";
        if (found.Difference is not { } first)
            return $"same data, other encoding ({string.Join("; ", found.Encodings)})";
        string values = $"{first.InA} / {first.InB}";
        if (first.Row < 0) return $"different, column {first.Column}: {first.Rule} is {values}";
        string column = first.Column is { } name ? $", column {name}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"different, first at row {first.Row}{column}: {values}");
    }

    private static void PrintJson(Output output, DataComparison found) => output.JsonLine(writer =>
    {
        writer.WriteString("result", found.IsIdentical ? "identical" : found.Difference is null ? "same" : "different");
        EntryJson.WriteTexts(writer, "encodings", found.Encodings);
        if (found.Difference is not { } first)
        {
            writer.WriteNumber("rows", found.Rows);
            return;
        }

        if (first.Row >= 0) writer.WriteNumber("row", first.Row);
        if (first.Column is { } column) writer.WriteString("column", column);
        writer.WriteString("rule", first.Rule);
        writer.WriteString("a", first.InA);
        writer.WriteString("b", first.InB);
    });
}
