using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>place stat</c>: how places answer.</summary>
internal static class PlaceStatVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("stat",
            "Show how the store and its places answered reads. The output is PLACE, the number of reads, their " +
            "bytes, failed reads, the latency of small blocks, and the bandwidth of large ones. All processes count " +
            "into one file ('heat'); reads of the store itself are samples.",
            "arrowcid place stat",
            "arrowcid place stat --json")
        {
            store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using var output = Output.Open();
            foreach (PlaceStatistics place in opened.Places.Cache.GetStatistics())
            {
                if (parsed.GetValue(json)) output.JsonLine(writer => Write(writer, place));
                else output.Line(CommandError.Visible(Line(place)));
            }

            return 0;
        });
        return verb;
    }

    private static string Line(PlaceStatistics place)
    {
        string latency = place.Latency is { } span
            ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.###} ms") : "-";
        string bandwidth = place.BytesPerSecond is { } rate
            ? string.Create(CultureInfo.InvariantCulture, $"{rate / 1e6:0.#} MB/s") : "-";
        return string.Create(CultureInfo.InvariantCulture,
            $"{place.Place}  {place.Reads} reads  {place.ByteLength} bytes  {place.Errors} failed  {latency}  " +
            $"{bandwidth}");
    }

    private static void Write(Utf8JsonWriter writer, PlaceStatistics place)
    {
        writer.WriteString("name", place.Place);
        writer.WriteNumber("reads", place.Reads);
        writer.WriteNumber("bytes", place.ByteLength);
        writer.WriteNumber("failed", place.Errors);
        writer.WriteNumber("seconds", Math.Round(place.Took.TotalSeconds, 6));
        if (place.Latency is { } latency) writer.WriteNumber("latencyMs", latency.TotalMilliseconds);
        else writer.WriteNull("latencyMs");
        if (place.BytesPerSecond is { } rate) writer.WriteNumber("bytesPerSecond", Math.Round(rate));
        else writer.WriteNull("bytesPerSecond");
        writer.WriteString("lastRead", place.LastRead is { } time ? ListVerb.Time(time) : null);
    }
}
