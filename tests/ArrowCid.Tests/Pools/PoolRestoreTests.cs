using ArrowCid.Postgres;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Tests.Peers;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Pools;

/// <summary>Snapshots of a pool's registry, and pools whose database is lost.</summary>
public sealed class PoolRestoreTests : PoolTestBase
{
    [PeerFact(Peer.Postgres)]
    public async Task Store_that_joins_begins_with_the_last_snapshot_and_goes_on_with_the_log()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        for (int i = 0; i < 5; i++) _ = await PutAsync(member, i);
        PoolSnapshot first = await member.SnapshotAsync();
        Assert.Equal(first.Rows, first.NewRows);
        Cid after = await PutAsync(member, 5);
        PoolSnapshot second = await member.SnapshotAsync();
        // Only what is new was written; the parts of the first are those of the second.
        Assert.True(second.NewRows is > 0 and < 15, $"{second}");
        Assert.Equal((first.Rows + second.NewRows, first.Parts + 1), (second.Rows, second.Parts));
        Cid last = await PutAsync(member, 6);
        // What the log had before the snapshot is not read again.
        _ = await World.SqlAsync($"delete from fact_group where xid <= '{first.Position.Transaction}'::xid8");
        (PoolMember newcomer, CidStore copy) = await World.JoinAsync(pool);
        _ = await newcomer.PullAsync();
        foreach (StoredEntry entry in store.Metadata.QueryPage(new QueryOptions { IncludeMissing = true }).Entries)
        {
            StoredEntry known = copy.Metadata.Get(entry.Cid)!;
            Assert.Equal((entry.Producer, entry.Tags.Count, entry.HasPin), (known.Producer, known.Tags.Count, known.HasPin));
            Assert.Equal(entry.Names, known.Names);
        }

        Assert.Equal(last, copy.Names.Resolve("latest"));
        Assert.Equal("p5", copy.Metadata.Get(after)!.Producer);
        Assert.Equal(store.Names.GetHistory("latest").Select(each => each.Cid), copy.Names.GetHistory("latest").Select(each => each.Cid));
        // Its files are Parquet, and the snapshot stays with its name.
        Assert.Equal("arrowcid.pool.snapshot", (await pool.WhyAsync(second.Cid, TimeSpan.Zero))[0].Detail);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Snapshot_that_is_damaged_or_of_another_pool_is_passed_over_for_the_log()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid cid = await PutAsync(member, 1);
        _ = await member.SnapshotAsync();
        (PoolMember whole, CidStore one) = await World.JoinAsync(pool);
        _ = await whole.PullAsync();
        Assert.Equal("p1", one.Metadata.Get(cid)!.Producer);
        var foreign = new SnapshotHead(Guid.NewGuid(), ulong.MaxValue - 1, 0, 0, 0, []);
        (byte[] file, _, byte[] directory) = foreign.Encode();
        _ = store.PutRaw(file);
        Cid other = store.PutRaw(directory, Multicodec.DagPb).Cid;
        _ = await member.PushAsync([other]);
        _ = await member.SetNameAsync(SnapshotHead.Name, other);
        (PoolMember misled, CidStore two) = await World.JoinAsync(pool);
        _ = await misled.PullAsync();
        Assert.Equal("p1", two.Metadata.Get(cid)!.Producer);
        // The name leads to bytes that are no directory.
        _ = await member.SetNameAsync(SnapshotHead.Name, cid);
        (PoolMember again, CidStore three) = await World.JoinAsync(pool);
        _ = await again.PullAsync();
        Assert.Equal("p1", three.Metadata.Get(cid)!.Producer);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Pool_whose_database_is_lost_comes_back_from_a_member_the_snapshot_and_the_objects()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember a, CidStore store) = await World.JoinAsync(pool);
        (PoolMember b, CidStore other) = await World.JoinAsync(pool);
        var cids = new List<Cid>();
        for (int i = 0; i < 4; i++) cids.Add(await PutAsync(a, i));
        Cid large = store.PutRaw(new byte[2 << 20]).Cid;
        Cid[] batches = [.. Enumerable.Range(20, 3).Select(i => store.Put(PoolWorld.Batch(i)).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        _ = store.Signatures.Sign(cids[0], SigningKey.Create());
        _ = await a.PushAsync([large, dataset, cids[0]]);
        _ = await a.SetNameAsync("data", dataset);
        _ = await a.SetNameAsync("large", large);
        _ = await b.SnapshotAsync();
        // The snapshot lacks this; the member b has it.
        (PutResult late, PoolPut push) = await a.PutAsync(PoolWorld.Batch(9), new PutOptions { Name = "latest", Pin = true });
        await b.WaitForAsync(push.Token);
        string before = await ContentsAsync(pool);
        Guid id = pool.Id;
        _ = await World.SqlAsync("drop schema " + await World.SqlAsync("select current_schema()") + " cascade");
        PoolRestoreResult restored = await Pool.RestoreAsync(World.Options(), [other]);
        Assert.True(restored.Objects > 3 && restored.NameChanges >= 7, $"{restored}");
        Assert.Equal(new PoolRestoreResult { Objects = 0, Blocks = 0, FactGroups = 0, NameChanges = 0 },
            await Pool.RestoreAsync(World.Options(), [other]));
        Pool after = await World.OpenAsync();
        Assert.Equal((id, late.Cid), (after.Id, (await after.ResolveAsync("latest"))!.Value));
        Assert.Equal(before, await ContentsAsync(after));
        _ = await after.CollectAsync(PoolWorld.AtOnce());
        await PoolWorld.AssertCleanAsync(after);
        using BlockBackend backend = after.AsBackend();
        Assert.All([dataset, large, late.Cid, .. batches], cid => Assert.True(backend.TryGet(cid) is not null));
        // A store that was never a member gets everything from the restored log.
        (PoolMember newcomer, CidStore copy) = await World.JoinAsync(after);
        _ = await newcomer.PullAsync();
        Assert.Equal(late.Cid, copy.Names.Resolve("latest"));
        Assert.Equal("p2", copy.Metadata.Get(cids[2])!.Producer);
        Assert.True(await newcomer.FetchAsync([dataset]));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Signer_of_a_filter_holds_for_verified_statements_alone()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        SigningKey key = SigningKey.Create(), stranger = SigningKey.Create();
        Cid signed = store.Put(PoolWorld.Batch(1)).Cid, unsigned = store.Put(PoolWorld.Batch(2)).Cid;
        _ = store.Signatures.Sign(signed, key);
        _ = await member.PushAsync([signed, unsigned]);
        Assert.Equal([signed], await FindAsync($"signer = \"{store.Metadata.Get(signed)!.Signers[0]}\""));
        Assert.Equal([signed], await FindAsync("has signer"));
        Assert.Empty(await FindAsync($"signer = \"{stranger.Id}\""));

        async Task<IEnumerable<Cid>> FindAsync(string filter) =>
            (await pool.QueryAsync(new QueryOptions { Filter = Filter.Parse(filter) })).Entries.Select(entry => entry.Cid);
    }

    [Fact]
    public void Payloads_that_are_joined_have_the_groups_of_all()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        foreach (int count in (int[])[1, 23, 24, 255, 256, 2000])
        {
            byte[][] payloads = [.. Enumerable.Range(0, count).Select(i => FactWriter.Write(
                [new FactGroup(new FactStamp((ulong)i << 16, 7), [new ProducerFact(Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(i)), new string('p', random.Next(1, 200)))])], out _))];
            var joiner = new PayloadJoiner();
            var joined = new List<byte[]>();
            foreach (byte[] payload in payloads)
            {
                Assert.True(PayloadJoiner.Takes(payload));
                if (joiner.Add(payload) is { } full) joined.Add(full);
            }

            joined.Add(joiner.Finish()!);
            Assert.Null(joiner.Finish());
            Assert.All(joined, each => Assert.True(each.Length <= FactLimits.MaxRecordBytes));
            FactGroup[] groups = [.. joined.SelectMany(each => FactReader.Read(each, ulong.MaxValue, fault => Assert.Fail($"seed {seed}: {fault}")))];
            Assert.Equal(count, groups.Length);
            Assert.Equal(payloads, groups.Select(group => FactWriter.Write([group], out _)));
        }
    }

    private static async Task<Cid> PutAsync(PoolMember member, int number) =>
        (await member.PutAsync(PoolWorld.Batch(number), new PutOptions
        {
            Name = "latest",
            Producer = $"p{number}",
            Tags = new Dictionary<string, string?> { ["n"] = $"{number}" },
            Pin = number == 2,
        })).Put.Cid;

    private static async Task<string> ContentsAsync(Pool pool) =>
        string.Join('\n', (await pool.QueryAsync(new QueryOptions { Limit = 1000 })).Entries.Select(entry =>
            $"{entry.Cid} {entry.Kind} {entry.Rows} {entry.ByteLength} {entry.SchemaCid} {entry.Producer} {entry.HasPin} " +
            $"{string.Join(' ', entry.Names)} {string.Join(' ', entry.Signers)} {string.Join(' ', entry.Tags)}")
            .Order(StringComparer.Ordinal));
}
