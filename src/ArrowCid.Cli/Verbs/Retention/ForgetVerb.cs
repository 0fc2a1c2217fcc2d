using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>forget</c>: removes old versions by a policy.</summary>
internal static class ForgetVerb
{
    public static Command Make()
    {
        var names = new Option<string[]>("--name")
        {
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = false,
            Description = "A name whose former blocks are the versions; may be given several times.",
        };
        Option<string?> where = Verb.Where("A filter: the batches that pass it are the versions, by their first put.");
        var groupBy = new Option<string?>("--group-by")
        {
            HelpName = "WORDS",
            Description = "With --where: the properties that separate groups, with commas: producer, schema, tag.KEY.",
        };
        Option<int?> last = Keep("last", "The number of newest versions to keep.");
        Option<int?> hourly = Keep("hourly", "The number of hours to keep the last version of.");
        Option<int?> daily = Keep("daily", "The number of days (UTC) to keep the last version of.");
        Option<int?> weekly = Keep("weekly", "The number of weeks (ISO) to keep the last version of.");
        Option<int?> monthly = Keep("monthly", "The number of months to keep the last version of.");
        Option<int?> yearly = Keep("yearly", "The number of years to keep the last version of.");
        Option<TimeSpan?> within = Verb.Span("--keep-within", "The age, counted from the newest version, up to " +
            "which all versions are kept.");
        var save = new Option<string?>("--save")
        {
            HelpName = "RULE",
            Description = "The name of a rule of the store's policy, which 'maintain' and 'serve' apply; nothing " +
                "is deleted now. An existing rule of that name is replaced.",
        };
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("forget",
            "Delete old versions by rules. The output has one line per group, then TIME  CID  removed or the rule " +
            "that keeps the version. A version that one rule keeps is kept; so is one that a name, a pin, a running " +
            "process or another block needs. The history of a name stays readable. 'gc' and 'maintain compact' free " +
            "the space.",
            "arrowcid forget --name prices/latest --keep-last 3 --keep-daily 30 --dry-run",
            "arrowcid forget --where 'tag.kind = \"snapshot\"' --group-by tag.sym --keep-monthly 12",
            "arrowcid forget --name a --name b --keep-within 7d --json",
            "arrowcid forget --where 'has producer' --group-by producer --keep-last 100 --save hundred")
        {
            names, where, groupBy, last, hourly, daily, weekly, monthly, yearly, within, save, dryRun, store, json,
        };
        verb.Validators.Add(result =>
        {
            bool isNamed = result.GetValue(names) is { Length: > 0 }, isFiltered = result.GetValue(where) is not null;
            if (isNamed == isFiltered) result.AddError("Say --name or --where.");
            if (!isFiltered && result.GetValue(groupBy) is not null) result.AddError("--group-by goes with --where.");
            if (Policy(result.GetValue, result.GetValue(within)).IsEmpty)
                result.AddError("Say what stays: --keep-last, --keep-daily and others; 'rm' removes everything.");
            if (result.GetValue(save) is not null && result.GetValue(dryRun))
                result.AddError("--save and --dry-run exclude each other.");
            if (result.GetValue(save) == CollectVerb.Rule)
                result.AddError($"A rule cannot be called {CollectVerb.Rule}.");
        });
        verb.SetAction(parsed =>
        {
            Filter? filter = parsed.GetValue(where) is { } text ? Filter.Parse(text) : null;
            ForgetPolicy policy = Policy(parsed.GetValue, parsed.GetValue(within));
            bool isDryRun = parsed.GetValue(dryRun);
            string[] words = parsed.GetValue(groupBy)?.Split(',', StringSplitOptions.TrimEntries) ?? [];
            if (parsed.GetValue(save) is { } id)
            {
                return Save(parsed.GetValue(store), new ForgetRule
                {
                    Id = id,
                    Policy = policy,
                    Names = parsed.GetValue(names) ?? [],
                    Where = filter,
                    GroupBy = words,
                });
            }

            using CidStore opened = isDryRun
                ? StoreReading.Open(parsed.GetValue(store))
                : StoreWriting.Open(parsed.GetValue(store));
            ForgetResult result = filter is null
                ? opened.Retention.Forget(parsed.GetValue(names)!, policy, isDryRun)
                : opened.Retention.Forget(filter, words, policy, isDryRun);
            return Report(result, parsed.GetValue(json));
        });
        return verb;

        ForgetPolicy Policy(Func<Option<int?>, int?> number, TimeSpan? span) => new()
        {
            KeepLast = number(last) ?? 0,
            KeepHourly = number(hourly) ?? 0,
            KeepDaily = number(daily) ?? 0,
            KeepWeekly = number(weekly) ?? 0,
            KeepMonthly = number(monthly) ?? 0,
            KeepYearly = number(yearly) ?? 0,
            KeepWithin = span,
        };
    }

    private static Option<int?> Keep(string rule, string description) =>
        Verb.Number($"--keep-{rule}", 0, description);

    private static int Save(string? directory, ForgetRule rule)
    {
        using CidStore store = StoreWriting.Open(directory);
        MaintenancePolicy policy = store.Maintenance.GetPolicy();
        store.Maintenance.SetPolicy(policy with
        {
            Forget = [.. policy.Forget.Where(other => other.Id != rule.Id), rule],
        });
        return 0;
    }

    private static int Report(ForgetResult result, bool json)
    {
        using var output = Output.Open();
        string? group = null;
        foreach (ForgetVersion version in result.Versions)
        {
            if (json)
            {
                Print(output, version, result.IsDryRun);
                continue;
            }

            if (version.Group != group && version.Group.Length > 0)
                output.Line(CommandError.Visible(version.Group) + ":");
            group = version.Group;
            string words = version.KeptBy.Count > 0 ? $"keeps: {string.Join(", ", version.KeptBy)}"
                : version.Reasons.Count > 0 ? $"kept: {RemoveVerb.Words(version.Reasons)}"
                : result.IsDryRun ? "would be removed" : "removed";
            output.Line($"{ListVerb.Time(version.Time)}  {version.Cid}  {words}");
        }

        output.Writer.Flush();
        int gone = result.Versions.Where(version => version.IsForgotten).DistinctBy(version => version.Cid).Count();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{gone} {(result.IsDryRun ? "would be removed" : "removed")}, {result.ByteLength} bytes"));
        return 0;
    }

    private static void Print(Output output, ForgetVersion version, bool isDryRun) => output.JsonLine(writer =>
    {
        writer.WriteString("group", version.Group);
        writer.WriteString("time", ListVerb.Time(version.Time));
        writer.WriteString("cid", version.Cid.ToString());
        writer.WriteBoolean("isRemoved", version.IsForgotten && !isDryRun);
        writer.WriteBoolean("isDryRun", isDryRun);
        EntryJson.WriteTexts(writer, "keptBy", version.KeptBy);
        EntryJson.WriteTexts(writer, "keptBecause", version.Reasons.Select(Advice.Of));
    });
}
