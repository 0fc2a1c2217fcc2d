namespace ArrowCid.Ipc;

/// <summary>A footer's word on where a message lies: its metadata's length counts the prefix.</summary>
internal readonly record struct FooterBlock(long Offset, int MetadataLength, long BodyLength);
