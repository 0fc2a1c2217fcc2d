using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A block that a transaction puts. Its digest is known before its bytes are written.</summary>
internal readonly record struct TransactionBlock(PutRequest Request, Digest256 Digest);
