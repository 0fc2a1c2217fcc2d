using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Damage as facts.</summary>
internal sealed partial class StoreRegistry
{
    /// <inheritdoc/>
    public IFactSource Record(DamagedRange range) => Record(new DamagedFact(range.Block, (ulong)range.Slot,
        range.Generation, (ulong)range.Offset, (ulong)range.Bytes,
        (ulong)Math.Max(0, _blocks.Clock.GetUtcNow().ToUnixTimeMilliseconds())));

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<byte> payload, ulong recordNanoseconds, List<DamagedRange> found)
    {
        foreach (FactGroup group in FactReader.Read(payload, recordNanoseconds, _ => { }))
        {
            foreach (DamagedFact fact in group.Facts.OfType<DamagedFact>())
                found.Add(new DamagedRange(fact.Block, (int)fact.Slot, (uint)fact.Generation, (long)fact.Offset,
                    (long)fact.Bytes));
        }
    }
}
