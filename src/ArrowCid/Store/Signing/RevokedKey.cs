namespace ArrowCid;

/// <summary>A key whose statements no longer count.</summary>
public sealed record RevokedKey
{
    /// <summary>The id of the key, <c>p256:…</c>.</summary>
    public required string Key { get; init; }

    /// <summary>From which time on its statements do not count, by the time in the statement, which the holder of the
    /// key chooses: null, for a key that another person may have, is all of them.</summary>
    public DateTimeOffset? Since { get; init; }
}
