using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>gc</c>: collects unneeded blocks.</summary>
internal static class CollectVerb
{
    /// <summary>What the policy's part that collects is called.</summary>
    public const string Rule = "gc";

    /// <summary>What the size of the cache is called in the policy.</summary>
    public const string CacheRule = "cache";

    public static Command Make()
    {
        var unreferenced = new Option<bool>("--unreferenced")
        {
            Description = "All blocks that no name, pin, running process or unexpired block needs. Default: " +
                "expired blocks.",
        };
        Option<TimeSpan?> olderThan = Verb.Span("--older-than",
            "The least time since the last put of a block. Default: 1h; expired blocks are collected at any age.");
        Option<long?> maxBytes = Verb.Size("--max-bytes", 0,
            "The size at which collection ends, such as 2GiB: blocks that nothing needs are collected, the oldest " +
            "put first, until all blocks fit.");
        var withHistory = new Option<bool>("--with-history")
        {
            Description = "Blocks in the history of names are kept too.",
        };
        var noCompact = new Option<bool>("--no-compact")
        {
            Description = "No compaction: 'maintain compact' or a process that has the store open frees the space.",
        };
        var save = new Option<bool>("--save")
        {
            Description = "Saves the options as the policy of the store, which 'maintain' and 'serve' apply; " +
                "nothing is collected now.",
        };
        var log = new Option<bool>("--log")
        {
            Description = "Only a list of the deleted blocks, the last one first: CID  BYTES  TIME, the reason " +
                "and the process.",
        };
        var by = new Option<string?>("--by")
        {
            HelpName = "heat",
            Description = "With heat, blocks leave that other places have, those that are read least first, until " +
                "--max-bytes remain. Names keep none of them: they are fetched again when they are read.",
        };
        by.AcceptOnlyFromAmong("heat");
        var to = new Option<string?>("--to")
        {
            HelpName = "PLACE",
            Description = "With --by heat: the place that blocks are copied to first if no other place has them.",
        };
        Option<string?> cachePolicy = CacheOptions.Policy();
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("gc",
            "Collect blocks that are no longer needed, and free their space. The output is CID  BYTES and the " +
            "reason; with --dry-run also CID  stays: and the reason. Without options, expired blocks ('touch') and " +
            "their schemas are collected. Names, pins and running processes keep what they need. Readers and " +
            "writers continue.",
            "arrowcid gc --dry-run",
            "arrowcid gc --unreferenced --older-than 7d",
            "arrowcid gc --max-bytes 2GiB --with-history --save",
            "arrowcid gc --max-bytes 1GiB --by heat --to cold --save",
            "arrowcid gc --log")
        {
            unreferenced, olderThan, maxBytes, withHistory, noCompact, save, by, to, cachePolicy, log, dryRun, store,
            json,
        };
        verb.Validators.Add(result =>
        {
            bool collects = result.GetValue(unreferenced) || result.GetResult(maxBytes) is not null;
            if (result.GetValue(save) && !collects)
                result.AddError("--save goes with --unreferenced or --max-bytes; expired blocks are collected " +
                    "automatically.");
            if (result.GetValue(save) && result.GetValue(dryRun))
                result.AddError("--save and --dry-run exclude each other.");
            bool isByHeat = result.GetResult(by) is not null;
            if (isByHeat && result.GetResult(maxBytes) is not { Tokens: [{ Value: not "0" }] })
                result.AddError("--by heat goes with --max-bytes, of 1 byte or more.");
            if (isByHeat && (result.GetValue(unreferenced) || result.GetValue(withHistory) ||
                result.GetResult(olderThan) is not null))
                result.AddError("--by heat excludes --unreferenced, --older-than and --with-history.");
            if (!isByHeat && (result.GetResult(to) is not null || result.GetResult(cachePolicy) is not null))
                result.AddError("--to and --cache-policy go with --by heat.");
        });
        verb.SetAction(parsed =>
        {
            var options = new CollectOptions
            {
                Unreferenced = parsed.GetValue(unreferenced),
                OlderThan = parsed.GetValue(olderThan),
                MaxBytes = parsed.GetValue(maxBytes),
                KeepHistory = parsed.GetValue(withHistory),
                DryRun = parsed.GetValue(dryRun),
            };
            if (parsed.GetValue(log)) return ListRemovals(parsed.GetValue(store), parsed.GetValue(json));
            if (parsed.GetValue(by) is not null)
            {
                return Evict(parsed.GetValue(store), new CacheSettings
                {
                    MaxBytes = parsed.GetValue(maxBytes)!.Value,
                    Policy = CacheOptions.PolicyOf(parsed.GetValue(cachePolicy)),
                    DemoteTo = parsed.GetValue(to),
                }, parsed.GetValue(save), parsed.GetValue(dryRun), !parsed.GetValue(noCompact), parsed.GetValue(json));
            }

            if (parsed.GetValue(save)) return Save(parsed.GetValue(store), options);
            return Run(parsed.GetValue(store), options, !parsed.GetValue(noCompact), parsed.GetValue(json));
        });
        return verb;
    }

    private static int Run(string? directory, CollectOptions options, bool compacts, bool json)
    {
        using CidStore store = options.DryRun ? StoreReading.Open(directory) : StoreWriting.Open(directory);
        CollectResult result = store.Retention.Collect(options);
        using var output = Output.Open();
        foreach (CollectedBlock block in result.Collected) Print(output, block, options.DryRun, json);
        foreach (KeptBlock kept in result.Kept) Print(output, kept, json);
        output.Writer.Flush();
        string verb = options.DryRun ? "would be collected" : "collected";
        string freed = "";
        if (compacts && !options.DryRun)
            freed = string.Create(CultureInfo.InvariantCulture,
                $"; {store.Maintenance.Compact().BytesFreed} bytes of files freed");
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.Collected.Count} {verb}, {result.ByteLength} bytes; {result.BytesKept} bytes stay{freed}"));
        return 0;
    }

    /// <summary>Removes blocks that other places have, or saves that this is done.</summary>
    private static int Evict(string? directory, CacheSettings settings, bool saves, bool isDryRun, bool compacts,
        bool json)
    {
        using CidStore store = isDryRun ? StoreReading.Open(directory) : StoreWriting.Open(directory);
        if (settings.DemoteTo is { } place && store.Places.Find(place) is null)
            throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no place '{place}'");
        if (saves)
        {
            store.Places.Cache.SetSettings(settings);
            return 0;
        }

        using var progress = new Progress("blocks looked at");
        RemoveResult result = store.Places.Cache.Evict(settings, isDryRun, progress);
        progress.Clear();
        int exit = RemoveVerb.Report(result, isAsked: false, json);
        if (!isDryRun && compacts && result.Removed.Count > 0)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{store.Maintenance.Compact().BytesFreed} bytes of files freed"));
        }

        return exit;
    }

    private static int Save(string? directory, CollectOptions options)
    {
        using CidStore store = StoreWriting.Open(directory);
        store.Maintenance.SetPolicy(store.Maintenance.GetPolicy() with
        {
            Unreferenced = options.Unreferenced,
            OlderThan = options.OlderThan,
            MaxBytes = options.MaxBytes,
            KeepHistory = options.KeepHistory,
        });
        return 0;
    }

    private static int ListRemovals(string? directory, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        foreach (RemovalEntry entry in store.Retention.GetRemovals())
        {
            if (!json)
            {
                string rule = entry.Rule.Length == 0 ? "" : $" by '{entry.Rule}'";
                output.Line(CommandError.Visible(string.Create(CultureInfo.InvariantCulture,
                    $"{entry.Cid}  {entry.ByteLength}  {ListVerb.Time(entry.Time)}  {Words(entry.Reason)}{rule}  " +
                    $"{entry.By}")));
                continue;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("cid", entry.Cid.ToString());
                writer.WriteNumber("bytes", entry.ByteLength);
                writer.WriteString("time", ListVerb.Time(entry.Time));
                writer.WriteString("because", JsonNamingPolicy.CamelCase.ConvertName(entry.Reason.ToString()));
                writer.WriteString("rule", entry.Rule);
                writer.WriteString("by", entry.By);
            });
        }

        return 0;
    }

    private static string Words(RemovalReason reason) => reason switch
    {
        RemovalReason.Asked => "asked for",
        RemovalReason.Expired => "expired",
        RemovalReason.OverBudget => "over budget",
        RemovalReason.Forgotten => "forgotten",
        RemovalReason.Demoted => "copied elsewhere",
        _ => "not needed",
    };

    private static void Print(Output output, CollectedBlock block, bool isDryRun, bool json)
    {
        if (!json)
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{block.Cid}  {block.ByteLength}  {(isDryRun ? "would go: " : "")}{Words(block.Reason)}"));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", block.Cid.ToString());
            writer.WriteNumber("bytes", block.ByteLength);
            writer.WriteBoolean("isCollected", !isDryRun);
            writer.WriteBoolean("isDryRun", isDryRun);
            writer.WriteString("because", JsonNamingPolicy.CamelCase.ConvertName(block.Reason.ToString()));
            EntryJson.WriteTexts(writer, "keptBecause", []);
        });
    }

    private static void Print(Output output, KeptBlock kept, bool json)
    {
        if (!json)
        {
            output.Line($"{kept.Cid}  stays: {RemoveVerb.Words(kept.Reasons)}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", kept.Cid.ToString());
            writer.WriteBoolean("isCollected", false);
            writer.WriteBoolean("isDryRun", true);
            EntryJson.WriteTexts(writer, "keptBecause", kept.Reasons.Select(Advice.Of));
        });
    }

    private static string Words(CollectReason reason) => reason switch
    {
        CollectReason.Expired => "it has expired",
        CollectReason.OverBudget => "the store is over its budget, and nothing needs it",
        _ => "nothing needs it",
    };
}
