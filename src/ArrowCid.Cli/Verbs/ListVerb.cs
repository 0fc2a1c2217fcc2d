using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>ls</c>: the batches of a store.</summary>
internal static class ListVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("ls",
            "Lists the batches in the store: CID  ROWS  BYTES  TIME, the time of the first put in UTC.",
            "arrowcid ls",
            "arrowcid ls --json | jq -r .cid")
        {
            store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        foreach (StoredBlock block in store.List())
        {
            if (json) output.JsonLine(writer => WriteBlock(writer, block));
            else
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{block.Cid}  {block.Rows}  {block.ByteLength}  {Time(block.Time)}"));
            }
        }

        return 0;
    }

    public static void WriteBlock(Utf8JsonWriter writer, StoredBlock block)
    {
        HashVerb.WriteAddress(writer, block.Address);
        writer.WriteString("time", Time(block.Time));
    }

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
