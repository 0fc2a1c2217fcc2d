namespace ArrowCid.Benchmarks;

/// <summary>One line of a benchmark: ours against a competitor, both timed in turn in the same run.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Ours">Our median; null where it cannot be measured here (<see cref="Note"/> says why).</param>
/// <param name="Competitor">The competitor's median; null where it is absent, or where there is none to compare
/// with.</param>
/// <param name="Unit">The unit of both.</param>
/// <param name="CompetitorName">The name of the competitor; empty where there is none.</param>
/// <param name="Goal">The ratio that was aimed at, or null where the goal is a figure of its own.</param>
/// <param name="FigureGoal">The figure that was aimed at, in <paramref name="Unit"/>.</param>
internal sealed record Measurement(string Name, double? Ours, double? Competitor, string Unit,
    string CompetitorName, double? Goal, double? FigureGoal = null)
{
    /// <summary>Whether a smaller figure is the better one.</summary>
    public bool IsLessBetter { get; init; }

    /// <summary>What the figures mean, or why there are none.</summary>
    public string? Note { get; init; }

    /// <summary>Whether this machine has what the goal is set for.</summary>
    public bool IsGoalForHere { get; init; } = true;

    /// <summary>How many times better ours is.</summary>
    public double? Ratio => IsLessBetter ? Competitor / Ours : Ours / Competitor;

    /// <summary>Whether the goal was met; null where there is none, or nothing to tell it by.</summary>
    public bool? IsMet
    {
        get
        {
            if (!IsGoalForHere) return null;
            if (Goal is { } goal) return Ratio is { } ratio ? ratio >= goal : null;
            if (FigureGoal is not { } figure || Ours is not { } ours) return null;
            return IsLessBetter ? ours <= figure : ours >= figure;
        }
    }

    public string Verdict => (IsMet, Goal ?? FigureGoal) switch
    {
        (true, _) => "met",
        (false, _) => "MISSED",
        (null, _) when Ours is null || !IsGoalForHere => "n/a",
        (null, null) => "no goal",
        _ => "no peer",
    };
}
