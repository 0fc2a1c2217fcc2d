using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>watch</c>: the puts into a store, or the changes of names, as they come.</summary>
internal static class WatchVerb
{
    private const int ExitOfInterrupt = 130;

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var from = new Option<string>("--from")
        {
            HelpName = "WHERE",
            Description = "The start: now, oldest (all stored batches first), or a cursor from --json.",
            DefaultValueFactory = _ => "now",
        };
        from.Validators.Add(result =>
        {
            if (!Cursor.TryParse(result.GetValueOrDefault<string>(), out _))
                result.AddError("--from takes now, oldest, or a cursor that 'arrowcid watch --json' printed.");
        });
        var count = new Option<long?>("--count")
        {
            HelpName = "N",
            Description = "The number of puts to print. Default: until interrupted.",
        };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long?>() is < 1) result.AddError("--count takes a number from 1.");
        });
        Option<string?> where = Verb.Where(
            "A filter that batches must pass, by their metadata at the time of the put.");
        var names = new Option<string?>("--names")
        {
            HelpName = "PATTERN",
            Description = "Changes of the names that match, such as 'prices/*', instead of puts. The output is TIME  " +
                "NAME  OLD  NEW, with none for no block.",
        };
        var diff = new Option<bool>("--diff")
        {
            Description = "With --names, the rows that differ after each change: as 'diff', with --json as its lines.",
        };
        var verb = new Verb("watch",
            "Print every put of a batch by any process, as it happens. The output is CID  ROWS  BYTES  TIME  " +
            "new|again. Missed puts are reported on standard error.",
            "arrowcid watch",
            "arrowcid watch --where 'tag.sym = \"ES\" and rows > 1000'",
            "arrowcid watch --from oldest --count 10",
            "arrowcid watch --json --from now | jq -r .cid",
            "arrowcid watch --names 'prices/*' --diff --json")
        {
            from, count, where, names, diff, store, json,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(names) is not null && result.GetValue(where) is not null)
                result.AddError("--where is for puts; leave it or --names out.");
            if (result.GetValue(names) is null && result.GetValue(diff)) result.AddError("--diff goes with --names.");
        });
        verb.SetAction(parsed => Run(Cursor.Parse(parsed.GetValue(from)!), parsed.GetValue(count),
            parsed.GetValue(where) is { } filter ? Filter.Parse(filter) : null, parsed.GetValue(names),
            parsed.GetValue(diff), parsed.GetValue(store), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(Cursor from, long? count, Filter? filter, string? names, bool isDiff, string? directory,
        bool json)
    {
        using var interrupt = new CancellationTokenSource();
        using PosixSignalRegistration signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            interrupt.Cancel();
        });
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        try
        {
            long left = count ?? long.MaxValue;
            var options = new WatchOptions { Names = names, WithPuts = names is null };
            foreach (StoreEvent announcement in store.Watch(from, options, interrupt.Token))
            {
                if (filter is not null && !Passes(store, filter, announcement)) continue;
                Print(output, announcement, json);
                if (isDiff && announcement is { OldCid: { } old, NewCid: { } now })
                    PrintDiff(output, store, old, now, json);
                if (announcement.Kind != StoreEventKind.Gap && --left == 0) break;
            }

            return 0;
        }
        catch (OperationCanceledException)
        {
            return ExitOfInterrupt;
        }
    }

    /// <summary>A gap always passes: what would have is not known. A block that is gone again does not.</summary>
    private static bool Passes(CidStore store, Filter filter, in StoreEvent announcement) =>
        announcement.Kind == StoreEventKind.Gap
        || (store.Metadata.Get(announcement.Cid) is { } entry && filter.Matches(entry, store.Clock.GetUtcNow()));

    private static void Print(Output output, StoreEvent announcement, bool json)
    {
        if (announcement.Gap is { } gap) CommandError.Say($"gap: {Advice.Of(gap)}");
        if (json) output.JsonLine(writer => WriteMembers(writer, announcement));
        else if (announcement.Kind == StoreEventKind.Name)
        {
            output.Line($"{ListVerb.Time(announcement.Time)}  {CommandError.Visible(announcement.Name!)}  " +
                $"{announcement.OldCid?.ToString() ?? "none"}  {announcement.NewCid?.ToString() ?? "none"}");
        }
        else if (announcement.Gap is null)
        {
            (string time, string word) = (ListVerb.Time(announcement.Time), Word(announcement.Kind));
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{announcement.Cid}  {announcement.Rows}  {announcement.ByteLength}  {time}  {word}"));
        }

        // A reader at the other end waits for this very line.
        output.Writer.Flush();
    }

    /// <summary>The rows by which two versions differ; a version that is gone has none.</summary>
    private static void PrintDiff(Output output, CidStore store, Cid old, Cid now, bool json)
    {
        const int most = 20;
        if (!IsTable(store, old) || !IsTable(store, now)) return;
        DiffLines? lines = json ? null : new DiffLines(most, []);
        var diff = new BatchDiff((each, row) =>
        {
            if (lines is null) DiffVerb.PrintJson(output, row, []);
            else lines.Add(each, row);
        });
        diff.ByPosition(ExportRows.PartsOf(store, old), ExportRows.PartsOf(store, now));
        if (lines is null) DiffVerb.PrintJson(output, diff);
        else lines.Print(output, diff);
        output.Writer.Flush();
    }

    private static bool IsTable(CidStore store, Cid cid) =>
        store.Metadata.Get(cid) is { IsPresent: true, Kind: BlockKind.Batch or BlockKind.Dataset };

    private static void WriteMembers(Utf8JsonWriter writer, StoreEvent announcement)
    {
        writer.WriteString("kind", Word(announcement.Kind));
        if (announcement.Gap is { } gap)
        {
            writer.WriteString("reason", JsonNamingPolicy.CamelCase.ConvertName(gap.Reason.ToString()));
            if (gap.Lane >= 0)
            {
                writer.WriteNumber("lane", gap.Lane);
                writer.WriteNumber("first", gap.First);
                writer.WriteNumber("last", gap.Last);
            }
        }
        else if (announcement.Kind == StoreEventKind.Name)
        {
            writer.WriteString("name", announcement.Name);
            writer.WriteString("old", announcement.OldCid?.ToString());
            writer.WriteString("new", announcement.NewCid?.ToString());
            writer.WriteString("time", ListVerb.Time(announcement.Time));
        }
        else
        {
            HashVerb.WriteAddress(writer, announcement.Address);
            writer.WriteString("time", ListVerb.Time(announcement.Time));
            writer.WriteNumber("lane", announcement.Lane);
            writer.WriteNumber("sequence", announcement.Sequence);
        }

        writer.WriteString("cursor", announcement.Cursor.ToString());
    }

    private static string Word(StoreEventKind kind) => kind switch
    {
        StoreEventKind.New => "new",
        StoreEventKind.Repeated => "again",
        StoreEventKind.Name => "name",
        _ => "gap",
    };
}
