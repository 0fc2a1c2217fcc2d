using ArrowCid.Registry;
using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer.S3;

/// <summary>A store with a bucket as a place, when objects of the bucket are damaged and when its server fails.</summary>
public sealed class PlaceFaultTests : IDisposable
{
    private static readonly S3Settings s_fast = new() { Backoff = TimeSpan.FromMilliseconds(1), Attempts = 3, PackedBelow = 100 };

    private readonly TemporaryStore _here = new(), _other = new();
    private readonly string _folder = PeerProcess.IsHere(Peer.Moto) ? MotoServer.NewFolder() : "";

    public void Dispose()
    {
        _here.Dispose();
        _other.Dispose();
    }

    [PeerTheory(Peer.Moto)]
    [InlineData("deleted")]
    [InlineData("truncated")]
    [InlineData("swapped")]
    [InlineData("stale")]
    public async Task Object_that_is_damaged_is_never_given_and_never_counted_and_is_replaced(string fault)
    {
        using CidStore store = Open();
        Cid cid = store.Put(Stores.Numbers([.. Enumerable.Range(0, 500).Select(i => i * 1.5)])).Cid;
        Cid older = store.Put(Stores.Numbers([.. Enumerable.Range(0, 500).Select(i => i * 2.5)])).Cid;
        _ = store.Places.Copy([cid, older], "bucket");
        await Damage(fault, cid, older);
        // It is not proved, so the block stays here.
        Assert.False(IsProved(store, cid));
        Assert.True(store.Places.Prove(older, "bucket"));
        RemoveResult refused = store.Places.Drop([cid, older]);
        Assert.Equal([older], refused.Removed);
        Assert.Equal(KeepKind.LastCopy, refused.Kept.Single().Reasons.Single().Kind);
        // A second place counts, and is read where the bucket fails.
        _ = store.Places.Copy([cid], "other");
        Assert.Equal([cid], store.Places.Drop([cid]).Removed);
        using (BlockBackend places = store.Places.AsBackend())
        using (BlockLease block = places.TryGet(cid)!) Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, block.Bytes.Span));
        // The damaged copy is replaced by removing it and copying again.
        Assert.Equal([cid], store.Places.Drop([cid], new DropOptions { From = "bucket", Force = true }).Removed);
        Assert.Equal(["other"], store.Metadata.Get(cid)!.Copies.Select(copy => copy.Place));
        Assert.True(store.Places.Copy([cid], "bucket").NewBlocks > 0);
        Assert.True(store.Places.Prove(cid, "bucket") && store.Places.Prove(older, "bucket"));
    }

    [PeerTheory(Peer.Moto)]
    [InlineData(nameof(S3Misdeed.InternalError), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.SlowDown), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.Conflict), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.CutBody), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.LoseAnswer), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.Endless), ErrorCode.BlockCorrupt)]
    [InlineData(nameof(S3Misdeed.Absent), ErrorCode.BlockNotFound)]
    public async Task Server_that_fails_on_reads_loses_no_block_and_lets_none_be_dropped(string misdeed, ErrorCode code)
    {
        Cid cid;
        using (CidStore store = Open())
        {
            cid = store.Put(Stores.Numbers([.. Enumerable.Range(0, 500).Select(i => i * 1.5)])).Cid;
            _ = store.Places.Copy([cid], "bucket");
        }

        bool isFaulty = true;
        await using FaultyS3 faulty = await FaultyS3.Start(MotoServer.Url, (method, path) =>
            isFaulty && method == "GET" && path.Contains("/b/", StringComparison.Ordinal)
                ? Enum.Parse<S3Misdeed>(misdeed)
                : S3Misdeed.None);
        using CidStore again = Open(faulty.Url);
        RemoveResult dropped = again.Places.Drop([cid]);
        Assert.Empty(dropped.Removed);
        Assert.Equal(KeepKind.LastCopy, dropped.Kept.Single().Reasons.Single().Kind);
        Assert.Equal(code, CodeOf(() =>
        {
            Assert.False(again.Places.Prove(cid, "bucket"));
            throw new ArrowCidException(ErrorCode.BlockNotFound, "");
        }));
        Assert.Equal(["bucket"], again.Metadata.Get(cid)!.Copies.Select(copy => copy.Place));
        isFaulty = false;
        using CidStore well = Open();
        Assert.Equal([cid], well.Places.Drop([cid]).Removed);
    }

    [PeerTheory(Peer.Moto)]
    [InlineData(nameof(S3Misdeed.InternalError))]
    [InlineData(nameof(S3Misdeed.SlowDown))]
    [InlineData(nameof(S3Misdeed.Conflict))]
    [InlineData(nameof(S3Misdeed.LoseAnswer))]
    [InlineData(nameof(S3Misdeed.Close))]
    public async Task Server_that_fails_on_writes_leaves_the_blocks_in_the_backlog(string misdeed)
    {
        bool isFaulty = true;
        await using FaultyS3 faulty = await FaultyS3.Start(MotoServer.Url, (method, path) =>
            isFaulty && method == "PUT" && path.Contains("/b/", StringComparison.Ordinal)
                ? Enum.Parse<S3Misdeed>(misdeed)
                : S3Misdeed.None);
        using CidStore store = Open(faulty.Url, PlaceWrite.Back);
        Cid cid = store.Put(Stores.Numbers([.. Enumerable.Range(0, 500).Select(i => i * 1.5)])).Cid;
        long waiting = store.Places.GetUsage("bucket").BacklogBlocks;
        Assert.Equal(ErrorCode.Busy, CodeOf(() => store.Places.CopyBacklog("bucket")));
        Assert.Equal(waiting, store.Places.GetUsage("bucket").BacklogBlocks);
        CollectResult kept = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero, DryRun = true });
        Assert.Contains(kept.Kept, each => each.Cid == cid && each.Reasons.Any(reason => reason.Kind == KeepKind.NotCopied));
        isFaulty = false;
        using CidStore well = Open(write: PlaceWrite.Back);
        Assert.Equal(waiting, well.Places.CopyBacklog("bucket").Blocks);
        Assert.Equal(0, well.Places.GetUsage("bucket").BacklogBlocks);
        Assert.True(well.Places.Prove(cid, "bucket"));
    }

    private CidStore Open(Uri? endpoint = null, PlaceWrite write = PlaceWrite.None)
    {
        CidStore store = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            OpenPlace = (location, isReadOnly) => location.StartsWith("s3:", StringComparison.Ordinal)
                ? new S3Backend(MotoServer.Open(endpoint is null ? location : location.Replace(MotoServer.Url.ToString(), endpoint.ToString()), s_fast))
                : StorePlaces.OpenLocation(location, isReadOnly),
        });
        if (store.Places.List().Count > 0) return store;
        store.Places.Add(new BlockPlace { Name = "bucket", Location = _folder, Cost = 0, Write = write });
        store.Places.Add(new BlockPlace { Name = "other", Location = _other.PathOf("blocks") + "/", Cost = 5 });
        return store;
    }

    private async Task Damage(string fault, Cid cid, Cid older)
    {
        using S3Bucket bucket = MotoServer.Open(_folder);
        string key = await KeyOf(cid);
        byte[] bytes = (await bucket.ReadAllAsync(key, 1 << 20, CancellationToken.None))!;
        byte[] stale = (await bucket.ReadAllAsync(await KeyOf(older), 1 << 20, CancellationToken.None))!;
        if (fault == "deleted")
        {
            await bucket.DeleteAsync(key, CancellationToken.None);
            return;
        }

        byte[] changed = fault switch
        {
            "truncated" => bytes[..(bytes.Length / 2)],
            "swapped" => [.. bytes.Reverse()],
            // What a cache answers that has another object under this key.
            _ => stale,
        };
        _ = await bucket.WriteAsync(key, new MemoryStream(changed), mayReplace: true, CancellationToken.None);
    }

    private async Task<string> KeyOf(Cid cid) => (await MotoServer.ObjectsOf(_folder))
        .Single(each => each.Key.StartsWith("b/", StringComparison.Ordinal) && each.Key.Contains($"{cid}", StringComparison.Ordinal)).Key;

    private static bool IsProved(CidStore store, Cid cid)
    {
        try
        {
            return store.Places.Prove(cid, "bucket");
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private static ErrorCode CodeOf(Action call) => Assert.Throws<ArrowCidException>(call).Code;
}
