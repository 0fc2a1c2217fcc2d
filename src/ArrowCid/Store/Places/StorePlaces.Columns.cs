namespace ArrowCid;

/// <summary>Columns of batches that are elsewhere.</summary>
public sealed partial class StorePlaces
{
    private readonly ColumnTable _columns;

    /// <summary>Columns of batches at places, and the manifests that prove them.</summary>
    internal PlaceColumns Columns { get; }

    /// <summary>Finds the CID that proves the columns of a block alone: the column manifest of a batch over 1 MiB, or
    /// the column manifests of a dataset that has one (<c>Ipld/MANIFESTS.md</c>). <see cref="Copy"/> makes them of the
    /// whole blocks and stores them at the place, where a reader without this store finds them by this CID.</summary>
    /// <param name="cid">The batch or dataset.</param>
    /// <returns>The CID; null if this store copied the block to no place that keeps manifests.</returns>
    public Cid? FindManifest(Cid cid)
    {
        BlockProof.ThrowIfDefault(cid);
        return _columns.Find(cid);
    }
}
