using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>How a query was answered, for <c>--explain</c>, and how many blocks it found, for <c>--count</c>.</summary>
internal static class PlanText
{
    public static Option<bool> Option() => new("--explain")
    {
        Description = "Instead of the blocks: the index that finds them, and how many entries were looked at.",
    };

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
