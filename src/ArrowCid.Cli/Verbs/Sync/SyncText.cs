using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>The report of a sync as lines or JSON, and its exit code.</summary>
internal static class SyncText
{
    private const int MostNames = 5;

    /// <summary>Prints a report.</summary>
    /// <returns>The exit code.</returns>
    public static int Print(SyncReport report, bool json)
    {
        using var output = Output.Open();
        if (json) PrintJson(output, report);
        else PrintLines(output, report);
        return ExitOf(report);
    }

    private static int ExitOf(SyncReport report)
    {
        if (report.IsDryRun) return 0;
        if (report.Items.Any(item => item.Outcome == SyncOutcome.WrongBytes))
            return ErrorTable.ExitCode(ErrorCode.BlockCorrupt);
        if (report.StatementsBroken > 0) return ErrorTable.ExitCode(ErrorCode.InvalidData);
        if (report.Conflicts.Count > 0) return ErrorTable.ExitCode(ErrorCode.NameConflict);
        return report.IsInStep ? 0 : ErrorTable.ExitCode(ErrorCode.BlockNotFound);
    }

    private static void PrintLines(Output output, SyncReport report)
    {
        string state = report.IsDryRun ? "would be" : report.IsInStep ? "in step" : "not in step";
        string counts = report.BlocksHere + report.BlocksThere == 0
            ? "only what came since the last sync was compared"
            : string.Create(CultureInfo.InvariantCulture,
                $"{report.BlocksThere} blocks there, {report.BlocksHere} here");
        output.Line($"{state,-11} {CommandError.Visible(report.Peer)}  {counts}");
        string removed = report.RemovedBlocks == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $", {report.RemovedBlocks} removed on one side (not brought back)");
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"found       by {EnumText.Of(report.Way)}{removed}, {SizeText.Of(report.SearchBytes)}, ") +
            string.Create(CultureInfo.InvariantCulture, $"{report.RoundTrips} round trips"));
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"blocks      {report.BlocksPulled} in, {report.BlocksPushed} out, ") +
            $"{SizeText.Of(report.BytesPulled + report.BytesPushed)}");
        string refused = report.FactsRefused == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $", {report.FactsRefused} refused there");
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"facts       {report.FactsPulled} in, {report.FactsPushed} out{refused}"));
        if (report.StatementsHolding + report.StatementsBroken > 0)
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"statements  {report.StatementsHolding} hold, {report.StatementsBroken} do not"));
        }

        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"names       {report.NamesPulled.Count} in, {report.NamesPushed.Count} out") +
            Names(", {0} in conflict", [.. report.Conflicts.Select(conflict => conflict.Name)]) +
            Names(", {0} without their block", report.NamesWaiting));
        foreach (SyncNameConflict conflict in report.Conflicts)
        {
            output.Line($"conflict    {CommandError.Visible(conflict.Name)}  here {TextOf(conflict.Here)}  " +
                $"there {TextOf(conflict.There)}");
        }

        foreach (SyncItem item in report.Items)
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{Word(item.Outcome),-11} {item.Cid}  {item.ByteLength}"));
    }

    private static string Names(string form, IReadOnlyList<string> names)
    {
        if (names.Count == 0) return "";
        string more = names.Count > MostNames ? ", …" : "";
        return string.Format(CultureInfo.InvariantCulture, form, names.Count) +
            $" ({string.Join(", ", names.Take(MostNames).Select(CommandError.Visible))}{more})";
    }

    private static void PrintJson(Output output, SyncReport report)
    {
        foreach (SyncItem item in report.Items) output.JsonLine(writer => SyncReportJson.Write(writer, item));
        foreach (SyncNameConflict conflict in report.Conflicts)
            output.JsonLine(writer => SyncReportJson.Write(writer, conflict));
        output.JsonLine(writer => SyncReportJson.Write(writer, report));
    }

    private static string TextOf(Cid? cid) => cid?.ToString() ?? "removed";

    private static string Word(SyncOutcome outcome) => outcome switch
    {
        SyncOutcome.Pull => "in",
        SyncOutcome.Push => "out",
        SyncOutcome.RemovedHere => "removed",
        SyncOutcome.RemovedThere => "gone there",
        SyncOutcome.OverLimit => "too large",
        SyncOutcome.Missing => "missing",
        SyncOutcome.WrongBytes => "wrong bytes",
        SyncOutcome.Refused => "refused",
        SyncOutcome.Untrusted => "untrusted",
        _ => "deleted",
    };
}
