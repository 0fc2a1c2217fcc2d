using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A version, and what a policy makes of it.</summary>
/// <param name="Group">What it is a version of: a name, or the values that versions were grouped by.</param>
/// <param name="Time">When it came to be.</param>
/// <param name="Cid">The block.</param>
/// <param name="KeptBy">The policy's rules that keep it.</param>
/// <param name="Reasons">Where no rule does: what keeps it all the same.</param>
public sealed record ForgetVersion(string Group, DateTimeOffset Time, Cid Cid, IReadOnlyList<string> KeptBy,
    IReadOnlyList<KeepReason> Reasons)
{
    /// <summary>Whether it goes.</summary>
    public bool IsForgotten => KeptBy.Count == 0 && Reasons.Count == 0;
}
