using ArrowCid.Registry;

namespace ArrowCid.Transfer;

/// <summary>A block that a CAR brought.</summary>
public readonly record struct ImportedBlock
{
    /// <summary>Its CID in the store.</summary>
    public required Cid Cid { get; init; }

    /// <summary>What it is there.</summary>
    public required BlockKind Kind { get; init; }

    /// <summary>Its bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>Whether the store did not have it.</summary>
    public required bool IsNew { get; init; }

    /// <summary>The root of the UnixFS file or column manifest that it was put together from; its own CID where it was
    /// one block.</summary>
    public required Cid From { get; init; }

    /// <summary>Whether the store had the block with damaged bytes, which those of the CAR have replaced.</summary>
    public bool IsRepaired { get; init; }
}
