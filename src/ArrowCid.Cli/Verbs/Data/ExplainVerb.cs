using System.CommandLine;
using System.Globalization;
using ArrowCid.Cli.Inputs;
using ArrowCid.Ipc;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>explain</c>: why two streams differ though they read the same, or where they do not read the
/// same.</summary>
internal static class ExplainVerb
{
    public static Command Make()
    {
        Argument<string> a = Verb.File("A", "An Arrow IPC stream or file; - is standard input.");
        Argument<string> b = Verb.File("B", "The other one.");
        Option<bool> json = Verb.Json();
        var verb = new Verb("explain",
            "Explain why two Arrow streams differ. The output names the rules by which two encodings of the same " +
            "values differ, or the first value that differs. Only Arrow is read; 'diff' also compares Parquet, CSV " +
            "and JSON lines. Exit code 0 if the streams could be compared.",
            "arrowcid explain mine.arrows theirs.arrows")
        {
            a, b, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(a)!, parsed.GetValue(b)!, parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string a, string b, bool json)
    {
        if (a == "-" && b == "-")
            throw new ArrowCidException(ErrorCode.InvalidArgument, "only one of the two can be standard input");
        byte[] bytesOfA = [], bytesOfB = [];
        int exit = Input.ForEach([a], file => bytesOfA = ReadArrow(file));
        if (exit == 0) exit = Input.ForEach([b], file => bytesOfB = ReadArrow(file));
        if (exit != 0) return exit;
        Explanation explanation;
        try
        {
            explanation = CanonicalBlock.Explain(bytesOfA, bytesOfB);
        }
        catch (InvalidArrowException e)
        {
            string culprit = IsReadable(bytesOfA) ? b : a;
            return CommandError.Report(e, culprit);
        }

        using var output = Output.Open();
        if (json)
        {
            foreach (Difference difference in explanation.Differences) PrintJson(output, explanation, difference);
            if (explanation.Differences.Count == 0)
                output.JsonLine(writer => writer.WriteBoolean("sameBatches", explanation.SameBatches));
            return 0;
        }

        output.Line((explanation.SameBatches, explanation.Differences.Count) switch
        {
            (true, 0) => "same batches, same bytes",
            (true, _) => "same batches, same CIDs; the streams differ in:",
            _ => "the batches differ:",
        });
        foreach (Difference difference in explanation.Differences) output.Line("  " + Text(difference));
        return 0;
    }

    private static byte[] ReadArrow(string file)
    {
        byte[] bytes = Input.ReadAll(file);
        ReadOnlySpan<byte> start = bytes.AsSpan(0, Math.Min(bytes.Length, FileKind.LookBytes));
        return FileKind.Refusal(start, Takes.None) is { } refused ? throw refused : bytes;
    }

    /// <summary>Whether a stream has nothing that its comparison stops at.</summary>
    private static bool IsReadable(byte[] bytes)
    {
        try
        {
            using var reader = ArrowReader.Open(bytes);
            while (reader.ReadView() is { } batch) _ = CanonicalBlock.Address(batch);
            return true;
        }
        catch (InvalidArrowException)
        {
            return false;
        }
    }

    private static string Text(Difference difference)
    {
        string place = difference.Batch < 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"batch {difference.Batch}");
        if (difference.FieldPath.Length > 0) place += $"{(place.Length > 0 ? ", " : "")}field '{difference.FieldPath}'";
        if (difference.Row >= 0) place += string.Create(CultureInfo.InvariantCulture, $", row {difference.Row}");
        string text = place.Length > 0 ? $"{place}: {difference.Rule}" : difference.Rule;
        bool hasBoth = difference.InA.Length > 0 || difference.InB.Length > 0;
        return CommandError.Visible(hasBoth ? $"{text} (A: {difference.InA}; B: {difference.InB})" : text);
    }

    private static void PrintJson(Output output, Explanation explanation, Difference difference) =>
        output.JsonLine(writer =>
    {
        writer.WriteBoolean("sameBatches", explanation.SameBatches);
        writer.WriteNumber("batch", difference.Batch);
        writer.WriteString("rule", difference.Rule);
        writer.WriteString("field", difference.FieldPath);
        writer.WriteNumber("row", difference.Row);
        writer.WriteString("inA", difference.InA);
        writer.WriteString("inB", difference.InB);
    });
}
