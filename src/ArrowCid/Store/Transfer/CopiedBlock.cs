using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A block of raw bytes in private memory.</summary>
/// <param name="Length">Its bytes.</param>
/// <param name="Expected">As for <see cref="BlockPutting.PutFrom"/>.</param>
/// <param name="OnlyBatch">As for <see cref="BlockPutting.PutFrom"/>.</param>
internal sealed record CopiedBlock(int Length, Cid Expected, bool OnlyBatch)
{
    /// <summary>The result, once its group is put: as <see cref="BlockPutting.PutFrom"/> returns it.</summary>
    public (PutResult Put, BlockKind Kind)? Result { get; set; }
}
