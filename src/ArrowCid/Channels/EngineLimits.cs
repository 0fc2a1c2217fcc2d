namespace ArrowCid.Channels;

/// <summary>How much of what others send an engine holds. A writer may take a quarter of what may wait.</summary>
internal sealed record EngineLimits
{
    public static readonly EngineLimits Default = new();

    /// <summary>Messages that wait for others.</summary>
    public int Waiting { get; init; } = 65_536;

    /// <summary>Their bytes.</summary>
    public long WaitingBytes { get; init; } = 64 << 20;

    /// <summary>Missing messages.</summary>
    public int Gaps { get; init; } = 4_096;

    /// <summary>Writers and other participants.</summary>
    public int Participants { get; init; } = 1_024;
}
