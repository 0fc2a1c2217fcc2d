namespace ArrowCid.Ipld;

/// <summary>One batch of a dataset.</summary>
/// <param name="Cid">Its block's CID.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="ByteLength">Its block's bytes.</param>
/// <param name="Dag">Where the block is over <see cref="Dataset.MaxLinked"/> bytes, the root of the same bytes as a
/// UnixFS file; else the default.</param>
internal readonly record struct DatasetBatch(Cid Cid, long Rows, long ByteLength, Cid Dag);
