namespace ArrowCid.Server.Access;

/// <summary>Whether a call may begin, and what ends it.</summary>
/// <param name="Decision">Whether the caller may.</param>
/// <param name="RetryAfter">Above zero if the caller is permitted but exceeds a rate: the time to wait before the next
/// attempt.</param>
/// <param name="Hold">To be disposed of when the call ends; null where it may not begin.</param>
internal readonly record struct Permit(AccessDecision Decision, TimeSpan RetryAfter, IDisposable? Hold) : IDisposable
{
    public bool IsGiven => Hold is not null;

    public void Dispose() => Hold?.Dispose();
}
