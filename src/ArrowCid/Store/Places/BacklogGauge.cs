using System.Globalization;

namespace ArrowCid;

/// <summary>The bytes of the backlog of this handle, as far as it knows: exact whenever the backlog was counted or is
/// empty; what other processes put meanwhile counts from the next count on.</summary>
/// <param name="most">The bytes over which puts are refused; null for no limit.</param>
internal sealed class BacklogGauge(long? most)
{
    private long _bytes;

    /// <summary>The bytes that are to be copied.</summary>
    public long Bytes => Math.Max(0, Interlocked.Read(ref _bytes));

    /// <summary>Sets the number that was counted.</summary>
    public void Set(long bytes) => Interlocked.Exchange(ref _bytes, bytes);

    /// <summary>Counts a block that was put, or, with a negative number, blocks that were copied.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Refuses a put where too much waits.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>.</exception>
    public void ThrowIfOver()
    {
        if (most is not { } limit || Bytes <= limit) return;
        throw new ArrowCidException(ErrorCode.StoreFull, string.Create(CultureInfo.InvariantCulture,
            $"{Bytes} bytes wait to be copied to a place, and at most {limit} may; try again when it has caught up"));
    }
}
