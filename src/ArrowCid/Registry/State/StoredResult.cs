namespace ArrowCid.Registry;

/// <summary>A result of a call that has not expired.</summary>
/// <param name="Call">The block of the call.</param>
/// <param name="Value">The result.</param>
/// <param name="Time">When it was recorded.</param>
/// <param name="Expires">When it ends.</param>
/// <param name="Tags">The tags of the block of the call.</param>
internal sealed record StoredResult(Cid Call, Cid Value, DateTimeOffset Time, DateTimeOffset Expires,
    IReadOnlyDictionary<string, string> Tags);
