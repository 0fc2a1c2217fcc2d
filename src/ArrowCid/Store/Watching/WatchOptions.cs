namespace ArrowCid;

/// <summary>Options of a watch.</summary>
public sealed class WatchOptions
{
    /// <summary>The watch ends once nothing has come for so long; zero ends it with what is there, null (the default)
    /// never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether <see cref="StoreEvent.Metadata"/> are read.</summary>
    public bool WithMetadata { get; init; }
}
