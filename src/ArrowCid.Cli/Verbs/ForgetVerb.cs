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
            Description = "Versions are what this name stood for; may be given several times.",
        };
        Option<string?> where = Verb.Where("Versions are the batches that pass a filter, as of their first put.");
        var groupBy = new Option<string?>("--group-by")
        {
            HelpName = "WORDS",
            Description = "With --where: judge apart what differs in these: producer, schema, tag.KEY, with commas.",
        };
        Option<int?> last = Keep("last", "So many of the last versions.");
        Option<int?> hourly = Keep("hourly", "The last version of each of so many hours that have one.");
        Option<int?> daily = Keep("daily", "The same of days (UTC).");
        Option<int?> weekly = Keep("weekly", "The same of weeks (ISO).");
        Option<int?> monthly = Keep("monthly", "The same of months.");
        Option<int?> yearly = Keep("yearly", "The same of years.");
        Option<TimeSpan?> within = Verb.Span("--keep-within", "All that is no more than this older than the last.");
        var save = new Option<string?>("--save")
        {
            HelpName = "RULE",
            Description = "Put this into the store's policy under a name, for 'maintain' and 'serve', instead of " +
                "doing it now; a rule of that name is replaced.",
        };
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("forget",
            "Removes old versions: TIME  CID  removed, or what keeps it, after a line for each group. A version " +
            "stays where one rule keeps it; what a name, pin, running process or other block needs stays too. A " +
            "name's history stays in words. 'gc' and 'compact' give the room back.",
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
                return Save(parsed.GetValue(store), new ForgetRule(id, policy)
                {
                    Names = parsed.GetValue(names) ?? [],
                    Where = filter,
                    GroupBy = words,
                });
            }

            using CidStore opened = isDryRun
                ? StoreReading.Open(parsed.GetValue(store))
                : StoreWriting.Open(parsed.GetValue(store));
            ForgetResult result = filter is null
                ? opened.Forget(parsed.GetValue(names)!, policy, isDryRun)
                : opened.Forget(filter, words, policy, isDryRun);
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
        MaintenancePolicy policy = store.GetMaintenancePolicy();
        store.SetMaintenancePolicy(policy with
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
        EntryJson.WriteTexts(writer, "keptBecause", version.Reasons.Select(reason => reason.ToString()));
    });
}
