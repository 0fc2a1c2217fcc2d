using System.Net;
using ArrowCid.Client;
using ArrowCid.Registry;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Storage;
using ArrowCid.Tests.Flight.Http;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Flight;

/// <summary>A block whose bytes were damaged and set aside is said to be that, and not to be unknown.</summary>
public sealed class SetAsideTests
{
    [Fact]
    public async Task Flight_and_HTTP_say_of_a_block_that_was_set_aside_what_get_says()
    {
        using var directory = new TemporaryStore();
        Cid cid, other;
        using (CidStore store = Stores.Open(directory))
        {
            cid = store.Put(ServedStore.Numbers(500)).Cid;
            other = store.Put(ServedStore.Numbers(20)).Cid;
            store.Metadata.Set(cid, new BlockMetadata { Producer = "p" });
        }

        Damage(directory, cid);
        StoreDoctor.Repair(directory.Directory, StoreDoctor.Examine(directory.Directory));
        using CidStore mended = Stores.Open(directory);
        ArrowCidException absent = mended.Proofs.NotHere(cid);
        Assert.Equal(new Remedy(RemedyKind.RepairBlock, cid.ToString()), absent.Remedy);
        string said = absent.Message;
        Assert.Contains($"({SegmentRepair.Prefix}{StoreLayout.SegmentName(0, 1)}+", said, StringComparison.Ordinal);
        await using CidServer server = await CidServer.StartAsync(mended,
            new CidServerOptions { Flight = ServedStore.Any, Http = ServedStore.Any });
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Http}") };
        string[] paths =
        [
            $"/ipfs/{cid}", $"/ipfs/{cid}?format=raw", $"/ipfs/{cid}?format=car", $"/v1/blocks/{cid}",
            $"/v1/blocks/{cid}?format=csv",
        ];
        foreach (string path in paths)
        {
            using HttpResponseMessage answer = await http.Send("GET", path);
            Assert.Equal((path, HttpStatusCode.InternalServerError), (path, answer.StatusCode));
            string text = await answer.Text();
            Assert.Contains("quarantined", text, StringComparison.Ordinal);
            Assert.Contains("repair the block from a copy", text, StringComparison.Ordinal);
        }

        using var client = new CidClient(new Uri($"grpc://{server.Flight}"),
            new CidClientOptions { Token = TokenFile.ReadLocal(directory.Directory), UseLocalStore = false });
        using (RemoteBatch? batch = await client.TryGetAsync(other)) Assert.NotNull(batch);
        var error = await Assert.ThrowsAsync<ArrowCidException>(() => client.TryGetAsync(cid));
        Assert.Equal((ErrorCode.BlockCorrupt, $"{said}; {absent.Remedy}"), (error.Code, error.Message));

        // What nobody ever put is not here, and what was put again is.
        Cid unknown = Cid.Sha256(Multicodec.Raw, [1, 2, 3]);
        Assert.Null(await client.TryGetAsync(unknown));
        using (HttpResponseMessage answer = await http.Send("GET", $"/ipfs/{unknown}"))
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(cid, mended.Put(ServedStore.Numbers(500)).Cid);
        using (HttpResponseMessage answer = await http.Send("GET", $"/ipfs/{cid}?format=raw"))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        File.Delete(directory.PathOf(SegmentRepair.Prefix + StoreLayout.SegmentName(0, 1)));
        Assert.Equal(ErrorCode.BlockNotFound, mended.Proofs.NotHere(cid).Code);
    }

    /// <summary>A block is hashed before it is sent first, by whatever process of the machine.</summary>
    [Fact]
    public async Task Flight_never_sends_a_damaged_block_that_was_not_proved_since_the_machine_started()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Stores.Open(directory);
        Cid proved = store.Put(ServedStore.Numbers(400)).Cid, damaged = store.Put(ServedStore.Numbers(500)).Cid;
        Stored.Flip(directory.Directory, damaged);
        await using CidServer server =
            await CidServer.StartAsync(store, new CidServerOptions { Flight = ServedStore.Any });
        using var client = new CidClient(new Uri($"grpc://{server.Flight}"), new CidClientOptions
        {
            Token = TokenFile.ReadLocal(directory.Directory),
            UseLocalStore = false,
        });
        var error = await Assert.ThrowsAsync<ArrowCidException>(() => client.TryGetAsync(damaged));
        Assert.Equal(ErrorCode.BlockCorrupt, error.Code);
        Assert.Contains("repair", error.Message, StringComparison.Ordinal);
        using (RemoteBatch? batch = await client.TryGetAsync(proved)) Assert.NotNull(batch);
        using (RecordLease lease = store.Reading.LeaseUnproved(proved)!)
            Assert.Equal(Proof.Hash, lease.ProofIn(store.Blocks.Verified));
        // The damage is recorded, and a put repairs it.
        Assert.False(store.Contains(damaged));
        Assert.True(store.Put(ServedStore.Numbers(500)).IsRepaired);
        using (RemoteBatch? batch = await client.TryGetAsync(damaged)) Assert.NotNull(batch);
    }

    private static void Damage(TemporaryStore directory, Cid cid)
    {
        string path = directory.PathOf(StoreLayout.SegmentName(0, 1));
        byte[] bytes = File.ReadAllBytes(path);
        (long offset, RecordHeader header) = SegmentBytes.Records(bytes)
            .Single(record => Cid.FromSha256(Multicodec.Raw, record.Header.Digest) == cid);
        bytes[offset + StoreLayout.RecordHeaderBytes + ((long)header.PayloadLength / 2)] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
