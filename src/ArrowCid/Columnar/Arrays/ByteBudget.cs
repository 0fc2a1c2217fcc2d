namespace ArrowCid.Columnar;

/// <summary>What decoding may still take; asked before memory is taken.</summary>
/// <param name="limit">The most bytes.</param>
/// <param name="grant">A shared budget that the bytes count against too; null for none.</param>
internal sealed class ByteBudget(long limit, IByteGrant? grant = null)
{
    // Many arrays are small; the grant is asked for this much at least.
    private const long LeastGranted = 1L << 20;

    private long _granted;

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

        if (grant is not null && Used + bytes > _granted)
        {
            long more = Math.Max(LeastGranted, Used + bytes - _granted);
            grant.Take(more);
            _granted += more;
        }

        Used += bytes;
    }

    public void Return(long bytes)
    {
        Used -= bytes;
        if (grant is null || _granted - Used <= LeastGranted) return;
        grant.Return(_granted - Used - LeastGranted);
        _granted = Used + LeastGranted;
    }
}
