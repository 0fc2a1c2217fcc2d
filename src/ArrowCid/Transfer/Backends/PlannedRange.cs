namespace ArrowCid.Transfer.Backends;

/// <summary>A range of a block that is read at once.</summary>
/// <param name="Offset">The offset of its first byte in the block.</param>
/// <param name="Length">Its number of bytes.</param>
/// <param name="Slices">The positions of the slices in it.</param>
internal sealed record PlannedRange(long Offset, int Length, int[] Slices);
