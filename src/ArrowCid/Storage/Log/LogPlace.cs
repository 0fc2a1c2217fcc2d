namespace ArrowCid.Storage;

/// <summary>A record's place in the logs.</summary>
internal readonly record struct LogPlace(int Lane, ulong Sequence);
