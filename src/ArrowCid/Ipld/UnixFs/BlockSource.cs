namespace ArrowCid.Ipld;

/// <summary>Where blocks come from: the bytes of a CID, proved, or null where they are not there.</summary>
internal delegate ReadOnlyMemory<byte>? BlockSource(Cid cid);
