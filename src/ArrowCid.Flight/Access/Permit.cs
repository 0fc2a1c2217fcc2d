namespace ArrowCid.Flight.Access;

/// <summary>Whether a call may begin, and what ends it.</summary>
/// <param name="Decision">Whether the caller may.</param>
/// <param name="RetryAfter">Where it is above zero, the caller may, but not so often or so much at once.</param>
/// <param name="Hold">To be disposed of when the call ends; null where it may not begin.</param>
internal readonly record struct Permit(AccessDecision Decision, TimeSpan RetryAfter, IDisposable? Hold) : IDisposable
{
    public bool IsGiven => Hold is not null;

    public void Dispose() => Hold?.Dispose();
}
