using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>maintain</c>: maintains a store that no server maintains.</summary>
internal static class MaintainVerb
{
    private const string AuditRule = "audit";

    public static Command Make()
    {
        var once = new Option<bool>("--once") { Description = "One round of all steps, then an exit." };
        Option<TimeSpan?> interval = Verb.Span("--interval", "The time between two rounds. Default: 1m.");
        var policy = new Option<bool>("--policy")
        {
            Description = "Only the policy, which 'gc --save' and 'forget --save' set.",
        };
        var removed = new Option<string?>("--remove")
        {
            HelpName = "RULE",
            Description = "A rule to remove from the policy: a name of 'forget --save', gc, cache, or audit.",
        };
        Option<long?> cache = Verb.Size("--cache", 1,
            "The largest size of the store's blocks, such as 64GiB, kept in the store for all processes: blocks that " +
            "places have are fetched when they are read, and leave when others need the space.");
        Option<string?> cachePolicy = CacheOptions.Policy();
        Option<TimeSpan?> auditKeep = Verb.Span("--audit-keep",
            "The time for which entries of the audit trail are kept, such as 90d, for all processes of the store. " +
            "Removals are kept for 30 days in any case. Default: for good.");
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("maintain",
            "Maintain a store until interrupted, as 'serve' does. It updates and merges indexes, collects expired " +
            "blocks, applies the policy and frees space, in small steps that give way to writers. One process works " +
            "at a time; others wait to take over. The output has one line per step: TASK, the result and the " +
            "duration.",
            "arrowcid maintain --once --dry-run",
            "arrowcid maintain --once --json",
            "arrowcid maintain --interval 30s",
            "arrowcid maintain --cache 64GiB",
            "arrowcid maintain --audit-keep 90d --once",
            "arrowcid maintain --policy",
            "arrowcid maintain compact --dry-run")
        {
            once, interval, policy, removed, cache, cachePolicy, auditKeep, dryRun, store, json, ReapVerb.Make(),
            CompactVerb.Make(),
        };
        verb.Validators.Add(result =>
        {
            bool isWrong = result.GetResult(interval) is { Errors: not null } given && !given.Errors.Any() &&
                result.GetValue(interval) == TimeSpan.Zero;
            if (isWrong) result.AddError("--interval takes more than 0s.");
            bool isCache = result.GetResult(cache) is not null;
            if (result.GetResult(cachePolicy) is not null && !isCache)
                result.AddError("--cache-policy goes with --cache.");
            if (isCache && result.GetValue(dryRun))
                result.AddError("--cache and --dry-run exclude each other.");
            if (result.GetResult(auditKeep) is not null && result.GetValue(dryRun))
                result.AddError("--audit-keep and --dry-run exclude each other.");
        });
        verb.SetAction(parsed =>
        {
            string? directory = parsed.GetValue(store);
            bool isJson = parsed.GetValue(json);
            if (parsed.GetValue(removed) is { } rule) return Remove(directory, rule);
            if (parsed.GetValue(policy)) return ShowPolicy(directory, isJson);
            if (parsed.GetValue(cache) is { } bytes)
            {
                using CidStore written = StoreWriting.Open(directory);
                CacheOptions.Set(written, bytes, CacheOptions.PolicyOf(parsed.GetValue(cachePolicy)));
            }

            if (parsed.GetValue(auditKeep) is { } keep)
            {
                using CidStore written = StoreWriting.Open(directory);
                written.Maintenance.SetPolicy(written.Maintenance.GetPolicy() with { AuditKeep = keep });
            }

            return parsed.GetValue(once) || parsed.GetValue(dryRun)
                ? Once(directory, parsed.GetValue(dryRun), isJson)
                : Run(directory, parsed.GetValue(interval), isJson);
        });
        return verb;
    }

    /// <summary>A step in words.</summary>
    public static string Line(MaintenanceStep step) => string.Create(CultureInfo.InvariantCulture,
        $"{Name(step.Task),-10}  {(step.IsDryRun ? "would be: " : "")}{step.Words}" +
        $"{(step.Failure is null ? "" : $": {step.Failure}")}  {step.Took.TotalMilliseconds:0.0} ms");

    public static string Name(MaintenanceTask task) => EnumText.Of(task);

    private static int Once(string? directory, bool isDryRun, bool isJson)
    {
        using CidStore store = isDryRun ? StoreReading.Open(directory) : StoreWriting.Open(directory);
        using var output = Output.Open();
        IReadOnlyList<MaintenanceStep> steps = store.Maintenance.RunOnce(isDryRun,
            new StepPrinter(output, isJson));
        int failed = steps.Count(step => step.Failure is not null);
        output.Writer.Flush();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{steps.Count - failed} steps {(isDryRun ? "would be done" : "done")}, {failed} failed"));
        return failed == 0 ? 0 : ErrorTable.ExitCode(ErrorCode.Busy);
    }

    private static int Run(string? directory, TimeSpan? interval, bool isJson)
    {
        using var output = Output.Open();
        using var end = new ManualResetEventSlim();
        using PosixSignalRegistration interrupted = End(PosixSignal.SIGINT, end);
        using PosixSignalRegistration terminated = End(PosixSignal.SIGTERM, end);
        var usual = new MaintenanceOptions();
        using CidStore store = CidStore.Open(directory, new CidStoreOptions
        {
            CreateIfMissing = false,
            OpenPlace = Locations.Open,
            Maintenance = new MaintenanceOptions
            {
                Interval = interval ?? usual.Interval,
                Done = step =>
                {
                    Print(output, step, isJson);
                    output.Writer.Flush();
                },
            },
        });
        Console.Error.WriteLine($"{store.Directory} is maintained until this process is interrupted");
        end.Wait();
        return 0;
    }

    private static PosixSignalRegistration End(PosixSignal signal, ManualResetEventSlim end) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            end.Set();
        });

    private static void Print(Output output, MaintenanceStep step, bool isJson)
    {
        if (!isJson)
        {
            output.Line(CommandError.Visible(Line(step)));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("task", Name(step.Task));
            writer.WriteNumber("count", step.Count);
            writer.WriteNumber("bytes", step.ByteLength);
            writer.WriteString("time", ListVerb.Time(step.Time));
            writer.WriteNumber("milliseconds", Math.Round(step.Took.TotalMilliseconds, 3));
            writer.WriteString("words", step.Words);
            writer.WriteString("failure", step.Failure);
            writer.WriteBoolean("isDryRun", step.IsDryRun);
        });
    }

    private static int Remove(string? directory, string rule)
    {
        using CidStore store = StoreWriting.Open(directory);
        if (rule == CollectVerb.CacheRule && store.Places.Cache.GetSettings() is not null)
        {
            store.Places.Cache.SetSettings(null);
            return 0;
        }

        MaintenancePolicy policy = store.Maintenance.GetPolicy();
        MaintenancePolicy left = rule switch
        {
            CollectVerb.Rule => new MaintenancePolicy { Forget = policy.Forget, AuditKeep = policy.AuditKeep },
            AuditRule when policy.AuditKeep is not null => policy with { AuditKeep = null },
            _ => policy with { Forget = [.. policy.Forget.Where(each => each.Id != rule)] },
        };
        bool isThere = rule == CollectVerb.Rule ? policy.Unreferenced || policy.MaxBytes is not null
            : left.Forget.Count < policy.Forget.Count || left.AuditKeep != policy.AuditKeep;
        if (!isThere)
        {
            throw new ArrowCidException(ErrorCode.NameNotFound,
                $"the policy of {store.Directory} has no rule '{rule}'; 'maintain --policy' lists them");
        }

        store.Maintenance.SetPolicy(left);
        return 0;
    }

    private static int ShowPolicy(string? directory, bool isJson)
    {
        using CidStore store = StoreReading.Open(directory);
        MaintenancePolicy policy = store.Maintenance.GetPolicy();
        using var output = Output.Open();
        if (isJson)
        {
            output.JsonLine(writer => Write(writer, policy, store.Places.Cache.GetSettings()));
            return 0;
        }

        output.Line("expire  what has expired goes");
        if (policy.Unreferenced || policy.MaxBytes is not null) output.Line($"{CollectVerb.Rule}  {Words(policy)}");
        if (policy.AuditKeep is { } keep) output.Line($"{AuditRule}  entries of the audit trail go after {keep}");
        foreach (ForgetRule rule in policy.Forget) output.Line(CommandError.Visible($"{rule.Id}  {Words(rule)}"));
        if (store.Places.Cache.GetSettings() is { } cache)
            output.Line(CommandError.Visible($"{CollectVerb.CacheRule}  {CacheOptions.Words(cache)}"));
        return 0;
    }

    private static string Words(MaintenancePolicy policy)
    {
        string age = policy.OlderThan is { } span ? $", put longer ago than {span}" : ", put longer ago than an hour";
        string most = policy.MaxBytes is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $", until the blocks take {bytes} bytes") : "";
        return $"what nothing needs goes{age}{most}{(policy.KeepHistory ? "; what names stood for stays" : "")}";
    }

    private static string Words(ForgetRule rule)
    {
        string what = rule.Where is { } filter
            ? $"of what passes {filter}{(rule.GroupBy.Count > 0 ? $", by {string.Join(", ", rule.GroupBy)}" : "")}"
            : $"of {string.Join(", ", rule.Names)}";
        return $"{what}: keeps {string.Join(", ", Kept(rule.Policy))}";
    }

    private static IEnumerable<string> Kept(ForgetPolicy policy)
    {
        (string Name, int Count)[] rules =
        [
            ("last", policy.KeepLast), ("hourly", policy.KeepHourly), ("daily", policy.KeepDaily),
            ("weekly", policy.KeepWeekly), ("monthly", policy.KeepMonthly), ("yearly", policy.KeepYearly),
        ];
        foreach ((string name, int count) in rules.Where(rule => rule.Count > 0))
            yield return string.Create(CultureInfo.InvariantCulture, $"{count} {name}");
        if (policy.KeepWithin is { } span) yield return $"within {span}";
    }

    private static void Write(Utf8JsonWriter writer, MaintenancePolicy policy, CacheSettings? cache)
    {
        if (cache is not null)
        {
            writer.WriteStartObject("cache");
            writer.WriteNumber("maxBytes", cache.MaxBytes);
            writer.WriteString("policy", CacheOptions.TextOf(cache.Policy));
            writer.WriteString("demoteTo", cache.DemoteTo);
            writer.WriteEndObject();
        }

        writer.WriteBoolean("unreferenced", policy.Unreferenced);
        if (policy.OlderThan is { } age) writer.WriteNumber("olderThanSeconds", age.TotalSeconds);
        if (policy.MaxBytes is { } most) writer.WriteNumber("maxBytes", most);
        if (policy.AuditKeep is { } keep) writer.WriteNumber("auditKeepSeconds", keep.TotalSeconds);
        writer.WriteBoolean("keepHistory", policy.KeepHistory);
        writer.WriteStartArray("forget");
        foreach (ForgetRule rule in policy.Forget)
        {
            writer.WriteStartObject();
            writer.WriteString("id", rule.Id);
            EntryJson.WriteTexts(writer, "names", rule.Names);
            writer.WriteString("where", rule.Where?.ToString());
            EntryJson.WriteTexts(writer, "groupBy", rule.GroupBy);
            EntryJson.WriteTexts(writer, "keeps", Kept(rule.Policy));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Prints each step once it is done.</summary>
    private sealed class StepPrinter(Output output, bool isJson) : IProgress<MaintenanceStep>
    {
        public void Report(MaintenanceStep value) => Print(output, value, isJson);
    }
}
