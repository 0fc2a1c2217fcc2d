namespace ArrowCid.Storage;

/// <summary>A block of a transaction that the store has: a REF announces it.</summary>
/// <param name="Number">Its number among the blocks that the caller gave.</param>
/// <param name="Request">Its put.</param>
/// <param name="Block">The block.</param>
/// <param name="IsRepaired">Whether the stored copy was damaged, and was repaired first.</param>
internal sealed record KnownBlock(int Number, PutRequest Request, LeasedBlock Block, bool IsRepaired);
