using ArrowCid.Postgres;
using ArrowCid.Tests.Peers;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Pools;

/// <summary>What a collection of a pool removes, and what members do meanwhile.</summary>
public sealed class PoolCollectTests : PoolTestBase
{
    [PeerFact(Peer.Postgres)]
    public async Task Names_pins_expiries_and_holds_keep_blocks_with_all_that_they_need()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid named = (await member.PutAsync(PoolWorld.Batch(1), new PutOptions { Name = "n" })).Put.Cid;
        Cid pinned = (await member.PutAsync(PoolWorld.Batch(2), new PutOptions { Pin = true })).Put.Cid;
        Cid expiring = (await member.PutAsync(PoolWorld.Batch(3), new PutOptions { ExpiresAfter = TimeSpan.FromDays(1) })).Put.Cid;
        Cid held = (await member.PutAsync(PoolWorld.Batch(4))).Put.Cid;
        await member.HoldAsync([held]);
        Cid[] batches = [.. Enumerable.Range(10, 3).Select(i => store.Put(PoolWorld.Batch(i)).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        foreach (Cid batch in batches) _ = await member.PushAsync([batch]);
        _ = await member.PushAsync([dataset]);
        _ = await member.SetNameAsync("d", dataset);
        Cid garbage = (await member.PutAsync(PoolWorld.Batch(5))).Put.Cid;
        PoolCollectResult forecast = await pool.CollectAsync(new PoolCollectOptions { OlderThan = TimeSpan.Zero, DryRun = true });
        PoolCollectResult result = await pool.CollectAsync(PoolWorld.AtOnce(keepsDead: true));
        Assert.Equal((1, forecast.DeadBytes, false, true), (result.Dead, result.DeadBytes, result.IsDryRun, forecast.IsDryRun));
        Assert.Equal(result.Dead, forecast.Dead);
        using BlockBackend backend = pool.AsBackend();
        Assert.All([named, pinned, expiring, held, dataset, .. batches], cid => Assert.True(backend.Contains(cid)));
        Assert.False(backend.Contains(garbage));
        Assert.Equal(["expiry", "hold", "name", "name", "pin"], (await Task.WhenAll(
            new[] { named, pinned, expiring, held, batches[1] }.Select(cid => pool.WhyAsync(cid, TimeSpan.Zero))))
            .SelectMany(reasons => reasons.Select(reason => reason.Kind)).Order(StringComparer.Ordinal));
        Assert.Equal(("d", dataset), (await pool.WhyAsync(batches[1], TimeSpan.Zero)) is [var why] ? (why.Detail, why.Block) : default);
        await member.ReleaseAsync([held]);
        Assert.Equal(1, (await pool.CollectAsync(PoolWorld.AtOnce(keepsDead: true))).Dead);
        await PoolWorld.AssertCleanAsync(pool);
        Assert.Equal(0, await World.CountAsync("select count(*) from sweep where is_open"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Young_blocks_stay_and_their_reason_is_told()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, _) = await World.JoinAsync(pool);
        Cid cid = (await member.PutAsync(PoolWorld.Batch(1))).Put.Cid;
        Assert.Equal(0, (await pool.CollectAsync()).Dead);
        Assert.All(await pool.WhyAsync(cid), reason => Assert.Equal("recent", reason.Kind));
        Assert.NotEmpty(await pool.WhyAsync(cid));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Dead_block_is_revived_by_a_push_and_a_deleted_one_is_uploaded_under_another_key()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        _ = await member.PushAsync([cid]);
        string first = (string)(await World.SqlAsync("select key from object"))!;
        _ = await pool.CollectAsync(PoolWorld.AtOnce(keepsDead: true));
        Assert.Equal(1, await World.ObjectsAsync('D'));
        Assert.Equal(0, (await member.PushAsync([cid])).NewBlocks);
        Assert.Equal(1, await World.ObjectsAsync('L'));
        PoolCollectResult gone = await pool.CollectAsync(PoolWorld.AtOnce());
        Assert.Equal((1, 1), (gone.Dead, gone.Deleted));
        Assert.Equal(0, await World.CountAsync("select (select count(*) from object) + (select count(*) from place) + (select count(*) from block) + (select count(*) from link)"));
        Assert.Equal(["pool.json"], Directory.EnumerateFiles(World.ObjectDirectory, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path)));
        Assert.Equal(1, (await member.PushAsync([cid])).NewBlocks);
        Assert.NotEqual(first, (string)(await World.SqlAsync("select key from object"))!);
        await PoolWorld.AssertCleanAsync(pool);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Late_delete_of_an_object_spares_the_same_block_that_was_put_again()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        _ = await member.PushAsync([cid]);
        var stalled = new TaskCompletionSource();
        var deleting = new TaskCompletionSource();
        World.OnStep = async step =>
        {
            if (step != PoolStep.C5) return;
            deleting.TrySetResult();
            await stalled.Task;
        };
        Pool slow = await World.OpenAsync();
        Task<PoolCollectResult> collecting = slow.CollectAsync(PoolWorld.AtOnce());
        await deleting.Task;
        // The object is in state X; its delete comes later than the next push.
        _ = await member.PushAsync([cid]);
        _ = await member.SetNameAsync("n", cid);
        stalled.SetResult();
        Assert.Equal(1, (await collecting).Deleted);
        await PoolWorld.AssertCleanAsync(pool);
        using BlockBackend backend = pool.AsBackend();
        Assert.True(backend.TryGet(cid) is { Bytes.Length: 1 });
    }

    [PeerFact(Peer.Postgres)]
    public async Task Name_that_is_set_while_candidates_are_locked_is_refused_or_kept()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid[] batches = [.. Enumerable.Range(0, 3).Select(i => store.Put(PoolWorld.Batch(i)).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        foreach (Cid batch in batches) _ = await member.PushAsync([batch]);
        _ = await member.PushAsync([dataset]);
        // The marks were made without the name; it comes before the candidates are locked.
        World.OnStep = async step =>
        {
            if (step == PoolStep.C2) _ = await member.SetNameAsync("d", dataset);
        };
        Pool other = await World.OpenAsync();
        Assert.Equal(0, (await other.CollectAsync(PoolWorld.AtOnce())).Dead);
        await PoolWorld.AssertCleanAsync(pool);
        Assert.Equal(0, await World.CountAsync("select count(*) from sweep where is_open"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Collection_whose_marks_are_gone_or_that_another_has_superseded_removes_nothing()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, _) = await World.JoinAsync(pool);
        _ = await member.PutAsync(PoolWorld.Batch(1), new PutOptions { Name = "n" });
        _ = await member.PutAsync(PoolWorld.Batch(2));
        // The table of marks is empty after a crash of the server.
        World.OnStep = step => step == PoolStep.C2 ? World.SqlAsync("delete from mark") : Task.CompletedTask;
        Assert.Equal(0, (await (await World.OpenAsync()).CollectAsync(PoolWorld.AtOnce())).Dead);
        bool isNested = false;
        World.OnStep = async step =>
        {
            if (step != PoolStep.C2 || isNested) return;
            isNested = true;
            Assert.Equal(1, (await pool.CollectAsync(PoolWorld.AtOnce())).Dead);
        };
        Assert.Equal(0, (await (await World.OpenAsync()).CollectAsync(PoolWorld.AtOnce())).Dead);
        await PoolWorld.AssertCleanAsync(pool);
        Assert.Equal(0, await World.CountAsync("select count(*) from sweep where is_open"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task What_a_push_leaves_that_died_is_collected_with_its_members_lease()
    {
        Pool pool = await World.CreateAsync();
        World.OnStep = step => step == PoolStep.P3 ? throw new IOException("killed") : Task.CompletedTask;
        Pool dying = await World.OpenAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(dying);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        await Assert.ThrowsAsync<IOException>(() => member.PushAsync([cid]));
        Assert.Equal(0, (await pool.CollectAsync(PoolWorld.AtOnce())).Deleted);
        Assert.Equal(1, await World.ObjectsAsync('U'));
        await member.DisposeAsync();
        Assert.Equal(1, (await pool.CollectAsync(PoolWorld.AtOnce())).Deleted);
        Assert.Empty((await pool.VerifyAsync()).Leftovers);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Damaged_missing_and_left_over_objects_are_found()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid[] cids = [.. Enumerable.Range(0, 3).Select(i => store.PutRaw(new byte[(1 << 20) + i]).Cid)];
        foreach (Cid cid in cids) _ = await member.PushAsync([cid]);
        string FileOf(Cid cid) => Directory.EnumerateFiles(World.ObjectDirectory, $"{cid}.*", SearchOption.AllDirectories).Single();
        await File.WriteAllBytesAsync(FileOf(cids[0]), new byte[1 << 20 | 7]);
        await File.WriteAllBytesAsync(FileOf(cids[1]), new byte[100]);
        File.Delete(FileOf(cids[2]));
        string left = Path.Combine(World.ObjectDirectory, "b/zz/left.99");
        Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        await File.WriteAllTextAsync(left, "x");
        await File.WriteAllBytesAsync(FileOf(cids[0]), [1, .. new byte[1 << 20]]);
        PoolVerifyResult result = await pool.VerifyAsync(new PoolVerifyOptions { Repair = true });
        Assert.Equal(new[] { cids[0], cids[1] }.Order(), result.Damaged.Order());
        Assert.Equal([cids[2]], result.Missing);
        Assert.Equal(["b/zz/left.99"], result.Leftovers);
        Assert.False(result.IsClean);
        Assert.False(File.Exists(left));
    }
}
