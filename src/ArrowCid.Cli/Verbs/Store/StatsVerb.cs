using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>stats</c>: what a store holds.</summary>
internal static class StatsVerb
{
    private const int DefaultLines = 10;

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<int?> head = Verb.Number("--head", 0, "The number of producers and of schemas to print.", DefaultLines);
        Option<string?> by = UsageVerb.By(null);
        Option<bool> dedup = UsageVerb.Dedup();
        var processes = new Option<bool>("--processes")
        {
            Description = "The segments with their holders, and the processes with what they map and write.",
        };
        var verb = new Verb("stats",
            "Show what a store holds and who uses its space. The output lists blocks by kind, producer and schema, " +
            "metadata, names, segments, lanes, the share of the space that is still needed, and the load of the " +
            "index. --by lists the space per owner, --processes the segments and processes. --json prints one " +
            "object.",
            "arrowcid stats",
            "arrowcid stats --json",
            "arrowcid stats --by tag.day --dedup",
            "arrowcid stats --processes")
        {
            head, by, dedup, processes, store, json,
        };
        verb.Validators.Add(result =>
        {
            bool isByOwner = result.GetValue(by) is not null;
            if (result.GetValue(dedup) && !isByOwner) result.AddError("--dedup goes with --by.");
            if (isByOwner && result.GetValue(processes)) result.AddError("--by and --processes exclude each other.");
        });
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(by) is { } owner)
                return UsageVerb.Run(parsed.GetValue(store), owner, parsed.GetValue(dedup), parsed.GetValue(json));
            if (parsed.GetValue(processes)) return ShmVerb.Run(parsed.GetValue(store), parsed.GetValue(json));
            using CidStore opened = StoreReading.OpenForQueries(parsed.GetValue(store));
            StoreStatistics all = opened.Diagnostics.GetStatistics();
            using var output = Output.Open();
            if (parsed.GetValue(json)) output.JsonLine(writer => Write(writer, opened, all));
            else Print(output, opened, all, parsed.GetValue(head) ?? DefaultLines);
            return 0;
        });
        return verb;
    }

    private static void Print(Output output, CidStore store, StoreStatistics all, int head)
    {
        StoreSummary figures = all.Summary;
        Line("store", $"{store.Directory}");
        Line("id", $"{figures.Id}, made {ListVerb.Time(figures.Created)}, {(figures.IsRing ? "ring" : "keep")}");
        Line("space", $"{Size(figures.BytesTaken)} of {Size(figures.Capacity, "bytes")} taken");
        Line("records", $"{Size(figures.BytesCommitted, "bytes")}, {all.LiveShare * 100:0.#} % of them live");
        Line("segments", $"{figures.Segments} of {Size(figures.SegmentSize, "bytes")}");
        Line("lanes", $"{figures.LanesInUse} of {figures.Lanes} in use");
        Line("index", $"{all.IndexUsed} of {all.IndexEntries} entries, load {Load(all):0.##}");
        foreach (StoreShare kind in all.Kinds) Line(kind.Key, $"{Share(kind)}");
        Line("facts", $"{all.FactRecords} records of {Size(all.FactBytes, "bytes")}");
        Line("names", $"{all.Names}; {all.Pinned} pinned, {all.Expired} expired, {all.Absent} spoken of and not here");
        Line("upkeep", $"{Upkeep(store)}; 'gc --log' lists what was removed");
        foreach (StoreShare producer in all.Producers.Take(head))
            Line("producer",
                $"{Share(producer)}  {(producer.Key.Length == 0 ? "-" : CommandError.Visible(producer.Key))}");
        foreach (StoreShare schema in all.Schemas.Take(head)) Line("schema", $"{Share(schema)}  {schema.Key}");

        void Line(string what, FormattableString text) =>
            output.Line($"{what,-10}{FormattableString.Invariant(text)}");
    }

    /// <summary>A number of bytes: in KiB, MiB and so on for a terminal, else exact and with its unit.</summary>
    private static string Size(long bytes, string unit = "") => Output.IsTerminal
        ? SizeText.Of(bytes)
        : $"{bytes.ToString(CultureInfo.InvariantCulture)} {unit}".TrimEnd();

    private static string Share(StoreShare share) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{share.Blocks} blocks, {Size(share.ByteLength, "bytes")}, {share.Rows} rows");

    private static string Upkeep(CidStore store) => store.Maintenance.GetMaintainer() switch
    {
        null => "by no process: 'serve' or 'maintain' does it",
        0 => "by a process that cannot be seen from here",
        { } process => string.Create(CultureInfo.InvariantCulture, $"by process {process}"),
    };

    private static double Load(StoreStatistics all) =>
        all.IndexEntries == 0 ? 0 : all.IndexUsed / (double)all.IndexEntries;

    private static void Write(Utf8JsonWriter writer, CidStore store, StoreStatistics all)
    {
        StoreSummary figures = all.Summary;
        writer.WriteString("store", store.Directory);
        writer.WriteString("id", figures.Id);
        writer.WriteString("created", ListVerb.Time(figures.Created));
        writer.WriteBoolean("isRing", figures.IsRing);
        writer.WriteNumber("capacity", figures.Capacity);
        writer.WriteNumber("bytesTaken", figures.BytesTaken);
        writer.WriteNumber("bytesCommitted", figures.BytesCommitted);
        writer.WriteNumber("liveShare", Math.Round(all.LiveShare, 4));
        writer.WriteNumber("segments", figures.Segments);
        writer.WriteNumber("segmentSize", figures.SegmentSize);
        writer.WriteNumber("lanes", figures.Lanes);
        writer.WriteNumber("lanesInUse", figures.LanesInUse);
        writer.WriteNumber("indexEntries", all.IndexEntries);
        writer.WriteNumber("indexUsed", all.IndexUsed);
        writer.WriteNumber("factRecords", all.FactRecords);
        writer.WriteNumber("factBytes", all.FactBytes);
        writer.WriteNumber("names", all.Names);
        writer.WriteNumber("pinned", all.Pinned);
        writer.WriteNumber("expired", all.Expired);
        writer.WriteNumber("absent", all.Absent);
        if (store.Maintenance.GetMaintainer() is { } maintainer) writer.WriteNumber("maintainer", maintainer);
        else writer.WriteNull("maintainer");
        WriteShares("kinds", all.Kinds);
        WriteShares("producers", all.Producers);
        WriteShares("schemas", all.Schemas);

        void WriteShares(string name, IReadOnlyList<StoreShare> shares)
        {
            writer.WriteStartArray(name);
            foreach (StoreShare share in shares)
            {
                writer.WriteStartObject();
                writer.WriteString("key", share.Key);
                writer.WriteNumber("blocks", share.Blocks);
                writer.WriteNumber("rows", share.Rows);
                writer.WriteNumber("bytes", share.ByteLength);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
    }
}
