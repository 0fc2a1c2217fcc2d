using ArrowCid.Memory;
using ArrowCid.Postgres;
using ArrowCid.Registry;
using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Transfer.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Pools;

/// <summary>Members and buckets that do what they must not.</summary>
public sealed class PoolHostileTests : PoolTestBase
{
    [PeerFact(Peer.Postgres)]
    public async Task Rows_that_no_member_would_write_neither_stop_other_members_nor_remove_their_blocks()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember a, _) = await World.JoinAsync(pool);
        (PoolMember b, CidStore victim) = await World.JoinAsync(pool);
        Cid kept = victim.PutRaw("kept"u8.ToArray()).Cid;
        _ = kept.TryGetSha256(out Digest256 digest);
        ulong now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() << 16;
        byte[][] payloads =
        [
            [0xff, 0x00, 0x13],
            [0x80],
            // A list that promises more than there is.
            [0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            FactWriter.Write([new FactGroup(new FactStamp(now, 5), [new DropFact([.. Enumerable.Repeat(ulong.MaxValue, 64)], [digest])])], out _),
            FactWriter.Write([new FactGroup(new FactStamp(now + (7_200_000ul << 16), 5), [new ProducerFact(kept, "later")])], out _),
            FactWriter.Write([new FactGroup(new FactStamp(ulong.MaxValue, 5), [new ProducerFact(kept, "last")])], out _),
            .. Enumerable.Range(0, 50).Select(i =>
            {
                byte[] bytes = new byte[100];
                new Random(i).NextBytes(bytes);
                return bytes;
            }),
        ];
        foreach (byte[] payload in payloads)
        {
            _ = await pool.Database.RunAsync((connection, end) => PoolRows.ExecuteAsync(connection,
                "insert into fact_group (member, facts) values (77, $1)", [payload], end), default);
        }

        (PutResult put, PoolPut push) = await a.PutAsync(PoolWorld.Batch(1), new PutOptions { Name = "n" });
        await b.WaitForAsync(push.Token);
        Assert.Equal(put.Cid, victim.Names.Resolve("n"));
        Assert.True(victim.Contains(kept));
        Assert.Null(victim.Metadata.Get(kept)!.Producer);
    }

    [PeerTheory(Peer.Postgres, Peer.Moto)]
    [InlineData(nameof(S3Misdeed.LoseAnswer))]
    [InlineData(nameof(S3Misdeed.CutBody))]
    public async Task Bucket_that_answers_wrongly_loses_no_acknowledged_block(string misdeed)
    {
        var seen = new HashSet<string>();
        bool isFaulty = false;
        await using FaultyS3 faulty = await FaultyS3.Start(MotoServer.Url, (method, path) =>
        {
            lock (seen) return isFaulty && seen.Add(method + path) ? Enum.Parse<S3Misdeed>(misdeed) : S3Misdeed.None;
        });
        string folder = MotoServer.NewFolder(faulty.Url);
        World.Wrap = _ => S3Blocks.OpenObjects(folder);
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        isFaulty = true;
        Cid[] cids = [.. Enumerable.Range(0, 3).Select(i => store.PutRaw(BitConverter.GetBytes(i)).Cid)];
        foreach (Cid cid in cids)
        {
            try
            {
                _ = await member.PushAsync([cid]);
                _ = await member.SetNameAsync($"n{cid}", cid);
            }
            catch (ArrowCidException e) when (e.Code is ErrorCode.PoolUnavailable or ErrorCode.Io)
            {
                Assert.Null(await pool.ResolveAsync($"n{cid}"));
            }
        }

        isFaulty = false;
        using BlockBackend backend = pool.AsBackend();
        foreach (Cid cid in cids)
        {
            Assert.True(await pool.ResolveAsync($"n{cid}") is null || backend.TryGet(cid) is not null);
            _ = await member.PushAsync([cid]);
            Assert.NotNull(backend.TryGet(cid));
        }

        await member.DisposeAsync();
        _ = await pool.CollectAsync(PoolWorld.AtOnce());
        await PoolWorld.AssertCleanAsync(pool);
        Assert.Equal(0, await World.CountAsync("select count(*) from object where state <> 'L'"));
    }
}
