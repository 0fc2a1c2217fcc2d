using ArrowCid.Registry;

namespace ArrowCid.Transfer;

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
