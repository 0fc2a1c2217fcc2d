namespace ArrowCid.Ipld;

/// <summary>A piece of a block: raw bytes of their own CID.</summary>
internal readonly record struct ColumnPiece(Cid Cid, int Length);
