using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

public sealed class RingFactTests
{
    [Fact]
    public void A_ring_lets_old_facts_go_with_their_blocks_and_keeps_those_of_blocks_that_stay()
    {
        const int Count = 6000;
        using var directory = new TemporaryStore();
        var options = new CidStoreOptions
        {
            Capacity = 16 << 20,
            SegmentSize = 1 << 20,
            Retention = RetentionMode.Ring,
            Timeout = TimeSpan.FromMilliseconds(200),
        };
        var tags = new Dictionary<string, string?> { ["one"] = new('1', 1000), ["two"] = new('2', 1000) };
        var puts = new List<Cid>();
        using (CidStore store = CidStore.Open(directory.Directory, options))
        {
            for (int i = 0; i < Count; i++)
            {
                tags["number"] = $"{i}";
                RecordBatch batch = RecordBatch.Of(("i", ArrowArray.From<int>(Enumerable.Range(i, 400).ToArray())));
                puts.Add(store.Put(batch, new PutOptions { Tags = tags }).Cid);
            }

            for (int i = Count - 300; i < Count; i++) Assert.Equal($"{i}", store.Metadata.Get(puts[i])?.Tags["number"]);
        }

        // Blocks and facts together are half as much again as the capacity. How much of it stays is chance, by a segment
        // or two; no writer makes room ahead any more.
        using CidStore other = CidStore.Open(directory.Directory, options);
        int first = puts.FindIndex(other.Contains);
        Assert.InRange(first, 1, Count - 300);
        for (int i = first; i < Count; i++) Assert.Equal($"{i}", other.Metadata.Get(puts[i])?.Tags["number"]);
        Assert.Empty(other.Diagnostics.CheckFacts());
        Assert.DoesNotContain(other.Query(includeMissing: true), entry => entry.Cid == puts[0]);
    }
}
