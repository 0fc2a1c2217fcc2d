using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;
using ArrowCid.Server.Service;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Flight;

/// <summary>The block that a DoGet finds is the block that it sends.</summary>
public sealed class NamedLeaseTests
{
    [Fact]
    public void Named_batch_can_be_sent_when_it_is_removed_after_it_was_found()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory);
        Cid cid = store.Put(ServedStore.Sequence(1, 100)).Cid;
        var streams = new BlockStreams(store);
        using BlockStream stream = streams.Find(new Request { Cids = { cid.ToString() } });
        _ = store.Retention.Remove([cid]);
        Assert.Null(store.TryGet(cid));
        BlockAddress found = Assert.Single(stream.Blocks);
        using RecordLease lease = Assert.IsType<RecordLease>(stream.Leases.Take(found.Cid));
        store.Reading.ProveToSend(lease);
        Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, lease.Memory.Span));
        Assert.Null(stream.Leases.Take(found.Cid));
    }
}
