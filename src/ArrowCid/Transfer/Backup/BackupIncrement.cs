namespace ArrowCid.Transfer.Backup;

/// <summary>One increment of a backup: what a store had at a moment beyond the increments before.</summary>
public sealed record BackupIncrement
{
    /// <summary>Its number, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>The root of its CAR, which the next one names.</summary>
    public required Cid Root { get; init; }

    /// <summary>The store.</summary>
    public required Guid Store { get; init; }

    /// <summary>The moment.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The blocks that were alive then, those of earlier increments among them.</summary>
    public required long Blocks { get; init; }

    /// <summary>The bytes of its CAR.</summary>
    public required long ByteLength { get; init; }
}
