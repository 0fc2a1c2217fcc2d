using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>heat</c>: which blocks are read most.</summary>
internal static class HeatVerb
{
    private const int ByDefault = 20;

    public static Command Make()
    {
        Option<int?> top = Verb.Number("--top", 1, $"The number of blocks. Default: {ByDefault}.");
        var start = new Option<bool>("--start")
        {
            Description = "Only the beginning of the count, for all processes; 'serve' and 'maintain' begin it too.",
        };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("heat",
            "List the blocks that are read most. The output is CID  READS  LAST  BYTES. All processes count into one " +
            "file; counts are samples, and roughly right.",
            "arrowcid heat --start",
            "arrowcid heat --top 5",
            "arrowcid heat --json")
        {
            top, start, store, json,
        };
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(start))
            {
                using CidStore written = StoreWriting.Open(parsed.GetValue(store));
                written.Places.Cache.RecordReads();
                return 0;
            }

            using CidStore opened = StoreReading.OpenForQueries(parsed.GetValue(store));
            using var output = Output.Open();
            foreach (BlockHeat block in opened.Places.Cache.GetHeat(parsed.GetValue(top) ?? ByDefault))
                Print(output, block, parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private static void Print(Output output, BlockHeat block, bool json)
    {
        string? last = block.LastRead is { } time ? ListVerb.Time(time) : null;
        if (!json)
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{block.Cid}  {block.Reads}  {last ?? "-"}  {block.ByteLength}"));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", block.Cid.ToString());
            writer.WriteNumber("reads", block.Reads);
            writer.WriteString("lastRead", last);
            writer.WriteNumber("bytes", block.ByteLength);
        });
    }
}
