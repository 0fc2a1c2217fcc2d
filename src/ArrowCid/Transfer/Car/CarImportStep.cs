using ArrowCid.Ipld.Car;

namespace ArrowCid.Transfer;

/// <summary>What is to be put for one block of a CAR.</summary>
/// <param name="Block">The block.</param>
/// <param name="Content">Where it is a UnixFS file or a column manifest: the places of its content's parts in the CAR,
/// in order; else null.</param>
/// <param name="Parts">The blocks that it was cut into and that are not needed for themselves.</param>
/// <param name="Expected">What the content hashes to, where that is said; else the default.</param>
internal sealed record CarImportStep(int Block, IReadOnlyList<CarSection>? Content, IReadOnlyList<int> Parts,
    Cid Expected)
{
    /// <summary>Where it is the directory of a dataset: the blocks of raw bytes that are put as nodes of the dataset,
    /// in this order, the dataset last; else null.</summary>
    public IReadOnlyList<int>? Nodes { get; init; }

    /// <summary>The content's bytes.</summary>
    public long Length { get; } = Content?.Sum(part => (long)part.Length) ?? 0;
}
