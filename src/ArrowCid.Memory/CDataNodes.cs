namespace ArrowCid.Memory;

/// <summary>A struct ArrowSchema to be made: texts as UTF-8 without a NUL, metadata encoded; null for none.</summary>
internal sealed record CSchemaNode(
    byte[] Format, byte[] Name, byte[]? Metadata, long Flags, CSchemaNode[] Children, CSchemaNode? Dictionary);

/// <summary>A struct ArrowArray to be made over memory where it lies.</summary>
/// <param name="Length">Slots.</param>
/// <param name="NullCount">Nulls, or -1.</param>
/// <param name="Offset">Slots of the buffers before the first.</param>
/// <param name="Buffers">Buffers in Arrow's order.</param>
/// <param name="HasValidity">Whether the first is a bitmap, which is NULL where it is empty.</param>
/// <param name="HasViews">Whether a buffer with the sizes of those from the third on is to be added.</param>
/// <param name="Children">The children.</param>
/// <param name="Dictionary">The values of a dictionary-encoded array.</param>
internal sealed record CArrayNode(long Length, long NullCount, long Offset, ReadOnlyMemory<byte>[] Buffers,
    bool HasValidity, bool HasViews, CArrayNode[] Children, CArrayNode? Dictionary);
