namespace ArrowCid.Registry;

/// <summary>Blocks that are kept while a lock byte of the control file is locked. Bytes are drawn at random and never
/// used twice, so that a byte is its own nonce.</summary>
internal sealed record HoldFact(Cid[] Subjects, ulong LockByte) : Fact(FactKind.Hold);
