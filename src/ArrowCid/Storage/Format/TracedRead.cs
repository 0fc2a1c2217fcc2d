namespace ArrowCid.Storage;

/// <summary>A read of a block in a trace.</summary>
/// <param name="Nanoseconds">When, since 1970.</param>
/// <param name="Hash">The SHA-256 of the block.</param>
/// <param name="Bytes">Its size; 0 where the read failed.</param>
/// <param name="Place">The key of the place that it came from.</param>
/// <param name="TookNs">What that took.</param>
internal sealed record TracedRead(ulong Nanoseconds, byte[] Hash, long Bytes, ulong Place, long TookNs);
