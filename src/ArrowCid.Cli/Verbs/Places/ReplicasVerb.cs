using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>replicas</c>: blocks with too few copies.</summary>
internal static class ReplicasVerb
{
    private const int DefaultCopies = 2;

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string?> where = Verb.Where("Only blocks that pass a filter.");
        var copies = new Option<int>("--copies")
        {
            HelpName = "N",
            Description = "The wanted number of copies, with the one here. Gateways do not count.",
            DefaultValueFactory = _ => DefaultCopies,
        };
        copies.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError("--copies takes a number from 1 on.");
        });
        var repair = new Option<bool>("--repair")
        {
            Description = "Copies them to the cheapest places that lack them, until there are enough.",
        };
        var verb = new Verb("replicas",
            "List the blocks that have fewer copies than wanted. The output is CID  COPIES  BYTES. Exit code 3 if " +
            "there are any, or with --repair if any are left.",
            "arrowcid replicas --copies 2",
            "arrowcid replicas --copies 3 --where 'has name' --repair")
        {
            copies, where, repair, store, json,
        };
        verb.SetAction(parsed =>
        {
            Filter? filter = parsed.GetValue(where) is { } text ? Filter.Parse(text) : null;
            int wanted = parsed.GetValue(copies);
            bool repairs = parsed.GetValue(repair);
            using CidStore opened = repairs
                ? StoreWriting.Open(parsed.GetValue(store))
                : StoreReading.OpenForQueries(parsed.GetValue(store));
            if (repairs)
            {
                using var progress = new Progress("bytes copied");
                long copied = opened.Places.AddCopies(wanted, filter, progress);
                progress.Clear();
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{copied} copies added"));
            }

            using var output = Output.Open();
            bool isShort = false;
            foreach (ReplicaShortage shortage in opened.Places.FindShort(wanted, filter))
            {
                isShort = true;
                Print(output, shortage, parsed.GetValue(json));
            }

            return isShort ? ErrorTable.ExitCode(ErrorCode.BlockNotFound) : 0;
        });
        return verb;
    }

    private static void Print(Output output, ReplicaShortage shortage, bool json)
    {
        StoredEntry entry = shortage.Entry;
        if (!json)
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{entry.Cid}  {shortage.Copies}  {entry.ByteLength}"));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", entry.Cid.ToString());
            writer.WriteNumber("copies", shortage.Copies);
            writer.WriteBoolean("isHere", entry.IsPresent);
            EntryJson.WriteTexts(writer, "places", entry.Copies.Select(copy => copy.Place));
            writer.WriteNumber("bytes", entry.ByteLength);
        });
    }
}
