using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid.Tests.Store;

public sealed class QueryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("arrowcid-query-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_query_finds_what_a_look_at_every_entry_finds()
    {
        using CidStore store = CidStore.Open(Path.Combine(_directory, "store"), new CidStoreOptions { Capacity = 64L << 20 });
        Cid[] cids = [.. Enumerable.Range(0, 50).Select(i => store.Put(Numbers(i), new PutOptions
        {
            Tags = new Dictionary<string, string?> { ["even"] = i % 2 == 0 ? "true" : "false", ["n"] = $"{i}" },
            Producer = i % 3 == 0 ? $"etl-{i}" : null,
            Json = $$"""{"of":[{{i}},{{i + 1}}]}""",
            Expires = i < 10 ? DateTimeOffset.UtcNow.AddHours(i + 0.5) : null,
        }).Cid)];
        store.Names.Set("latest", cids[^1]);
        store.Retention.Pin(cids[7]);

        Assert.Equal(Of(i => i % 2 == 0 && i > 9), Found("tag.even = true and tag.n > 9"));
        Assert.Equal(Of(i => i > 10), Found("kind = batch and rows > 10"));
        Assert.Equal(Of(i => i % 3 == 0), Found("has producer"));
        Assert.Equal(Of(i => i is 6 or 7), Found("json.of = 7"));
        Assert.Equal(Of(i => i is 7 or 49), Found("pinned or name = latest"));
        Assert.Equal(Of(i => i < 3), Found("expires < 3h"));
        Assert.Equal(Of(_ => true), Found("has tag.n and age < 1h and created >= 2026-01-01"));
        Assert.Equal(Of(i => i == 4), Found($"cid = {cids[4]}"));
        Assert.Equal(store.Metadata.Get(cids[0])!.SchemaCid, Assert.Single(store.Query(Filter.Parse("kind = schema"))).Cid);

        IEnumerable<Cid> Of(Func<int, bool> which) => cids.Where((_, i) => which(i)).Order();
        IEnumerable<Cid> Found(string filter) => store.Query(Filter.Parse(filter)).Select(entry => entry.Cid).Order();
    }

    [Fact]
    public void What_is_not_here_is_found_on_request()
    {
        using CidStore store = CidStore.Open(Path.Combine(_directory, "store"), new CidStoreOptions { Capacity = 64L << 20 });
        Cid gone = store.Put(Numbers(1), new PutOptions { Producer = "p" }).Cid;
        Assert.Single(store.Retention.Remove([gone]).Removed);
        var filter = Filter.Parse("producer = p");
        Assert.Empty(store.Query(filter));
        StoredEntry entry = Assert.Single(store.Query(filter, includeMissing: true));
        Assert.Equal((gone, false), (entry.Cid, entry.IsPresent));
        store.Put(Numbers(1));
        Assert.Single(store.Query(filter));
    }

    private static RecordBatch Numbers(int count) =>
        RecordBatch.Of(("n", ArrowArray.From<int>(Enumerable.Range(0, count).ToArray())));
}
