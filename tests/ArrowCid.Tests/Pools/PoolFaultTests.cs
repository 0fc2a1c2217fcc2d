using ArrowCid.Postgres;
using ArrowCid.Registry;
using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Transfer.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Pools;

/// <summary>What a pool keeps when a server, a machine's clock or a network fails.</summary>
public sealed class PoolFaultTests : PoolTestBase
{
    [PeerFact(Peer.Postgres)]
    public async Task Database_that_is_killed_at_a_step_and_restarted_loses_nothing_acknowledged()
    {
        PostgresServer server = World.StartServer();
        Pool pool = await World.CreateAsync();
        bool isLong = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";
        PoolStep[] all = isLong ? [.. Enum.GetValues<PoolStep>().Except([PoolStep.C6, PoolStep.C7])]
            : [PoolStep.P4, PoolStep.C3];
        var steps = new Queue<PoolStep>(all);
        PoolStep at = default;
        bool isArmed = false;
        World.OnStep = step =>
        {
            if (!isArmed || step != at) return Task.CompletedTask;
            isArmed = false;
            server.Kill();
            server.Restart();
            return Task.CompletedTask;
        };
        Pool killing = await World.OpenAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(killing);
        var names = new Dictionary<string, Cid>();
        int number = 0, kills = 0;
        while (steps.TryDequeue(out at))
        {
            _ = await member.PushAsync([store.PutRaw(BitConverter.GetBytes(--number)).Cid]);
            isArmed = true;
            Cid cid = store.PutRaw(BitConverter.GetBytes(1000 + number)).Cid;
            _ = await member.PushAsync([cid]);
            _ = await member.SetNameAsync($"n{number}", cid);
            names.Add($"n{number}", cid);
            _ = await killing.CollectAsync(PoolWorld.AtOnce(keepsDead: true));
            kills += isArmed ? 0 : 1;
        }

        Assert.Equal(all.Length, kills);
        Assert.All(names, each => Assert.Equal(each.Value, pool.ResolveAsync(each.Key).GetAwaiter().GetResult()));
        _ = await pool.CollectAsync(PoolWorld.AtOnce());
        await PoolWorld.AssertCleanAsync(pool);
        using BlockBackend backend = pool.AsBackend();
        Assert.All(names.Values, cid => Assert.True(backend.TryGet(cid) is not null));
        Assert.Equal(0, await World.CountAsync("select count(*) from sweep where is_open"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Standby_that_lacks_the_last_writes_gets_them_back_from_members_when_it_is_promoted()
    {
        PostgresServer primary = World.StartServer();
        World.Patience = TimeSpan.FromSeconds(2);
        Pool pool = await World.CreateAsync();
        (PoolMember a, CidStore store) = await World.JoinAsync(pool);
        (PoolMember b, CidStore other) = await World.JoinAsync(pool);
        Cid early = (await a.PutAsync(PoolWorld.Batch(1), new PutOptions { Name = "n" })).Put.Cid;
        PostgresServer standby = World.StartServer(primary);
        standby.Kill();
        // The standby has none of these.
        (PutResult late, PoolPut push) = await a.PutAsync(PoolWorld.Batch(2), new PutOptions
        {
            Name = "n",
            Producer = "late",
            Tags = new Dictionary<string, string?> { ["day"] = "1" },
        });
        Cid third = (await b.PutAsync(PoolWorld.Batch(3), new PutOptions { Name = "m" })).Put.Cid;
        await b.WaitForAsync(push.Token);
        primary.Kill();
        standby.Restart();
        World.UrlOf = schema => $"postgres://postgres@127.0.0.1:{primary.Port},127.0.0.1:{standby.Port}/postgres?schema={schema}";
        _ = await standby.RunAsync("public", "select pg_promote()");
        await using (Pool lacking = await Pool.OpenAsync(World.Options()))
        {
            Assert.Equal(early, await lacking.ResolveAsync("n"));
            Assert.Null(await lacking.ResolveAsync("m"));
        }

        // One surviving store has what the other wrote too.
        PoolRestoreResult restored = await Pool.RestoreAsync(World.Options(), [other]);
        Assert.True(restored.Objects >= 2 && restored.NameChanges >= 2, $"{restored}");
        Pool after = await World.OpenAsync();
        Assert.Equal(late.Cid, await after.ResolveAsync("n"));
        Assert.Equal(third, await after.ResolveAsync("m"));
        PoolPage page = await after.QueryAsync(new QueryOptions { Filter = Filter.Parse("producer = \"late\" and tag.day = \"1\"") });
        Assert.Equal(late.Cid, Assert.Single(page.Entries).Cid);
        Assert.Equal((BlockKind.Batch, 1L), (page.Entries[0].Kind, page.Entries[0].Rows));
        _ = await after.CollectAsync(PoolWorld.AtOnce());
        await PoolWorld.AssertCleanAsync(after);
        // The members join again, and write on.
        await using PoolMember again = await after.JoinAsync(store);
        (PutResult next, PoolPut last) = await again.PutAsync(PoolWorld.Batch(4), new PutOptions { Name = "n" });
        await using PoolMember reader = await after.JoinAsync(other);
        await reader.WaitForAsync(last.Token);
        Assert.Equal(next.Cid, other.Names.Resolve("n"));
        await PoolWorld.AssertCleanAsync(after);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Yesterdays_dump_in_another_server_gets_back_what_was_written_and_collected_since()
    {
        Pool pool = await World.CreateAsync();
        string schema = (string)(await World.SqlAsync("select current_schema()"))!;
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid early = (await member.PutAsync(PoolWorld.Batch(1), new PutOptions { Name = "n", Producer = "early" })).Put.Cid;
        Cid removed = (await member.PutAsync(PoolWorld.Batch(2), new PutOptions { Name = "m" })).Put.Cid;
        string dump = Path.Combine(World.ObjectDirectory, "..", $"{schema}.dump");
        World.Server.Run("pg_dump", "-Fc", "-n", schema, "-f", dump, "postgres");
        _ = await member.SetNameAsync("m", null, removed);
        Cid late = (await member.PutAsync(PoolWorld.Batch(3), new PutOptions { Name = "n" })).Put.Cid;
        // The objects of the blocks that the dump needs are dead, and kept for as long as a backup may be restored.
        Assert.Equal(2, (await pool.CollectAsync(PoolWorld.AtOnce(keepsDead: true))).Dead);
        World.StartServer().Run("pg_restore", "-d", "postgres", dump);
        File.Delete(dump);
        await using (Pool yesterdays = await Pool.OpenAsync(World.Options()))
            Assert.Equal((early, removed), (await yesterdays.ResolveAsync("n"), await yesterdays.ResolveAsync("m")));
        _ = await Pool.RestoreAsync(World.Options(), [store]);
        Pool after = await World.OpenAsync();
        Assert.Equal(late, await after.ResolveAsync("n"));
        // The name was removed since, and stays removed.
        Assert.Null(await after.ResolveAsync("m"));
        _ = await after.CollectAsync(PoolWorld.AtOnce());
        await PoolWorld.AssertCleanAsync(after);
        // The log of the dump has the numbers of another server, and a store that joins reads it all the same.
        (PoolMember newcomer, CidStore copy) = await World.JoinAsync(after);
        _ = await newcomer.PullAsync();
        Assert.Equal(late, copy.Names.Resolve("n"));
        Assert.Equal("early", copy.Metadata.Get(early)!.Producer);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Clock_that_is_wrong_neither_loses_a_name_nor_stops_other_members()
    {
        Pool pool = await World.CreateAsync();
        var clock = new OffsetClock(TimeSpan.FromMinutes(25));
        (PoolMember ahead, CidStore first) = await World.JoinAsync(pool, clock);
        (PoolMember right, CidStore second) = await World.JoinAsync(pool);
        Cid[] cids = [.. Enumerable.Range(0, 4).Select(i => first.PutRaw(BitConverter.GetBytes(i)).Cid)];
        _ = await ahead.PushAsync(cids);
        _ = await ahead.SetNameAsync("n", cids[0]);
        // The winner, whose clock is behind, wins in every store too.
        PoolToken token = await right.SetNameAsync("n", cids[1], cids[0]);
        await ahead.WaitForAsync(token);
        Assert.Equal((cids[1], cids[1]), (first.Names.Resolve("n"), second.Names.Resolve("n")));
        // It jumps back.
        clock.Offset = TimeSpan.FromMinutes(-30);
        token = await ahead.SetNameAsync("n", cids[2], cids[1]);
        await right.WaitForAsync(token);
        Assert.Equal((cids[2], cids[2]), (first.Names.Resolve("n"), second.Names.Resolve("n")));
        // It jumps so far ahead that other stores would refuse its facts: so does the database.
        clock.Offset = TimeSpan.FromHours(2);
        Assert.Equal(ErrorCode.InvalidData, (await Assert.ThrowsAsync<ArrowCidException>(() => ahead.SetNameAsync("n", cids[3]))).Code);
        Assert.Equal(ErrorCode.InvalidData, (await Assert.ThrowsAsync<ArrowCidException>(
            () => ahead.PutAsync(PoolWorld.Batch(7), new PutOptions { Producer = "p" }))).Code);
        token = await right.SetNameAsync("n", cids[1], cids[2]);
        await right.WaitForAsync(token);
        Assert.Equal(cids[1], await pool.ResolveAsync("n"));
        // A clock that is far behind reads nothing until it is set.
        var slow = new OffsetClock(TimeSpan.FromHours(-3));
        (PoolMember behind, CidStore third) = await World.JoinAsync(pool, slow);
        Assert.Equal(ErrorCode.InvalidData, (await Assert.ThrowsAsync<ArrowCidException>(() => behind.PullAsync())).Code);
        slow.Offset = TimeSpan.Zero;
        await behind.WaitForAsync(token);
        Assert.Equal(cids[1], third.Names.Resolve("n"));
        await PoolWorld.AssertCleanAsync(pool);
    }

    [PeerFact(Peer.Postgres, Peer.Moto)]
    public async Task Bucket_that_does_not_answer_fails_pushes_and_names_go_on()
    {
        await using var proxy = new CuttingProxy(MotoServer.Url.Port);
        string folder = MotoServer.NewFolder(new Uri($"http://127.0.0.1:{proxy.Port}/"));
        World.Wrap = _ => S3Blocks.OpenObjects(folder);
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid early = store.PutRaw("a"u8.ToArray()).Cid, late = store.PutRaw("b"u8.ToArray()).Cid;
        _ = await member.PushAsync([early]);
        proxy.Cut();
        Assert.Equal(ErrorCode.PoolUnavailable, (await Assert.ThrowsAsync<ArrowCidException>(() => member.PushAsync([late]))).Code);
        _ = await member.SetNameAsync("n", early);
        Assert.Equal(early, await pool.ResolveAsync("n"));
        proxy.Heal();
        _ = await member.PushAsync([late]);
        _ = await member.SetNameAsync("n", late);
        // What the failed push declared goes with its member's lease.
        await member.DisposeAsync();
        PoolCollectResult result = await pool.CollectAsync(PoolWorld.AtOnce());
        Assert.Equal((1, 2), (result.Dead, result.Deleted));
        await PoolWorld.AssertCleanAsync(pool);
        Assert.Equal(0, await World.CountAsync("select count(*) from object where state <> 'L'"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Two_pushes_that_write_the_same_block_at_once_leave_one_live_object()
    {
        Pool pool = await World.CreateAsync();
        var both = new TaskCompletionSource();
        int written = 0;
        World.OnStep = async step =>
        {
            if (step != PoolStep.P3) return;
            if (Interlocked.Increment(ref written) == 2) both.SetResult();
            await both.Task;
        };
        Pool stalling = await World.OpenAsync();
        (PoolMember a, CidStore one) = await World.JoinAsync(stalling);
        (PoolMember b, CidStore two) = await World.JoinAsync(stalling);
        Cid cid = one.PutRaw("a"u8.ToArray()).Cid;
        _ = two.PutRaw("a"u8.ToArray());
        _ = await Task.WhenAll(a.PushAsync([cid]), b.PushAsync([cid]));
        Assert.Equal((1, 1), (await World.ObjectsAsync('L'), await World.ObjectsAsync('D')));
        _ = await a.SetNameAsync("n", cid);
        Assert.Equal(1, (await pool.CollectAsync(PoolWorld.AtOnce())).Deleted);
        await PoolWorld.AssertCleanAsync(pool);
        using BlockBackend backend = pool.AsBackend();
        Assert.True(backend.TryGet(cid) is { Bytes.Length: 1 });
    }
}
