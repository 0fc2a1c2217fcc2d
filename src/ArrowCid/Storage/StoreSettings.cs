namespace ArrowCid.Storage;

/// <summary>How a store is opened, and made where there is none; the facade's options say what each means.</summary>
internal sealed record StoreSettings
{
    public long Capacity { get; init; }

    public long SegmentSize { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public bool ReadOnly { get; init; }

    public bool MustExist { get; init; }

    /// <summary>The entries that a new store's index begins with; a power of two.</summary>
    public int InitialIndexEntries { get; init; } = 1 << 16;

    /// <summary>How often a writer looks after its idle lane and an unfinished growth.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(100);
}
