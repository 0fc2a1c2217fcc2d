using ArrowCid.Exchange.Backends;
using ArrowCid.Registry;

namespace ArrowCid.Exchange;

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

    /// <summary>Gets the bytes read so far, now and then: first while all is proved, then again while it is
    /// put.</summary>
    public Action<long>? Progress { get; init; }
}

/// <summary>A block that a CAR brought.</summary>
/// <param name="Cid">Its CID in the store.</param>
/// <param name="Kind">What it is there.</param>
/// <param name="ByteLength">Its bytes.</param>
/// <param name="IsNew">Whether the store did not have it.</param>
/// <param name="From">The root of the UnixFS file or column manifest that it was put together from; its own CID where
/// it was one block.</param>
public readonly record struct ImportedBlock(Cid Cid, BlockKind Kind, long ByteLength, bool IsNew, Cid From)
{
    /// <summary>Whether the store had the block with damaged bytes, which those of the CAR have replaced.</summary>
    public bool IsRepaired { get; init; }
}

/// <summary>What a CAR brought.</summary>
/// <param name="Roots">The CAR's roots.</param>
/// <param name="Blocks">The blocks that the store has now, in the order in which they were put: each behind those that
/// it links to.</param>
/// <param name="Missing">How many blocks were linked to and not there.</param>
/// <param name="Skipped">How many blocks were there and not taken: damaged, or under a hash that cannot be proved or
/// is no SHA-256.</param>
public sealed record CarImport(IReadOnlyList<Cid> Roots, IReadOnlyList<ImportedBlock> Blocks, long Missing,
    long Skipped)
{
    /// <summary>The names that the CAR carries, sorted, with the blocks that they point to. The import sets
    /// none.</summary>
    public IReadOnlyList<KeyValuePair<string, Cid>> Names { get; init; } = [];

    /// <summary>Where the first section begins that the CAR does not have whole, because its file was cut short; null
    /// where it was not.</summary>
    public long? CutAt { get; init; }
}
