using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>How a query was answered, for <c>--explain</c>, and how many blocks it found, for <c>--count</c>.</summary>
internal static class PlanText
{
    public static Option<bool> Option() => new("--explain")
    {
        Description = "Only the plan: the index that finds the blocks, and the number of entries that were read.",
    };

    /// <summary>Answers a query to its end, or its limit, with one page of entries in memory at a time.</summary>
    /// <param name="store">The store.</param>
    /// <param name="asked">The query.</param>
    /// <param name="counts">Which of its entries count.</param>
    public static (QueryExplanation Plan, long Found) Follow(CidStore store, QueryOptions asked,
        Predicate<StoredEntry> counts)
    {
        const int PageOf = 4096;
        QueryExplanation? plan = null;
        string? after = asked.After;
        long found = 0, lookedAt = 0;
        for (int left = asked.Limit; ;)
        {
            QueryPage page = store.Metadata.QueryPage(new QueryOptions
            {
                Filter = asked.Filter,
                IncludeMissing = asked.IncludeMissing,
                NewestFirst = asked.NewestFirst,
                Limit = Math.Min(left, PageOf),
                After = after,
            });
            plan ??= page.Plan;
            found += page.Entries.Count(entry => counts(entry));
            lookedAt += page.Plan.LookedAt;
            left -= page.Entries.Count;
            after = page.Next;
            if (after is null || left == 0) return (plan with { LookedAt = lookedAt }, found);
        }
    }

    public static void PrintCount(long count, bool json)
    {
        using var output = Output.Open();
        if (json) output.JsonLine(writer => writer.WriteNumber("count", count));
        else output.Line(count.ToString(CultureInfo.InvariantCulture));
    }

    public static void Print(Filter? filter, QueryExplanation plan, long found, bool json)
    {
        using var output = Output.Open();
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("index", plan.Index);
                writer.WriteString("test", plan.Test);
                writer.WriteNumber("estimate", plan.Estimate);
                writer.WriteNumber("lookedAt", plan.LookedAt);
                writer.WriteNumber("found", found);
            });
            return;
        }

        CultureInfo plain = CultureInfo.InvariantCulture;
        output.Line($"index      {plan.Index}");
        output.Line($"for        {(plan.Test.Length == 0 ? "every entry of it" : plan.Test)}");
        output.Line($"filter     {filter?.ToString() ?? "none"}");
        output.Line(string.Create(plain, $"keys       about {plan.Estimate}"));
        output.Line(string.Create(plain, $"looked at  {plan.LookedAt} entries"));
        output.Line(string.Create(plain, $"found      {found}"));
    }
}
