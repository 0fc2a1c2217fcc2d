using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

public sealed class CollectedEndTests
{
    /// <summary>Found by the torture: a writer died when it had made a segment and put nothing into it, all before it
    /// was collected, and who asked the facts waited for numbers that no record has.</summary>
    [Fact]
    public void Facts_are_read_to_the_end_where_the_last_records_of_a_lane_were_collected()
    {
        using var directory = new TemporaryStore();
        directory.Open().Dispose();
        var options = new CidStoreOptions { Timeout = TimeSpan.FromMilliseconds(300) };
        var removed = new List<Cid>();
        using CidStore other = CidStore.Open(directory.Directory, options);
        using (CidStore first = CidStore.Open(directory.Directory, options))
        {
            for (int i = 0; i < 20; i++) removed.Add(first.PutRaw(StoreCalls.Numbered(i, 100_000)).Cid);
            // Another lane's.
            _ = other.PutRaw(StoreCalls.Numbered(100)).Cid;
            var broken = new ActingSource(new byte[200_000], () => throw new IOException());
            Assert.Throws<IOException>(() => first.Blocks.Put(RecordKind.Raw, TemporaryStore.RawCodec, broken, default,
                0, RecordFlags.None, out _));
        }

        Cid kept = other.PutRaw(StoreCalls.Numbered(101)).Cid;
        Assert.Equal(removed.Count, other.Remove(removed).Removed.Count);
        Assert.True(other.Blocks.Reclaim(0.9).BytesFreed > 0);
        _ = other.SetName("name", kept);
        Assert.Equal(kept, other.ResolveName("name"));
        using CidStore third = CidStore.Open(directory.Directory, options);
        Assert.Equal(kept, third.ResolveName("name"));
        Assert.Empty(third.CheckFacts());
    }
}
