using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Tests.Flight;

namespace ArrowCid.Tests.Storage;

/// <summary>A block and its schema survive a sweep together.</summary>
public sealed class SchemaBlocksTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Schema_is_announced_again_when_a_sweep_ran_during_the_put(bool isSwept)
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        CanonicalSchema schema = CanonicalSchema.Of(ServedStore.Sequence(1, 1).Schema);
        _ = store.Schemas.PutUnder(schema, () => true);
        ulong records = store.Coordination.RecordsGiven();
        _ = store.Schemas.PutUnder(schema, () =>
        {
            if (!isSwept) return true;
            using MaintenanceLockScope term = store.Coordination.TryBecomeJanitor(TimeSpan.FromSeconds(60))!;
            term.BeginSweep();
            term.EndSweep();
            return true;
        });
        Assert.Equal(isSwept ? 1ul : 0ul, store.Coordination.RecordsGiven() - records);
        using RecordLease? kept = store.Find(schema.Digest);
        Assert.NotNull(kept);
        Assert.Equal(schema.Message, kept.Memory.Span);
        Digest256 digest = kept.Digest;
        Assert.Equal(schema.Digest, digest);
    }
}
