using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A version, and what a policy makes of it.</summary>
public sealed record ForgetVersion
{
    /// <summary>What it is a version of: a name, or the values that versions were grouped by.</summary>
    public required string Group { get; init; }

    /// <summary>When it came to be.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The block.</summary>
    public required Cid Cid { get; init; }

    /// <summary>The policy's rules that keep it.</summary>
    public required IReadOnlyList<string> KeptBy { get; init; }

    /// <summary>Where no rule does: what keeps it all the same.</summary>
    public required IReadOnlyList<KeepReason> Reasons { get; init; }

    /// <summary>Whether it goes.</summary>
    public bool IsForgotten => KeptBy.Count == 0 && Reasons.Count == 0;
}
