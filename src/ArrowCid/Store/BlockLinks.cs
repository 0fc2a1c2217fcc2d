namespace ArrowCid;

/// <summary>What a block has to do with others.</summary>
/// <param name="Cid">The block.</param>
/// <param name="Schema">The CID of its schema; null where the block is not here or has none.</param>
/// <param name="Parents">The blocks that it was made of, as was said.</param>
/// <param name="Children">The blocks derived from it, according to their metadata; sorted.</param>
/// <param name="Names">The names that point to it, sorted.</param>
public sealed record BlockLinks(Cid Cid, Cid? Schema, IReadOnlyList<Cid> Parents, IReadOnlyList<Cid> Children,
    IReadOnlyList<string> Names);
