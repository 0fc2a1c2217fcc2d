namespace ArrowCid.Postgres;

/// <summary>A row of a snapshot: the facts of one word of a block, or one change of a name.</summary>
/// <param name="Digest">The block; null for a name.</param>
/// <param name="Name">The name; null for a block.</param>
/// <param name="Kind">The kind of the fact.</param>
/// <param name="Facts">The payload of a record with the fact and its stamp.</param>
internal sealed record SnapshotRow(byte[]? Digest, string? Name, short Kind, byte[] Facts);
