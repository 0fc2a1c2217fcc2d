namespace ArrowCid;

/// <summary>How <see cref="StorePlaces.Drop"/> removes blocks.</summary>
public sealed record DropOptions
{
    /// <summary>The place to remove them from; <see cref="BlockPlace.Here"/> is the store itself.</summary>
    public string From { get; init; } = BlockPlace.Here;

    /// <summary>Removes blocks although no other copy was proved, and from places that cannot be locked.</summary>
    public bool Force { get; init; }

    /// <summary>Only reports what would be removed. Other copies are read and proved all the same.</summary>
    public bool DryRun { get; init; }
}
