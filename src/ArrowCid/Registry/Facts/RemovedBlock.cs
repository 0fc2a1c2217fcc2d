namespace ArrowCid.Registry;

/// <summary>The removal of one block, for later questions: its CID, its bytes and the rule that removed it.</summary>
/// <param name="Cid">The block.</param>
/// <param name="Bytes">The bytes that the store is smaller by.</param>
/// <param name="Reason">A <see cref="RemovalReason"/>; a later version may have others.</param>
internal readonly record struct RemovedBlock(Cid Cid, ulong Bytes, ulong Reason);
