namespace ArrowCid.Registry;

/// <summary>Some of what a query found.</summary>
/// <param name="Entries">The entries, in the plan's order.</param>
/// <param name="Place">After the last key that was looked at.</param>
/// <param name="IsEnd">Whether there is nothing more.</param>
/// <param name="LookedAt">The entries that were made and asked.</param>
internal readonly record struct QueryPiece(List<StoredEntry> Entries, QueryPlace Place, bool IsEnd, long LookedAt);
