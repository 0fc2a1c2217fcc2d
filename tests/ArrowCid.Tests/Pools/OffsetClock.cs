namespace ArrowCid.Tests.Pools;

/// <summary>The clock of a machine that is wrong by a span, which a test changes.</summary>
internal sealed class OffsetClock(TimeSpan offset) : TimeProvider
{
    public TimeSpan Offset { get; set; } = offset;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + Offset;
}
