using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>shm</c>: segments and processes; also <c>stats --processes</c>.</summary>
internal static class ShmVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("shm",
            "Show the segments of a store and the processes that use it. The same as 'stats --processes'. Holders " +
            "that are not visible from here are shown as '?'.",
            "arrowcid stats --processes",
            "arrowcid stats --processes --json | jq 'select(.type == \"process\")'")
        {
            store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(json)));
        return verb;
    }

    /// <summary>Prints the segments of a store and the processes that use it.</summary>
    public static int Run(string? directory, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        IReadOnlyList<StoreSegment> segments = store.Diagnostics.GetSegments();
        // This command itself reads too, and is gone when its output is read.
        StoreParticipant[] processes =
            [.. store.Diagnostics.GetParticipants().Where(process => process.ProcessId != Environment.ProcessId)];
        // Last: it looks into the segments, and would show as their holder.
        StoreSummary figures = store.Diagnostics.GetSummary();
        using var output = Output.Open();
        if (json)
        {
            output.JsonLine(writer => WriteStore(writer, store, figures));
            foreach (StoreSegment segment in segments) output.JsonLine(writer => WriteSegment(writer, segment));
            foreach (StoreParticipant process in processes) output.JsonLine(writer => WriteProcess(writer, process));
            return 0;
        }

        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{CommandError.Visible(store.Directory)}: {Size(figures.BytesTaken)} of {Size(figures.Capacity)} taken, " +
            $"{figures.LanesInUse} of {figures.Lanes} lanes written"));
        foreach (StoreSegment segment in segments) output.Line(Text(segment));
        foreach (StoreParticipant process in processes) output.Line(Text(process));
        return 0;
    }

    private static string Text(StoreSegment segment)
    {
        string holders = string.Join(',',
            segment.HeldBy.Select(id => id.ToString(CultureInfo.InvariantCulture))
                .Concat(segment.HasUnnamedHolder ? ["?"] : []));
        return string.Create(CultureInfo.InvariantCulture,
            $"{segment.Name}  {EnumText.Of(segment.Kind)}  {EnumText.Of(segment.State)}  lane {segment.Lane}  " +
            $"{Size(segment.BytesUsed)} of {Size(segment.ByteLength)} ({Percent(segment)}%)  since " +
            $"{Time(segment.Created)}  held by {(holders.Length == 0 ? "no process" : holders)}");
    }

    private static string Text(StoreParticipant process)
    {
        string lanes = process.Lanes.Count == 0
            ? ""
            : $"  writes lane {string.Join(',', process.Lanes)}";
        return string.Create(CultureInfo.InvariantCulture,
            $"process {process.ProcessId}  {CommandError.Visible(process.Program)}  user {User(process)}  since " +
            $"{Time(process.Since)}  {(process.MayWrite ? "for writing" : "for reading")}{lanes}" +
            $"{(process.IsJanitor ? "  collects" : "")}  maps {process.Segments.Count}");
    }

    private static void WriteStore(Utf8JsonWriter writer, CidStore store, StoreSummary figures)
    {
        writer.WriteString("type", "store");
        writer.WriteString("directory", store.Directory);
        writer.WriteString("id", figures.Id);
        writer.WriteString("created", ListVerb.Time(figures.Created));
        writer.WriteNumber("capacity", figures.Capacity);
        writer.WriteNumber("bytesTaken", figures.BytesTaken);
        writer.WriteNumber("bytesUsed", figures.BytesCommitted);
        writer.WriteNumber("lanes", figures.Lanes);
        writer.WriteNumber("lanesInUse", figures.LanesInUse);
    }

    private static void WriteSegment(Utf8JsonWriter writer, StoreSegment segment)
    {
        writer.WriteString("type", "segment");
        writer.WriteString("name", segment.Name);
        writer.WriteString("kind", EnumText.Of(segment.Kind));
        writer.WriteString("state", EnumText.Of(segment.State));
        writer.WriteNumber("lane", segment.Lane);
        writer.WriteNumber("bytes", segment.ByteLength);
        writer.WriteNumber("bytesUsed", segment.BytesUsed);
        if (segment.Created is { } created) writer.WriteString("created", ListVerb.Time(created));
        writer.WriteStartArray("heldBy");
        foreach (int process in segment.HeldBy) writer.WriteNumberValue(process);
        writer.WriteEndArray();
        writer.WriteBoolean("hasUnnamedHolder", segment.HasUnnamedHolder);
    }

    private static void WriteProcess(Utf8JsonWriter writer, StoreParticipant process)
    {
        writer.WriteString("type", "process");
        writer.WriteNumber("process", process.ProcessId);
        writer.WriteString("program", process.Program);
        if (process.UserId is { } user) writer.WriteNumber("user", user);
        if (process.Since is { } since) writer.WriteString("since", ListVerb.Time(since));
        writer.WriteBoolean("mayWrite", process.MayWrite);
        writer.WriteStartArray("lanes");
        foreach (int lane in process.Lanes) writer.WriteNumberValue(lane);
        writer.WriteEndArray();
        writer.WriteBoolean("isJanitor", process.IsJanitor);
        writer.WriteStartArray("segments");
        foreach (string segment in process.Segments) writer.WriteStringValue(segment);
        writer.WriteEndArray();
    }

    private static string Time(DateTimeOffset? time) => time is { } known ? ListVerb.Time(known) : "?";

    private static string User(StoreParticipant process) =>
        process.UserId?.ToString(CultureInfo.InvariantCulture) ?? "?";

    private static long Percent(StoreSegment segment) => segment.BytesUsed * 100 / Math.Max(segment.ByteLength, 1);

    public static string Size(long bytes) => bytes >= 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.#} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB");
}
