namespace ArrowCid;

/// <summary>Options of a watch.</summary>
public sealed class WatchOptions
{
    /// <summary>The watch ends once nothing has come for so long; zero ends it with what is there, null (the default)
    /// never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether <see cref="StoreEvent.Metadata"/> are read.</summary>
    public bool WithMetadata { get; init; }

    /// <summary>A pattern: changes of the names that match it are announced too. <c>*</c> matches any characters,
    /// <c>?</c> one; null (the default): no names. Changes by other stores are announced when a sync brings
    /// them.</summary>
    public string? Names { get; init; }

    /// <summary>Whether puts are announced; true by default.</summary>
    public bool WithPuts { get; init; } = true;
}
