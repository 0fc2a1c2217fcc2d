using System.Globalization;
using ArrowCid.Cli.Verbs;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Inspect;

/// <summary><c>log check --sealed</c>.</summary>
internal static class LogSealed
{
    private const int ExitOfNone = 3;

    public static int Run(string? directory, string[] signers, bool json)
    {
        string[]? keys = signers.Length == 0 ? null : Array.ConvertAll(signers, key => KeyVerb.PublicOf(key).Text);
        using CidStore store = StoreReading.Open(directory);
        SealCheck check = store.Signatures.Seals.Check(keys);
        using var output = Output.Open();
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteNumber("seals", check.Seals);
                writer.WriteString("last", check.Last is { } last ? ListVerb.Time(last) : null);
                EntryJson.WriteTexts(writer, "signers", check.Signers);
                EntryJson.WriteTexts(writer, "faults", check.Faults);
            });
        }
        else
        {
            foreach (string fault in check.Faults) output.Line(CommandError.Visible(fault));
            string last = check.Last is { } time ? $", the last of {ListVerb.Time(time)}" : "";
            string faults = check.Faults.Count == 0 ? "history is what was sealed" : $"{check.Faults.Count} faults";
            output.Line(check.Seals == 0 && check.Faults.Count == 0 ? "there is no seal"
                : string.Create(CultureInfo.InvariantCulture, $"{check.Seals} seals{last}: {faults}"));
        }

        return check.Faults.Count > 0 ? ErrorTable.ExitCode(ErrorCode.InvalidData)
            : check.Seals == 0 ? ExitOfNone : 0;
    }
}
