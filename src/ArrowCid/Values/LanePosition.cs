namespace ArrowCid;

/// <summary>The last record of a lane that a watcher has passed.</summary>
/// <param name="Sequence">Its number; 0 before the first.</param>
/// <param name="Crc">Its header's checksum, which tells it from another of the same number in a lost and rewritten log;
/// 0 where it is not known.</param>
internal readonly record struct LanePosition(ulong Sequence, uint Crc);
