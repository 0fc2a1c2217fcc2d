using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>maintain compact</c>: frees space.</summary>
internal static class CompactVerb
{
    private const int DefaultPercent = 50;

    public static Command Make()
    {
        Option<int?> mostAlive = Verb.Number("--most-alive", 0,
            "The largest percentage of a segment that may be alive for the segment to be moved.", DefaultPercent);
        mostAlive.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() > 100) result.AddError("--most-alive takes 0 to 100.");
        });
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("compact",
            "Free the space of deleted blocks and replaced metadata. The output is SEGMENT  KIND  BYTES  ALIVE and " +
            "the outcome. Readers and writers continue; a segment stays as long as a process reads it. A process " +
            "that has the store open does this a minute after a deletion if hardly anything in a segment is alive.",
            "arrowcid maintain compact --dry-run",
            "arrowcid maintain compact --most-alive 90 --json")
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
        CompactResult result = store.Maintenance.Compact(percent / 100.0, isDryRun);
        using var output = Output.Open();
        foreach (CompactedSegment segment in result.Segments)
        {
            string outcome = JsonNamingPolicy.CamelCase.ConvertName(segment.Outcome.ToString());
            if (!json)
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{segment.Name}  {EnumText.Of(segment.Kind)}  {segment.ByteLength}  {segment.BytesAlive}  ") +
                    Words(segment, isDryRun));
                continue;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("segment", segment.Name);
                writer.WriteString("kind", EnumText.Of(segment.Kind));
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
        CompactOutcome.Held => "stays: a process reads it",
        CompactOutcome.Damaged => "stays: something in it cannot be read; run 'arrowcid log check'",
        CompactOutcome.NoRoom => "stays: there is no space for its live blocks",
        _ => "stays: too much of it is alive",
    };
}
