using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary>Gateways that are named one after the other: any of them may answer.</summary>
internal static class HedgedSources
{
    /// <summary>The setting of the delay after which the next gateway is asked too.</summary>
    public const string Variable = "ARROWCID_HEDGE";

    /// <summary>Replaces gateways that follow one another by one source.</summary>
    public static void Join(List<BlockBackend> sources)
    {
        for (int i = 0; i < sources.Count; i++)
        {
            int end = i;
            while (end < sources.Count && sources[end] is GatewayBackend) end++;
            if (end - i < 2) continue;
            BlockBackend joined = BlockBackend.Hedged(sources.GetRange(i, end - i),
                new HedgeOptions { Delay = Delay() });
            sources.RemoveRange(i, end - i);
            sources.Insert(i, joined);
        }
    }

    /// <summary>Reads the setting; null: the delay follows from the answers.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no span.</exception>
    public static TimeSpan? Delay()
    {
        string? text = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(text)) return null;
        if (text == "off") return Timeout.InfiniteTimeSpan;
        if (text.EndsWith("ms", StringComparison.Ordinal) && int.TryParse(text.AsSpan(0, text.Length - 2), out int ms)
            && ms >= 0)
        {
            return TimeSpan.FromMilliseconds(ms);
        }

        return Filter.TryParseSpan(text, out TimeSpan span) && span.TotalHours < 1
            ? span
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{Variable} is a span of time such as 200ms or 2s, or off, not '{text}'");
    }
}
