namespace ArrowCid.Memory;

/// <summary>The fields of a struct ArrowArray.</summary>
/// <param name="Length">Slots.</param>
/// <param name="NullCount">Nulls, or -1.</param>
/// <param name="Offset">Slots of the buffers before the first.</param>
/// <param name="HasValidity">Whether the first buffer is a bitmap, which is NULL where it is empty.</param>
/// <param name="HasViews">Whether a buffer with the sizes of those from the third on is to be added.</param>
/// <param name="Children">How many there are.</param>
internal readonly record struct CArrayForm(
    long Length, long NullCount, long Offset, bool HasValidity, bool HasViews, int Children);
