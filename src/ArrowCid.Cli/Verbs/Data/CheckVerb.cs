using System.CommandLine;
using System.Globalization;
using ArrowCid.Cli.Inputs;
using ArrowCid.Ipc;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>check</c>: is a file, byte for byte, a canonical block?</summary>
internal static class CheckVerb
{
    public static Command Make()
    {
        Argument<string[]> files = Verb.Inputs("Arrow IPC streams or files");
        Option<bool> json = Verb.Json();
        var verb = new Verb("check",
            "Check that files are canonical blocks, byte for byte. For a file that is not, the output names the " +
            "offset and the rule. Exit code 0 if all files are canonical, else 4.",
            "arrowcid check block.arrows",
            "arrowcid get CID | arrowcid check -")
        {
            files, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(files)!, parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string[] files, bool json)
    {
        using var output = Output.Open();
        bool isAnyOther = false;
        int exit = Input.ForEach(files, file =>
        {
            Verdict verdict = Judge(Input.ReadAll(file));
            isAnyOther |= !verdict.IsCanonical;
            if (json) PrintJson(output, file, verdict);
            else Print(output, file, verdict);
        });
        if (exit != 0) return exit;
        return isAnyOther ? ErrorTable.ExitCode(ErrorCode.NotCanonical) : 0;
    }

    /// <summary>Bytes that cannot be read at all are no canonical block either: the rule that stopped the reader is
    /// named.</summary>
    private static Verdict Judge(byte[] bytes)
    {
        if (FileKind.Refusal(bytes.AsSpan(0, Math.Min(bytes.Length, FileKind.LookBytes)), Takes.None) is { } refused)
            return new Verdict(false, null, "", "", "", -1, refused.Message, []);
        try
        {
            CheckResult result = CanonicalBlock.Check(bytes);
            return new Verdict(result.IsCanonical, result.Address, result.Message, result.FieldPath,
                result.Buffer, result.Offset,
                result.Rule, result.Violations);
        }
        catch (InvalidArrowException e)
        {
            return new Verdict(false, null, "", e.FieldPath, "", e.Offset,
                e.Row < 0 ? e.Rule : string.Create(CultureInfo.InvariantCulture, $"{e.Rule} (row {e.Row})"), []);
        }
    }

    private static void Print(Output output, string file, Verdict verdict)
    {
        file = CommandError.Visible(file);
        if (verdict is { IsCanonical: true, Address: { } address })
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{file}: canonical  {address.Cid}  {address.Rows}  {address.ByteLength}"));
            return;
        }

        output.Line($"{file}: not canonical");
        Detail("message", verdict.Message);
        Detail("field", verdict.FieldPath);
        Detail("buffer", verdict.Buffer);
        if (verdict.Offset >= 0) Detail("offset", verdict.Offset.ToString(CultureInfo.InvariantCulture));
        Detail("rule", verdict.Rule);
        foreach (Difference departure in verdict.Violations)
        {
            string field = departure.FieldPath.Length > 0 ? $"field '{departure.FieldPath}': " : "";
            Detail("departs", $"{field}{departure.Rule} (here: {departure.InA})");
        }

        if (verdict.Address is { } canonical) Detail("would be", canonical.Cid.ToString());

        void Detail(string name, string value)
        {
            if (value.Length > 0) output.Line($"  {name + ":",-10}{CommandError.Visible(value)}");
        }
    }

    private static void PrintJson(Output output, string file, Verdict verdict) => output.JsonLine(writer =>
    {
        writer.WriteString("file", file);
        writer.WriteBoolean("isCanonical", verdict.IsCanonical);
        if (verdict.Address is { } address) HashVerb.WriteAddress(writer, address);
        if (verdict.IsCanonical) return;
        writer.WriteString("message", verdict.Message);
        writer.WriteString("field", verdict.FieldPath);
        writer.WriteString("buffer", verdict.Buffer);
        writer.WriteNumber("offset", verdict.Offset);
        writer.WriteString("rule", verdict.Rule);
        writer.WriteStartArray("departures");
        foreach (Difference departure in verdict.Violations)
        {
            writer.WriteStartObject();
            writer.WriteString("rule", departure.Rule);
            writer.WriteString("field", departure.FieldPath);
            writer.WriteString("here", departure.InA);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private sealed record Verdict(bool IsCanonical, BlockAddress? Address, string Message, string FieldPath,
        string Buffer,
        long Offset, string Rule, IReadOnlyList<Difference> Violations);
}
