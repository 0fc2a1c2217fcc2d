namespace ArrowCid.Storage;

/// <summary>A record that was found in a segment's file.</summary>
internal readonly record struct SalvagedRecord(long Offset, RecordHeader Header);
