using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>What is said of a batch as it is put. Whoever sees the block sees these facts.</summary>
public sealed class PutOptions : BlockMetadata
{
    /// <summary>A name that stands for the block from then on, whatever it stood for; it is set once the block is
    /// there.</summary>
    public string? Name { get; init; }

    /// <summary>Pins the block.</summary>
    public bool Pin { get; init; }

    /// <summary>The same with another name, or none.</summary>
    internal PutOptions WithName(string? name) => new()
    {
        Tags = Tags,
        Producer = Producer,
        Parents = Parents,
        Json = Json,
        Locations = Locations,
        Expires = Expires,
        ExpiresAfter = ExpiresAfter,
        Pin = Pin,
        Name = name,
    };
}

/// <summary>What a watch brings.</summary>
public sealed class WatchOptions
{
    /// <summary>The watch ends once nothing has come for so long; zero ends it with what is there, null (the default)
    /// never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether <see cref="StoreEvent.Metadata"/> are read.</summary>
    public bool WithMetadata { get; init; }
}

/// <summary>What a block has to do with others.</summary>
/// <param name="Cid">The block.</param>
/// <param name="Schema">The CID of its schema; null where the block is not here or has none.</param>
/// <param name="Parents">The blocks that it was made of, as was said.</param>
/// <param name="Children">The blocks that were made of it, as was said of them; sorted.</param>
/// <param name="Names">The names that stand for it, sorted.</param>
public sealed record BlockLinks(Cid Cid, Cid? Schema, IReadOnlyList<Cid> Parents, IReadOnlyList<Cid> Children,
    IReadOnlyList<string> Names);

/// <summary>A block that was not removed.</summary>
/// <param name="Cid">Its CID.</param>
/// <param name="Reasons">Why; at least one.</param>
public sealed record KeptBlock(Cid Cid, IReadOnlyList<KeepReason> Reasons);

/// <summary>What was removed, or would be.</summary>
/// <param name="Removed">The blocks that go.</param>
/// <param name="Kept">Those that were asked for and stay.</param>
/// <param name="ByteLength">The bytes of the blocks that go; the room comes back when the store is cleaned up.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record RemoveResult(IReadOnlyList<Cid> Removed, IReadOnlyList<KeptBlock> Kept, long ByteLength,
    bool IsDryRun);
