using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>compact</c>: gives room back.</summary>
internal static class CompactVerb
{
    private const int DefaultPercent = 50;

    public static Command Make()
    {
        Option<int?> mostAlive = Verb.Number("--most-alive", 0,
            "Move what is alive of segments of which so many per cent are, or fewer. Default: 50.", DefaultPercent);
        mostAlive.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() > 100) result.AddError("--most-alive takes 0 to 100.");
        });
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("compact",
            "Gives back the room of removed blocks and superseded facts, beside whoever puts and reads: SEGMENT  " +
            "KIND  BYTES  ALIVE  what came of it. What somebody reads stays until he is done. A process that has the " +
            "store open does this by itself, a minute after a removal, where hardly anything is alive.",
            "arrowcid compact --dry-run",
            "arrowcid compact --most-alive 90 --json")
        {
            mostAlive, dryRun, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(mostAlive) ?? DefaultPercent,
            parsed.GetValue(dryRun), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, int percent, bool isDryRun, bool json)
    {
        using CidStore store = isDryRun ? StoreReading.Open(directory) : StoreWriting.Open(directory);
        CompactResult result = store.Compact(percent / 100.0, isDryRun);
        using var output = Output.Open();
        foreach (CompactedSegment segment in result.Segments)
        {
            string outcome = JsonNamingPolicy.CamelCase.ConvertName(segment.Outcome.ToString());
            if (!json)
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{segment.Name}  {segment.Kind}  {segment.ByteLength}  {segment.BytesAlive}  ") +
                    Words(segment, isDryRun));
                continue;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("segment", segment.Name);
                writer.WriteString("kind", segment.Kind);
                writer.WriteNumber("bytes", segment.ByteLength);
                writer.WriteNumber("bytesAlive", segment.BytesAlive);
                writer.WriteString("outcome", outcome);
                writer.WriteBoolean("isDryRun", isDryRun);
            });
        }

        output.Writer.Flush();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.BytesFreed} bytes {(isDryRun ? "would be " : "")}freed, {result.BytesMoved} moved"));
        return 0;
    }

    private static string Words(CompactedSegment segment, bool isDryRun) => segment.Outcome switch
    {
        CompactOutcome.Freed => isDryRun ? "would be freed" : "freed",
        CompactOutcome.Held => "stays: somebody reads it",
        CompactOutcome.Damaged => "stays: something in it cannot be read; run 'arrowcid log check'",
        CompactOutcome.NoRoom => "stays: there is no room for what is alive of it",
        _ => "stays: too much of it is alive",
    };
}
