namespace ArrowCid.Registry;

/// <summary>Where the next sync with another store begins: the other store's cursor and this store's, as texts; empty
/// where it is not known. It is of one store, and never travels.</summary>
internal sealed record SyncFact(Guid Peer, string Cursor, string Fence) : Fact(FactKind.Sync);
