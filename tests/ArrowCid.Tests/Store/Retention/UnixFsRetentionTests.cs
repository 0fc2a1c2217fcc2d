using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>What keeps a UnixFS root keeps its nodes and leaves.</summary>
public sealed class UnixFsRetentionTests
{
    private static readonly CollectOptions s_unneeded = new() { Unreferenced = true, OlderThan = TimeSpan.Zero };

    [Fact]
    public void Pin_of_a_UnixFS_root_keeps_its_nodes_and_leaves_until_it_is_removed()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        (Cid root, Cid[] leaves) = PutFile(store, 3);
        Cid other = store.PutRaw("nothing links to it"u8.ToArray()).Cid;
        store.Retention.Pin(root);
        CollectResult first = store.Retention.Collect(s_unneeded);
        Assert.Equal([other], first.Collected.Select(block => block.Cid));
        Assert.True(store.Contains(root));
        Assert.All(leaves, leaf => Assert.True(store.Contains(leaf)));
        Assert.True(store.Retention.Unpin(root));
        CollectResult second = store.Retention.Collect(s_unneeded);
        Assert.Equal(leaves.Append(root).Select(cid => $"{cid}").Order(), second.Collected.Select(block => $"{block.Cid}").Order());
    }

    [Fact]
    public void Name_of_a_directory_keeps_what_is_below_its_nodes()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        (Cid file, Cid[] leaves) = PutFile(store, 2);
        byte[] folder = DagPb.Encode(new DagPbNode(
            [new DagPbLink { Hash = file, Name = "file", TotalSize = 1 }], [0x08, 0x01]));
        Cid root = store.PutRaw(folder, Multicodec.DagPb).Cid;
        _ = store.Names.Set("folder", root);
        Assert.Empty(store.Retention.Collect(s_unneeded).Collected);
        Assert.All(leaves.Append(file).Append(root), cid => Assert.True(store.Contains(cid)));
        RemoveResult removed = store.Retention.Remove([leaves[0]]);
        Assert.Empty(removed.Removed);
        Assert.Equal(KeepKind.LinkedFrom, removed.Kept.Single().Reasons[0].Kind);
    }

    [Fact]
    public void Node_that_is_no_dag_pb_keeps_nothing_and_is_kept()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        Cid root = store.PutRaw(new byte[] { 0xff, 0xff, 0xff }, Multicodec.DagPb).Cid;
        store.Retention.Pin(root);
        Assert.Empty(store.Retention.Collect(s_unneeded).Collected);
        Assert.True(store.Contains(root));
    }

    private static CidStore Open(TemporaryStore directory) =>
        CidStore.Open(directory.Directory, new CidStoreOptions { Capacity = 64 << 20 });

    private static (Cid Root, Cid[] Leaves) PutFile(CidStore store, int count)
    {
        Cid[] leaves = [.. Enumerable.Range(0, count).Select(i => store.PutRaw(new byte[] { 1, 2, (byte)i }).Cid)];
        byte[] node = DagPb.Encode(new DagPbNode(
            [.. leaves.Select(leaf => new DagPbLink { Hash = leaf, Name = "", TotalSize = 3 })], [0x08, 0x02]));
        return (store.PutRaw(node, Multicodec.DagPb).Cid, leaves);
    }
}
