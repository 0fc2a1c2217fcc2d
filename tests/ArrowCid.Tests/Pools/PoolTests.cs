using ArrowCid.Postgres;
using ArrowCid.Registry;
using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Transfer.S3;
using ArrowCid.Transfer.Backends;
using Npgsql;

namespace ArrowCid.Tests.Pools;

/// <summary>Blocks, metadata and names that stores share through a pool.</summary>
public sealed class PoolTests : PoolTestBase
{
    [PeerFact(Peer.Postgres)]
    public async Task Batch_that_a_member_puts_is_found_named_and_read_by_another()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember a, _) = await World.JoinAsync(pool);
        (PoolMember b, CidStore other) = await World.JoinAsync(pool);
        (PutResult put, PoolPut push) = await a.PutAsync(PoolWorld.Batch(1, 2, 3), new PutOptions
        {
            Name = "quotes/latest",
            Tags = new Dictionary<string, string?> { ["day"] = "2026-11-20" },
            Producer = "feed-7",
        });
        Assert.Equal(2, push.NewBlocks);
        await b.WaitForAsync(push.Token);
        Assert.Equal(put.Cid, other.Names.Resolve("quotes/latest"));
        Assert.Equal(put.Cid, await b.ResolveAsync("quotes/latest"));
        StoredEntry entry = other.Metadata.Get(put.Cid)!;
        Assert.Equal(("feed-7", "2026-11-20", 3, false), (entry.Producer, entry.Tags["day"], (int)entry.Rows, entry.IsPresent));
        Assert.Equal(PoolMember.Place, Assert.Single(entry.Copies).Place);
        using BatchLease lease = (await b.TryGetAsync(put.Cid))!;
        Assert.Equal([1L, 2, 3], lease.Column<long>("v").Values.ToArray());
        Assert.True(other.Contains(put.Cid));
        await PoolWorld.AssertCleanAsync(pool);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Push_of_blocks_that_the_pool_has_uploads_nothing()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember a, _) = await World.JoinAsync(pool);
        (PoolMember b, _) = await World.JoinAsync(pool);
        (_, PoolPut first) = await a.PutAsync(PoolWorld.Batch(1));
        (_, PoolPut second) = await b.PutAsync(PoolWorld.Batch(1));
        Assert.Equal((2, 0, 0L), (first.NewBlocks, second.NewBlocks, second.ByteLength));
        // The batch, and the schema, which batches of other pushes need too.
        Assert.Equal(2, await World.ObjectsAsync('L'));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Dataset_is_pushed_and_fetched_with_all_its_batches()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember a, CidStore store) = await World.JoinAsync(pool);
        (PoolMember b, CidStore other) = await World.JoinAsync(pool);
        Cid[] batches = [.. Enumerable.Range(0, 5).Select(i => store.Put(PoolWorld.Batch(i)).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        _ = await a.PushAsync([dataset]);
        Assert.True(await b.FetchAsync([dataset]));
        Assert.True(other.Contains(dataset));
        Assert.All(batches, batch => Assert.True(other.Contains(batch)));
        Assert.False(await b.FetchAsync([Cid.Sha256(Multicodec.Raw, "absent"u8)]));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Large_blocks_are_objects_of_their_own_and_small_ones_share_one()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid large = store.PutRaw(new byte[3 << 20]).Cid;
        Cid[] small = [.. Enumerable.Range(0, 50).Select(i => store.PutRaw(BitConverter.GetBytes(i)).Cid)];
        _ = await member.PushAsync([large, .. small]);
        string[] keys = [.. Directory.EnumerateFiles(World.ObjectDirectory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(World.ObjectDirectory, path)).Order(StringComparer.Ordinal)];
        Assert.Collection(keys, key => Assert.Contains($"{large}.", key, StringComparison.Ordinal),
            key => Assert.EndsWith(".car", key, StringComparison.Ordinal), key => Assert.Equal("pool.json", key));
        using BlockBackend backend = pool.AsBackend();
        Assert.Equal(small.Append(large).Order(), backend.List().Order());
        foreach (Cid cid in small) Assert.Equal(sizeof(int), backend.TryGet(cid)!.Bytes.Length);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Name_is_changed_by_exactly_one_of_many_members_and_keeps_its_history()
    {
        const int Rounds = 15;
        Pool pool = await World.CreateAsync();
        (PoolMember first, CidStore store) = await World.JoinAsync(pool);
        Cid[] cids = [.. Enumerable.Range(0, Rounds + 1).Select(i => store.PutRaw(BitConverter.GetBytes(i)).Cid)];
        _ = await first.PushAsync(cids);
        _ = await first.SetNameAsync("hot", cids[0]);
        PoolMember[] members = [first, (await World.JoinAsync(pool)).Member, (await World.JoinAsync(pool)).Member];
        for (int round = 0; round < Rounds; round++)
        {
            Cid from = cids[round], to = cids[round + 1];
            bool[] won = await Task.WhenAll(members.Select(async member =>
            {
                try
                {
                    _ = await member.SetNameAsync("hot", to, from);
                    return true;
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.NameConflict)
                {
                    return false;
                }
            }));
            Assert.Equal(1, won.Count(each => each));
        }

        Assert.Equal(Rounds + 1, await World.CountAsync("select count(*) from name_history"));
        Assert.Equal(Rounds, await World.CountAsync("""
            select count(*) from name_history h join name_history p on p.name = h.name
            and (p.stamp_time, p.stamp_writer) = (h.previous_time, h.previous_writer) where h.stamp_time > p.stamp_time
            """));
        await PoolWorld.AssertCleanAsync(pool);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Change_of_a_name_that_is_sent_twice_is_made_once_and_answered_alike()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        _ = await member.PushAsync([cid]);
        var swap = new NameSwap("n", cid, null, new FactStamp(store.Registry.Facts.NextTimeAfter(null), 7));
        (NameSwap.Outcome, byte[]?, ulong, long)[] answers = await Task.WhenAll(Enumerable.Range(0, 6)
            .Select(_ => swap.RunAsync(pool.Database, member.Id, default)));
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.Equal(NameSwap.Outcome.Done, answers[0].Item1);
        Assert.Equal(1, await World.CountAsync("select count(*) from name_history"));
        _ = await member.SetNameAsync("n", null, cid);
        Assert.Equal(NameSwap.Outcome.Done, (await swap.RunAsync(pool.Database, member.Id, default)).Outcome);
        Assert.Null(await pool.ResolveAsync("n"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Change_of_a_name_with_an_earlier_stamp_than_the_last_is_refused()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        _ = await member.PushAsync([cid]);
        _ = await member.SetNameAsync("n", cid);
        FactStamp stamp = (await NameSwap.ReadAsync(pool.Database, "n", default))!.Value.Stamp;
        var behind = new NameSwap("n", null, stamp, stamp with { Time = stamp.Time - 1 });
        Assert.Equal(NameSwap.Outcome.Lost, (await behind.RunAsync(pool.Database, member.Id, default)).Outcome);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Name_of_a_block_that_the_pool_lacks_is_refused()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        Assert.Equal(ErrorCode.BlockNotFound, await CodeAsync(() => member.SetNameAsync("n", cid)));
        Assert.Equal(ErrorCode.InvalidArgument, await CodeAsync(() => member.SetNameAsync("local/n", cid)));
        Assert.Equal(ErrorCode.NameNotFound, await CodeAsync(() => member.SetNameAsync("n", null, cid)) switch
        {
            ErrorCode.NameConflict => ErrorCode.NameNotFound,
            var other => other,
        });
    }

    [PeerFact(Peer.Postgres)]
    public async Task Follower_loses_nothing_when_transactions_are_committed_in_another_order()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember a, _) = await World.JoinAsync(pool);
        (PoolMember b, CidStore other) = await World.JoinAsync(pool);
        // A transaction that began first and has written nothing yet holds the log back behind it.
        await using NpgsqlConnection slow = await pool.Database.OpenAsync(default);
        await using NpgsqlTransaction open = await slow.BeginTransactionAsync();
        _ = await PoolRows.ExecuteAsync(slow, "select pg_current_xact_id()", [], default);
        (PutResult put, PoolPut push) = await a.PutAsync(PoolWorld.Batch(1),
            new PutOptions { Producer = "fast" });
        _ = await b.PullAsync();
        Assert.Null(other.Metadata.Get(put.Cid));
        byte[] late = FactWriter.Write([new FactGroup(new FactStamp(1ul << 40, 9), [new ProducerFact(Cid.Sha256(Multicodec.Raw, "x"u8), "slow")])], out _);
        _ = await PoolRows.ExecuteAsync(slow, "insert into fact_group (member, facts) values (0, $1)", [late], default);
        await open.CommitAsync();
        await b.WaitForAsync(push.Token);
        Assert.Equal("fast", other.Metadata.Get(put.Cid)!.Producer);
        Assert.Equal("slow", other.Metadata.Get(Cid.Sha256(Multicodec.Raw, "x"u8))!.Producer);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Follower_has_every_group_of_many_writers_at_once()
    {
        const int Writers = 8, Groups = 25;
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        int seed = Random.Shared.Next();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            var random = new Random(seed + writer);
            await using NpgsqlConnection connection = await pool.Database.OpenAsync(default);
            for (int i = 0; i < Groups; i++)
            {
                Cid cid = Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes((writer * 1000) + i));
                byte[] facts = FactWriter.Write([new FactGroup(new FactStamp((ulong)((1L << 40) + i), (UInt128)writer), [new ProducerFact(cid, $"{writer}/{i}")])], out _);
                await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
                _ = await PoolRows.ExecuteAsync(connection, "insert into fact_group (member, facts) values (0, $1)", [facts], default);
                if (random.Next(4) == 0)
                    _ = await PoolRows.QueryAsync(connection, $"select 1 from pg_sleep(0.00{random.Next(10)})", [], row => row.GetInt32(0), default);
                await transaction.CommitAsync();
            }
        }));
        ulong last = (ulong)(await PoolRows.QueryAsync(await pool.Database.OpenAsync(default),
            "select pg_current_xact_id()", [], row => row.GetFieldValue<ulong>(0), default))[0];
        await member.WaitForAsync(new PoolToken(pool.Id, last, 0));
        int found = Enumerable.Range(0, Writers * Groups).Count(n => store.Metadata.Get(Cid.Sha256(Multicodec.Raw,
            BitConverter.GetBytes((n / Groups * 1000) + (n % Groups))))?.Producer == $"{n / Groups}/{n % Groups}");
        Assert.True(found == Writers * Groups, $"seed {seed}: {found} of {Writers * Groups}");
    }

    [PeerFact(Peer.Postgres)]
    public async Task Member_whose_lease_has_ended_is_fenced_and_joins_again()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember asleep, CidStore store) = await World.JoinAsync(pool);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        _ = await asleep.PushAsync([cid]);
        await asleep.HoldAsync([cid]);
        Assert.Equal("hold", Assert.Single(await pool.WhyAsync(cid, TimeSpan.Zero)).Kind);
        // It slept for longer than its lease.
        _ = await World.SqlAsync("update member set lease_until = clock_timestamp() - interval '1 second'");
        Assert.Empty(await pool.WhyAsync(cid, TimeSpan.Zero));
        Assert.Equal(ErrorCode.MemberFenced, await CodeAsync(() => asleep.SetNameAsync("n", cid)));
        Assert.True(asleep.IsFenced);
        Assert.Equal(ErrorCode.MemberFenced, await CodeAsync(() => asleep.PushAsync([cid])));
        Assert.Equal(ErrorCode.MemberFenced, await CodeAsync(() => asleep.HoldAsync([cid])));
        Assert.Null(await pool.ResolveAsync("n"));
        await using PoolMember again = await pool.JoinAsync(store);
        _ = await again.SetNameAsync("n", cid);
        Assert.NotEqual(asleep.Id, again.Id);
        Assert.Equal(cid, await pool.ResolveAsync("n"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Tables_that_are_made_again_from_the_log_are_the_same()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember a, CidStore store) = await World.JoinAsync(pool);
        for (int i = 0; i < 6; i++)
        {
            (PutResult put, _) = await a.PutAsync(PoolWorld.Batch(i), new PutOptions
            {
                Name = i % 2 == 0 ? "even" : "odd",
                Tags = new Dictionary<string, string?> { ["i"] = $"{i}" },
                Json = "{\"a\":[1,2]}",
                Pin = i == 3,
                ExpiresAfter = i == 4 ? TimeSpan.FromDays(1) : null,
                Locations = ["https://example.org/x"],
            });
            store.Metadata.Set(put.Cid, new BlockMetadata { Tags = new Dictionary<string, string?> { ["i"] = null } });
            _ = await a.PushAsync([put.Cid]);
        }

        string[] before = [await DumpAsync("word"), await DumpAsync("name"), await DumpAsync("name_history")];
        Assert.True(await pool.RebuildAsync() > 0);
        string[] made = [await DumpAsync("word"), await DumpAsync("name"), await DumpAsync("name_history")];
        Assert.Equal(before, made);
        await PoolWorld.AssertCleanAsync(pool);
        // A row that the log does not give is found, and made again.
        _ = await World.SqlAsync("update word set text = 'z', facts = 'z' where kind = 2 or kind = 1");
        Assert.False((await pool.VerifyAsync()).IsClean);
        _ = await pool.RebuildAsync();
        Assert.Equal(before[0], await DumpAsync("word"));

        async Task<string> DumpAsync(string table) =>
            (string)(await World.SqlAsync($"select string_agg(t::text, E'\\n' order by t::text) from {table} t"))!;
    }

    [PeerFact(Peer.Postgres)]
    public async Task Facts_far_ahead_of_the_clock_are_refused_at_the_door()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        ulong ahead = (ulong)DateTimeOffset.UtcNow.AddHours(2).ToUnixTimeMilliseconds() << 16;
        var far = new FactGroup(new FactStamp(ahead, 1), [new ProducerFact(cid, "x")]);
        ArrowCidException e = Assert.Throws<ArrowCidException>(() =>
            FactTable.ThrowIfAhead([far], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        Assert.Equal(ErrorCode.InvalidData, e.Code);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Object_store_of_another_pool_is_refused()
    {
        Pool pool = await World.CreateAsync();
        await using var other = new PoolWorld();
        PoolOptions options = other.Options();
        var mixed = new PoolOptions { Registry = options.Registry, Blocks = ObjectStore.Folder(World.ObjectDirectory) };
        Assert.Equal(ErrorCode.NameExists, await CodeAsync(() => Pool.CreateAsync(mixed)));
        Assert.Equal(ErrorCode.NameNotFound, await CodeAsync(() => Pool.OpenAsync(new PoolOptions
        {
            Registry = PostgresServer.Shared.UrlOf("nothing_here"),
            Blocks = ObjectStore.Folder(World.ObjectDirectory),
        })));
        Assert.Equal(pool.Id, (await World.CreateAsync()).Id);
    }

    /// <summary>The cursor of a follower is of one pool and one store: neither a store of another pool nor an old copy
    /// of a member's store begins where that one was.</summary>
    [PeerFact(Peer.Postgres)]
    public async Task Follower_from_a_store_of_another_pool_or_from_an_old_copy_of_a_store_misses_nothing()
    {
        await using var other = new PoolWorld();
        Pool here = await World.CreateAsync(), there = await other.CreateAsync();
        (PoolMember writer, _) = await World.JoinAsync(here);
        (PoolMember far, _) = await other.JoinAsync(there);
        (PutResult first, PoolPut before) = await writer.PutAsync(PoolWorld.Batch(1), new PutOptions { Name = "first" });
        (PutResult elsewhere, PoolPut of) = await far.PutAsync(PoolWorld.Batch(2), new PutOptions { Name = "elsewhere" });
        // So a cursor of this pool is beyond the whole log of the other one.
        for (int i = 0; i < 5; i++) _ = await writer.PutAsync(PoolWorld.Batch(100 + i));
        using var folder = new TemporaryStore();
        string store = Path.Combine(folder.Directory, "store"), copy = Path.Combine(folder.Directory, "copy");
        Guid known = await FollowAsync(here, store, before.Token, first.Cid);
        CopyDirectory(store, copy);
        // The store goes to another pool, and comes back.
        Assert.Equal(known, await FollowAsync(there, store, of.Token, elsewhere.Cid, wrong: before.Token));
        (PutResult later, PoolPut last) = await writer.PutAsync(PoolWorld.Batch(3), new PutOptions { Name = "later" });
        Assert.Equal(known, await FollowAsync(here, store, last.Token, later.Cid, wrong: of.Token));
        // The copy is older than the cursor of the store that it was made of.
        Assert.NotEqual(known, await FollowAsync(here, copy, last.Token, later.Cid));
        await PoolWorld.AssertCleanAsync(here);
        await PoolWorld.AssertCleanAsync(there);
    }

    /// <summary>Joins a pool, and waits for a point of its log and a block.</summary>
    private static async Task<Guid> FollowAsync(Pool pool, string directory, PoolToken until, Cid cid,
        PoolToken? wrong = null)
    {
        using CidStore store = CidStore.Open(directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 1 << 20 });
        await using PoolMember member = await pool.JoinAsync(store);
        if (wrong is { } token)
            Assert.Equal(ErrorCode.InvalidArgument, await CodeAsync(() => member.WaitForAsync(token)));
        await member.WaitForAsync(until);
        Assert.Equal((pool.Id, true), (member.Position.Pool, store.Metadata.Get(cid) is { Names.Count: 1 }));
        using BatchLease lease = (await member.TryGetAsync(cid))!;
        Assert.Equal(1, lease.Address.Rows);
        return store.Blocks.Id;
    }

    private static void CopyDirectory(string from, string to)
    {
        _ = Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Database_that_does_not_answer_is_unavailable_and_local_reads_go_on()
    {
        Pool pool = await World.CreateAsync();
        await using var proxy = new CuttingProxy(PostgresServer.Shared.Port);
        (World.Port, World.Patience) = (proxy.Port, TimeSpan.FromMilliseconds(200));
        Pool far = await World.OpenAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(far);
        (PutResult put, _) = await member.PutAsync(PoolWorld.Batch(5));
        proxy.Cut();
        Assert.Equal(ErrorCode.PoolUnavailable, await CodeAsync(() => member.SetNameAsync("n", put.Cid)));
        using (BatchLease here = (await member.TryGetAsync(put.Cid))!) Assert.Equal(1, here.Address.Rows);
        Cid later = store.Put(PoolWorld.Batch(6)).Cid;
        proxy.Heal();
        _ = await member.PushAsync([later]);
        _ = await member.SetNameAsync("n", later);
        Assert.Equal(later, await pool.ResolveAsync("n"));
    }

    [PeerFact(Peer.Postgres)]
    public async Task Change_whose_answer_is_lost_is_known_to_be_made()
    {
        Pool pool = await World.CreateAsync();
        await using var proxy = new CuttingProxy(PostgresServer.Shared.Port);
        World.Port = proxy.Port;
        Pool far = await World.OpenAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(far);
        Cid cid = store.PutRaw("a"u8.ToArray()).Cid;
        _ = await member.PushAsync([cid]);
        // The request reaches the server; its answer does not come back.
        proxy.LoseAnswerTo("swap_name");
        _ = await member.SetNameAsync("n", cid, null);
        Assert.True(proxy.Lost > 0);
        Assert.Equal(cid, await pool.ResolveAsync("n"));
        Assert.Equal(1, await World.CountAsync("select count(*) from name_history"));
    }

    [PeerFact(Peer.Postgres, Peer.Moto)]
    public async Task Pool_keeps_its_blocks_in_a_bucket()
    {
        string folder = MotoServer.NewFolder();
        World.Wrap = _ => S3Blocks.OpenObjects(folder);
        Pool pool = await World.CreateAsync();
        (PoolMember a, CidStore store) = await World.JoinAsync(pool);
        (PoolMember b, CidStore other) = await World.JoinAsync(pool);
        Cid[] cids = [store.PutRaw(new byte[2 << 20]).Cid, store.PutRaw("a"u8.ToArray()).Cid, store.PutRaw("b"u8.ToArray()).Cid];
        Assert.Equal(3, (await a.PushAsync(cids)).NewBlocks);
        Assert.True(await b.FetchAsync(cids));
        Assert.All(cids, cid => Assert.True(other.Contains(cid)));
        _ = await a.SetNameAsync("n", cids[0]);
        Assert.Equal(1, (await pool.CollectAsync(PoolWorld.AtOnce())).Deleted);
        await PoolWorld.AssertCleanAsync(pool);
        Assert.Equal(2, (await MotoServer.ObjectsOf(folder)).Count);
    }

    [Theory]
    [InlineData("postgres://u:secret@h/db", "password")]
    [InlineData("postgres://h", "no database")]
    [InlineData("postgres://h/db?x=y", "takes schema")]
    [InlineData("postgres://h/db?schema=A;drop", "takes schema")]
    [InlineData("mysql://h/db", "begin with")]
    public void Url_that_breaks_the_form_is_refused_without_its_secret(string url, string why)
    {
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => PoolAddress.Parse(url));
        Assert.Equal(ErrorCode.InvalidArgument, e.Code);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Url_of_several_hosts_is_read()
    {
        var address = PoolAddress.Parse("postgres://me@one,two:5433/db?schema=s1&sslmode=require");
        Assert.Equal(("one:5432,two:5433", "db", "me", "s1"), (address.Connection.Host, address.Connection.Database, address.Connection.Username, address.Schema));
        Assert.Equal("postgres://one,two:5433/db", address.Name);
    }

    [Fact]
    public void Token_reads_back_and_other_texts_are_refused()
    {
        var token = new PoolToken(Guid.NewGuid(), 918273, 40112);
        Assert.Equal(token, PoolToken.Parse(token.ToString()));
        foreach (string text in (string[])["", "p1", "p1:x:1:2", $"p2:{token.Pool:n}:1:2", $"p1:{token.Pool:n}:-1:2"])
            Assert.Throws<ArrowCidException>(() => PoolToken.Parse(text));
    }

    private static async Task<ErrorCode> CodeAsync(Func<Task> call) =>
        (await Assert.ThrowsAsync<ArrowCidException>(call)).Code;
}
