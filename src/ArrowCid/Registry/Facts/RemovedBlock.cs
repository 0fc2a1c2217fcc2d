namespace ArrowCid.Registry;

/// <summary>Why one block was dropped, for who asks later: its CID, its bytes, and by which rule it went.</summary>
/// <param name="Cid">The block.</param>
/// <param name="Bytes">The bytes that the store is smaller by.</param>
/// <param name="Reason">A <see cref="RemovalReason"/>; a later version may have others.</param>
internal readonly record struct RemovedBlock(Cid Cid, ulong Bytes, ulong Reason);
