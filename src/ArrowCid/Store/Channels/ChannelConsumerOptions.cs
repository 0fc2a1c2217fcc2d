namespace ArrowCid;

/// <summary>How a durable consumer gets messages again.</summary>
public sealed class ChannelConsumerOptions
{
    /// <summary>A message that is not acknowledged within this time is delivered again.</summary>
    public TimeSpan AckWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After this number of deliveries by one process a message is given up: it counts as acknowledged, and
    /// <see cref="ChannelConsumer.Dead"/> counts it; null (the default) never.</summary>
    public int? MaxDeliver { get; init; }
}
