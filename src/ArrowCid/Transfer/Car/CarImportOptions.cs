using ArrowCid.Transfer.Backends;

namespace ArrowCid.Transfer;

/// <summary>How a CAR is imported.</summary>
public sealed class CarImportOptions
{
    /// <summary>Takes what is there where blocks are missing, do not hash to their CIDs, or cannot be proved, or where
    /// the file was cut short; else such a CAR is refused whole.</summary>
    public bool Partial { get; init; }

    /// <summary>A section of no length ends the CAR, as padding; else it is a fault.</summary>
    public bool ZeroEnds { get; init; }

    /// <summary>Where blocks come from that the CAR's roots lead to and it lacks, or with <see cref="Partial"/> has
    /// damaged; null: from nowhere.</summary>
    public BlockBackend? From { get; init; }
}
