namespace ArrowCid.Registry;

/// <summary>One change of a name.</summary>
public readonly record struct NameChange
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>What the name points to since; null if the name was removed.</summary>
    public required Cid? Cid { get; init; }

    /// <summary>When, to the millisecond, by the store's clock, which never goes back.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The handle that changed it: another one each time a store is opened.</summary>
    public required Guid Writer { get; init; }

    /// <summary>Another change replaced the same one: two stores changed the name, and their facts came together. The
    /// later one stands.</summary>
    public required bool IsConflict { get; init; }
}
