namespace ArrowCid.Columnar;

/// <summary>What decoding may still take; asked before memory is taken.</summary>
internal sealed class ByteBudget(long limit)
{
    public long Used { get; private set; }

    /// <summary>Counts bytes that are about to be allocated.</summary>
    /// <exception cref="InvalidArrowException">They are more than is left.</exception>
    public void Take(long bytes, FieldPath? fieldPath = null, long offset = -1)
    {
        if (bytes > limit - Used)
        {
            throw new InvalidArrowException(
                $"decoding takes {bytes} bytes more where {limit - Used} of the memory budget of {limit} are left",
                fieldPath, offset: offset, code: ErrorCode.TooLarge);
        }

        Used += bytes;
    }

    public void Return(long bytes) => Used -= bytes;
}
