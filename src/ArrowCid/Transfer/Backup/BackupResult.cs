namespace ArrowCid.Transfer.Backup;

/// <summary>What one increment took.</summary>
public sealed record BackupResult
{
    /// <summary>The root of its CAR.</summary>
    public required Cid Root { get; init; }

    /// <summary>Its number, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>The moment.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The blocks that the store had.</summary>
    public required long Blocks { get; init; }

    /// <summary>Those whose bytes are in this increment.</summary>
    public required long NewBlocks { get; init; }

    /// <summary>The records of facts in it.</summary>
    public required long NewFacts { get; init; }

    /// <summary>The blocks of earlier increments that the store has no more.</summary>
    public required long Removed { get; init; }

    /// <summary>Its bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>What could not be read in the store, in words. Of it the backup has only what an earlier increment
    /// holds.</summary>
    public required IReadOnlyList<string> Faults { get; init; }
}
