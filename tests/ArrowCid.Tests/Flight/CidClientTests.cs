using ArrowCid.Client;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Flight;

/// <summary>The client against the server, both ours; others' clients are in ProcessTests/Flight.</summary>
public sealed class CidClientTests : ServedStoreTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public async Task What_was_put_is_fetched_by_its_cid(int rows)
    {
        RecordBatch batch = ServedStore.Sequence(0, rows);
        using CidClient client = Served.FlightClient();
        PutResult put = await client.PutAsync(batch);
        Assert.Equal((CanonicalBlock.CidOf(batch), true), (put.Cid, put.IsNew));
        Assert.False((await client.PutAsync(batch)).IsNew);
        using RemoteBatch? got = await client.TryGetAsync(put.Cid);
        Assert.False(got!.IsShared);
        Assert.Equal(put.Cid, CanonicalBlock.CidOf(got.View));
    }

    [Fact]
    public async Task A_block_that_is_not_here_is_null() =>
        Assert.Null(await Served.FlightClient().TryGetAsync(CanonicalBlock.CidOf(ServedStore.Sequence(0, 3))));

    [Fact]
    public async Task A_store_on_this_machine_is_read_in_its_memory()
    {
        PutResult put = Served.Store.Put(ServedStore.Sequence(0, 5));
        using CidClient client = Served.FlightClient(isLocal: true);
        using RemoteBatch? got = await client.TryGetAsync(put.Cid);
        Assert.True(got!.IsShared);
        Assert.Equal([0L, 1, 2, 3, 4], got.View.Column<long>("n").Values.ToArray());
    }

    [Fact]
    public async Task Client_reads_over_the_network_when_its_local_copy_is_damaged()
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(500)).Cid;
        using var directory = new TemporaryStore();
        using (CidStore copy = Stores.Open(directory)) Assert.Equal(cid, copy.Put(ServedStore.Numbers(500)).Cid);
        Stored.Flip(directory.Directory, cid);
        CidStore local = Stores.Open(directory);
        Assert.False(local.Diagnostics.Verify(cid)!.Value.IsIntact);
        using var client = new CidClient(Served.Flight, new CidClientOptions { Token = Served.Token },
            () => Task.FromResult<CidStore?>(local));
        using RemoteBatch? got = await client.TryGetAsync(cid);
        Assert.False(got!.IsShared);
        Assert.Equal(500, got.View.Length);
    }

    [Fact]
    public async Task Client_does_not_open_a_copy_of_the_store_at_the_path_that_the_server_names()
    {
        Cid cid = Served.Store.Put(ServedStore.Sequence(0, 5)).Cid;
        string token = Served.Token, moved = Served.Directory + "-moved";
        Directory.Move(Served.Directory, moved);
        try
        {
            // A copy has the store's id, as in a container made of the same image.
            _ = Directory.CreateDirectory(Served.Directory);
            foreach (string file in Directory.GetFiles(moved)) File.Copy(file, Path.Combine(Served.Directory, Path.GetFileName(file)));
            using CidClient client = Served.FlightClient(isLocal: true, token);
            using RemoteBatch? got = await client.TryGetAsync(cid);
            Assert.False(got!.IsShared);
            Assert.Equal(5, got.Batch.Length);
        }
        finally
        {
            Directory.Delete(Served.Directory, recursive: true);
            Directory.Move(moved, Served.Directory);
        }
    }

    [Fact]
    public async Task Client_does_not_open_another_store_at_the_path_that_the_server_names()
    {
        Cid cid = Served.Store.Put(ServedStore.Sequence(0, 5)).Cid;
        string token = Served.Token, moved = Served.Directory + "-moved";
        Directory.Move(Served.Directory, moved);
        try
        {
            using (CidStore other = CidStore.Open(Served.Directory)) Assert.Equal(cid, other.Put(ServedStore.Sequence(0, 5)).Cid);
            using CidClient client = Served.FlightClient(isLocal: true, token);
            using RemoteBatch? got = await client.TryGetAsync(cid);
            Assert.False(got!.IsShared);
        }
        finally
        {
            Directory.Delete(Served.Directory, recursive: true);
            Directory.Move(moved, Served.Directory);
        }
    }

    [Fact]
    public async Task A_put_without_a_token_is_refused_and_nothing_is_put()
    {
        using CidClient client = Served.FlightClient(token: "wrong");
        var e = await Assert.ThrowsAsync<ArrowCidException>(() => client.PutAsync(ServedStore.Sequence(0, 3)));
        Assert.Equal(ErrorCode.AccessDenied, e.Code);
        Assert.Empty(Served.Store.List());
    }

    [Fact]
    public async Task Facts_and_names_go_with_a_put_and_filters_find_them()
    {
        using CidClient client = Served.FlightClient();
        PutResult put = await client.PutAsync(ServedStore.Sequence(0, 3), new PutOptions
        {
            Name = "three",
            Tags = new Dictionary<string, string?> { ["size"] = "small" },
        });
        _ = await client.PutAsync(ServedStore.Sequence(0, 4));
        Assert.Equal(put.Cid, Served.Store.Names.Resolve("three"));
        var found = new List<Cid>();
        await foreach (Cid cid in client.ListAsync(Filter.Parse("tag.size = \"small\""))) found.Add(cid);
        Assert.Equal([put.Cid], found);
    }

    [Fact]
    public async Task Metadata_of_a_put_is_stored_when_it_has_an_expiry_parents_and_locations()
    {
        using CidClient client = Served.FlightClient();
        Cid parent = Served.Store.Put(ServedStore.Sequence(0, 1)).Cid;
        var time = new DateTimeOffset(2999, 1, 2, 3, 4, 5, TimeSpan.Zero);
        PutResult timed = await client.PutAsync(ServedStore.Sequence(0, 5), new PutOptions
        {
            Parents = [parent],
            Locations = ["https://a.example/b"],
            Expires = time,
            Producer = "p",
        });
        StoredEntry entry = Served.Store.Metadata.Get(timed.Cid)!;
        Assert.Equal((time, "p"), (entry.Expires, entry.Producer));
        Assert.Equal([parent], entry.Parents);
        Assert.Equal(["https://a.example/b"], entry.Locations);
        DateTimeOffset before = DateTimeOffset.UtcNow;
        PutResult spanned = await client.PutAsync(ServedStore.Sequence(0, 6), new PutOptions { ExpiresAfter = TimeSpan.FromDays(7) });
        Assert.InRange(Served.Store.Metadata.Get(spanned.Cid)!.Expires!.Value, before.AddDays(6.9), before.AddDays(8));
    }

    [Fact]
    public async Task A_watcher_hears_every_put_and_goes_on_from_a_cursor()
    {
        using CidClient client = Served.FlightClient();
        _ = Served.Store.Put(ServedStore.Sequence(0, 10));
        var heard = new List<StoreEvent>();
        await foreach (StoreEvent put in client.WatchAsync(Cursor.Oldest, cancellationToken: Watchdog()))
        {
            heard.Add(put);
            if (heard.Count == 3) break;
            _ = Served.Store.Put(ServedStore.Sequence(0, 10 + heard.Count));
        }

        Assert.Equal(3, heard.Select(put => put.Cid).Distinct().Count());
        await foreach (StoreEvent put in client.WatchAsync(heard[1].Cursor, cancellationToken: Watchdog()))
        {
            Assert.Equal(heard[2].Cid, put.Cid);
            break;
        }
    }

    [Fact]
    public async Task A_watcher_of_names_hears_of_each_change_with_old_and_new_block()
    {
        using CidClient client = Served.FlightClient();
        Cid one = Served.Store.Put(ServedStore.Sequence(0, 10)).Cid, two = Served.Store.Put(ServedStore.Sequence(0, 11)).Cid;
        string name = $"watched/{Guid.NewGuid()}";
        _ = Served.Store.Names.Set(name, one);
        var heard = new List<StoreEvent>();
        await foreach (StoreEvent change in client.WatchNamesAsync(Cursor.Oldest, "watched/*", Watchdog()))
        {
            if (change.Name != name) continue;
            heard.Add(change);
            if (heard.Count == 1) _ = Served.Store.Names.Set(name, two);
            else if (heard.Count == 2) Assert.True(Served.Store.Names.Remove(name));
            else break;
        }

        Assert.All(heard, each => Assert.Equal(StoreEventKind.Name, each.Kind));
        Assert.Equal([(null, one), (one, two), (two, null)], heard.Select(each => (each.OldCid, each.NewCid)));
    }

    [Fact]
    public async Task AServed_that_ends_tells_its_watchers_where_to_go_on()
    {
        using CidClient client = Served.FlightClient();
        _ = Served.Store.Put(ServedStore.Sequence(0, 3));
        Task? stopping = null;
        var e = await Assert.ThrowsAsync<ArrowCidException>(async () =>
        {
            await foreach (StoreEvent _ in client.WatchAsync(Cursor.Oldest, cancellationToken: Watchdog()))
                stopping ??= Served.EndServer();
        });
        Assert.True(e.Code == ErrorCode.Busy, $"{e.Code}: {e}");
        Assert.Contains("go on from c1.", e.Message, StringComparison.Ordinal);
        await stopping!;
    }

    private static CancellationToken Watchdog() => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;
}
