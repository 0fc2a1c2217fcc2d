namespace ArrowCid;

/// <summary>Keeps the blocks of a sync to a number of bytes per second. Time that was not used is not
/// saved.</summary>
/// <param name="bytesPerSecond">The bytes of blocks per second; null: no limit.</param>
/// <param name="clock">The clock.</param>
/// <param name="wait">Waits.</param>
internal sealed class SyncPace(long? bytesPerSecond, TimeProvider clock, Action<TimeSpan> wait)
{
    /// <summary>The least rate, so that a part of a block comes before the other side gives up.</summary>
    public const long LeastRate = 1 << 16;

    // What is asked for at once comes within some seconds, so that the other side does not wait for the next request.
    private const int MostBytes = 16 << 20, SecondsAtOnce = 5;

    private long _since = clock.GetTimestamp();
    private long _bytes;

    /// <summary>The most bytes of blocks that are asked for, or sent, at once.</summary>
    public long BytesAtOnce => bytesPerSecond is { } rate ? Math.Min(MostBytes, rate * SecondsAtOnce) : MostBytes;

    /// <summary>Takes note of bytes that were moved, and waits until that many may be.</summary>
    public void Spend(long bytes)
    {
        if (bytesPerSecond is not { } rate) return;
        _bytes += bytes;
        TimeSpan left = TimeSpan.FromSeconds((double)_bytes / rate) - clock.GetElapsedTime(_since);
        if (left > TimeSpan.Zero) wait(left);
        (_since, _bytes) = (clock.GetTimestamp(), 0);
    }
}
