using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>memo</c>: the results of calls.</summary>
internal static class MemoVerb
{
    public static Command Make() => new Verb("memo",
        "List, remove and count the cached results of calls. 'run' stores them, and so do the libraries of C#, " +
        "Python and Node.js.",
        "arrowcid memo ls",
        "arrowcid memo ls 'tag.fn = \"features.py\" and age > 1d'",
        "arrowcid memo rm --fn features.py --param day=2026-11-20")
    {
        MakeList(), MakeRemove(), MakeStatistics(), MakeKey(),
    };

    private static Option<string?> Function() => new("--fn")
    {
        HelpName = "NAME",
        Description = "The name of a function or program, as 'memo ls' shows it.",
    };

    private static Argument<string?> FilterText() => new("FILTER")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "A filter over the results: tag.fn, tag.version, tag.ms, tag.form, tag.param.NAME, " +
            "tag.env.NAME, age, expires, rows, bytes, kind and name.",
    };

    private static Verb MakeList()
    {
        Argument<string?> filter = FilterText();
        Option<string?> function = Function();
        var call = new CallOptions();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("ls",
            "List results that have not expired, the oldest first. The output is VALUE  ROWS  BYTES  TIME  MS  CALL.",
            "arrowcid memo ls",
            "arrowcid memo ls --fn features.py --param day=2026-11-20",
            "arrowcid memo ls 'tag.fn = \"features.py\" and age > 1d' --json")
        {
            filter, function, store, json,
        };
        call.AddTo(verb, hasEnvironment: false);
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.OpenForQueries(parsed.GetValue(store));
            var choice = new MemoChoice(opened, parsed.GetValue(filter), parsed.GetValue(function), call, parsed);
            using var output = Output.Open();
            foreach (MemoChoice.Found found in choice.All().OrderBy(found => found.Entry.Time))
                Print(output, found, parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private static Verb MakeRemove()
    {
        Argument<string?> filter = FilterText();
        Option<string?> function = Function();
        var call = new CallOptions();
        var all = new Option<bool>("--all") { Description = "All results." };
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("rm",
            "Remove results, so that the next call computes again. Their blocks stay until they expire. The output " +
            "is as of 'memo ls'.",
            "arrowcid memo rm --fn features.py",
            "arrowcid memo rm --fn features.py --param day=2026-11-20 --dry-run",
            "arrowcid memo rm 'age > 7d'")
        {
            filter, function, all, dryRun, store, json,
        };
        call.AddTo(verb, hasEnvironment: false);
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            var choice = new MemoChoice(opened, parsed.GetValue(filter), parsed.GetValue(function), call, parsed);
            if (choice.IsEverything && !parsed.GetValue(all))
            {
                throw new ArrowCidException(ErrorCode.InvalidArgument,
                    "say which results: a filter, --fn, --param, --in, --version, or --all");
            }

            MemoChoice.Found[] found = [.. choice.All().OrderBy(each => each.Entry.Time)];
            if (!parsed.GetValue(dryRun)) opened.Registry.Results.Remove(found.Select(each => each.Entry.Call));
            using var output = Output.Open();
            foreach (MemoChoice.Found each in found) Print(output, each, parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private static Verb MakeStatistics()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("stats",
            "Show the number of results of each function. The output is RESULTS  BYTES  SECONDS  FUNCTION: the " +
            "bytes of their values, and the time that it took to compute them.",
            "arrowcid memo stats",
            "arrowcid memo stats --json")
        {
            store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.OpenForQueries(parsed.GetValue(store));
            var choice = new MemoChoice(opened);
            using var output = Output.Open();
            foreach (IGrouping<string, MemoChoice.Found> each in choice.All().GroupBy(found => found.Function)
                .OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                long bytes = each.Sum(found => found.Value.DataByteLength ?? found.Value.ByteLength);
                double seconds = each.Sum(found => found.Milliseconds) / 1000;
                if (parsed.GetValue(json))
                {
                    output.JsonLine(writer =>
                    {
                        writer.WriteString("fn", each.Key);
                        writer.WriteNumber("results", each.Count());
                        writer.WriteNumber("bytes", bytes);
                        writer.WriteNumber("seconds", seconds);
                    });
                    continue;
                }

                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{each.Count()}  {bytes}  {seconds:0.###}  {CommandError.Visible(each.Key)}"));
            }

            return 0;
        });
        return verb;
    }

    private static Verb MakeKey()
    {
        var function = new Option<string>("--fn")
        {
            HelpName = "NAME",
            Description = "The name of the function.",
            Required = true,
        };
        var call = new CallOptions();
        Option<bool> json = Verb.Json();
        var verb = new Verb("key",
            "Compute the key of a call, without a store. The output is the CID of the call; with --json the call. " +
            "--env takes VARIABLE=VALUE too.",
            "arrowcid memo key --fn features --version 2 --param day=2026-11-20 --param n:=5 --in trades=CID")
        {
            function, json,
        };
        call.AddTo(verb);
        verb.SetAction(parsed =>
        {
            CallKey key = CallKey.Create(parsed.GetValue(function)!, call.Version(parsed) ?? "",
                call.Parameters(parsed),
                call.Inputs(parsed, store: null).ToDictionary(input => input.Key, input => input.Value.Cid),
                call.GivenEnvironment(parsed));
            using var output = Output.Open();
            output.Line(parsed.GetValue(json) ? JsonText.Format(key.ToNode()) : key.Cid.ToString());
            return 0;
        });
        return verb;
    }

    private static void Print(Output output, MemoChoice.Found found, bool json)
    {
        if (!json)
        {
            output.Line(CommandError.Visible(string.Create(CultureInfo.InvariantCulture,
                $"{found.Value.Cid}  {found.Value.Rows}  {found.Value.ByteLength}  " +
                $"{ListVerb.Time(found.Entry.Time)}  {found.Milliseconds:0.###}  {found.Call}")));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("call", found.Entry.Call.ToString());
            writer.WriteString("value", found.Value.Cid.ToString());
            writer.WriteString("fn", found.Function);
            writer.WriteNumber("rows", found.Value.Rows);
            writer.WriteNumber("bytes", found.Value.ByteLength);
            writer.WriteString("time", found.Entry.Time);
            writer.WriteString("expires", found.Entry.Expires);
            writer.WriteNumber("ms", found.Milliseconds);
            if (found.Entry.Key is not { } key) return;
            writer.WritePropertyName("key");
            writer.WriteRawValue(JsonText.Format(key.ToNode()));
        });
    }
}
