namespace ArrowCid.Flight.Limits;

/// <summary>How long a caller without a token may leave an answer unread. Such an answer keeps a lease and a stream,
/// and all callers of an address without a token share its streams.</summary>
/// <param name="Patience">The time in which the caller must read the next piece of the answer.</param>
/// <param name="Time">The clock.</param>
internal sealed record UnreadLimit(TimeSpan Patience, TimeProvider Time);
