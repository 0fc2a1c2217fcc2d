namespace ArrowCid;

/// <summary>Blocks of every kind, held where they lie.</summary>
public sealed partial class CidStore
{
    /// <summary>Keeps blocks that are here from being removed until the hold is disposed of, the store is closed or
    /// this process ends, however it ends.</summary>
    /// <param name="cids">1 to 1,024 blocks.</param>
    /// <returns>The hold.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="StoreRetention.Pin"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public BlockHold Hold(params ReadOnlySpan<Cid> cids)
    {
        foreach (Cid cid in cids) BlockProof.ThrowIfDefault(cid);
        Cid[] held = cids.ToArray();
        return new BlockHold(Blocks, Registry.Pins.Hold(held), held);
    }
}
