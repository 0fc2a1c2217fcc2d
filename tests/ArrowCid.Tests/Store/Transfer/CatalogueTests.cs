using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>The registry as a table, and its state under a CID. That each filter gives the rows of a look at every
/// entry, in their order, is held in <see cref="IndexedQueryTests"/>.</summary>
public class CatalogueTests
{
    [Fact]
    public void A_row_says_all_that_an_entry_does()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        (Cid full, Cid bare) = Fill(store);
        Cid absent = Cid.Sha256(Multicodec.Raw, "elsewhere"u8);
        store.Metadata.Tag(absent, "day", "2");
        JsonElement[] rows = [.. Lines(store.Metadata.ReadCatalogViews(withAbsent: true))];
        JsonElement row = rows.Single(each => Text(each, "cid") == full.ToString());
        StoredEntry entry = store.Metadata.Get(full)!;
        Assert.Equal(("batch", 3, entry.ByteLength, true), (Text(row, "kind"), row.GetProperty("rows").GetInt32(),
            row.GetProperty("bytes").GetInt64(), row.GetProperty("isPinned").GetBoolean()));
        Assert.Equal((entry.SchemaCid.ToString(), "etl", "2100-01-01T00:00:00.000Z", EntryJson.Time(entry.Created!.Value)),
            (Text(row, "schemaCid"), Text(row, "producer"), Text(row, "expires"), Text(row, "created")));
        Assert.Equal(("""["a","b"]""", $"""["{bare}"]""", """[["day","1"],["ü","\n"]]""", """["https://example.org/"]"""),
            (Raw(row, "names"), Raw(row, "parents"), Raw(row, "tags"), Raw(row, "locations")));
        Assert.Equal("""{"run":7}""", Text(row, "json"));
        JsonElement last = rows[^1];
        Assert.Equal((absent.ToString(), "unknown", "null", "null", """[["day","2"]]"""),
            (Text(last, "cid"), Text(last, "kind"), Raw(last, "created"), Raw(last, "schemaCid"), Raw(last, "tags")));
        Assert.Equal(["schema", "batch", "batch", "unknown"], rows.Select(each => Text(each, "kind")));
        Assert.Equal(2, Lines(store.Metadata.ReadCatalogViews(Filter.Parse("kind = batch"))).Count());
        Assert.Empty(store.Metadata.ReadCatalogViews(Filter.Parse("rows > 100")));
        Assert.All(store.Metadata.ReadCatalogViews(), batch => Assert.Same(StoreMetadata.CatalogSchemaView, batch.Schema));
    }

    [Fact]
    public void The_schema_of_version_1_is_what_it_was() =>
        Assert.Equal("bafkreib6xmhljcgk5luwgwq3ggyiskaszu36rk2kpefcjeycqqjbn2bs6e",
            ArrowCid.Ipc.CanonicalBlock.SchemaCid(StoreMetadata.CatalogSchemaView).ToString());

    [Fact]
    public void A_batch_ends_where_its_texts_are_too_long()
    {
        StoredEntry large = new() { Cid = Cid.Sha256(Multicodec.Raw, "x"u8), Locations = [new string('a', 1 << 20)] };
        Assert.Equal([64, 6], CatalogTable.Of(Enumerable.Repeat(large, 70)).Select(batch => batch.Length));
        Assert.Equal([30, 30, 10], CatalogTable.Of(Enumerable.Repeat(large, 70), rowsPerBatch: 30).Select(batch => batch.Length));
    }

    [Fact]
    public void A_snapshot_has_the_CID_of_the_state_in_every_store_and_however_often_it_is_taken()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        PutResult empty = store.Metadata.PutSnapshot();
        Assert.Equal((0, empty with { IsNew = false }), (empty.Address.Rows, store.Metadata.PutSnapshot()));
        (Cid full, _) = Fill(store);
        PutResult first = store.Metadata.PutSnapshot();
        Assert.Equal(3, first.Address.Rows);
        Assert.True(first.IsNew);
        // Neither a name of its own nor what a process holds is state, and no snapshot is in the next.
        store.Names.Set("state", first.Cid);
        Assert.Equal(first with { IsNew = false }, store.Metadata.PutSnapshot());
        using (store.Retention.Hold(first.Cid)) Assert.Equal(first.Cid, store.Metadata.PutSnapshot().Cid);
        Cid unpinned = Lines(store.Metadata.ReadCatalogViews(Filter.Parse("kind = batch"))).Select(row => Cid.Parse(Text(row, "cid")!)).First(cid => cid != full);
        using (store.Retention.Hold(unpinned))
        {
            Assert.True(store.Metadata.Get(unpinned)!.IsPinned);
            Assert.Equal(first.Cid, store.Metadata.PutSnapshot().Cid);
        }

        Assert.True(store.Maintenance.Checkpoint());
        Assert.Equal(first.Cid, store.Metadata.PutSnapshot().Cid);
        using CidStore copy = Stores.Open(other);
        _ = store.Transfer.CopyTo(copy);
        Assert.Equal(first.Cid, copy.Metadata.PutSnapshot().Cid);

        PutResult some = store.Metadata.PutSnapshot(Filter.Parse("kind = batch  and pinned"));
        Assert.Equal((1, some.Cid), (some.Address.Rows, store.Metadata.PutSnapshot(Filter.Parse("(kind = batch) and (pinned)")).Cid));
        store.Metadata.Tag(full, "day", "2");
        PutResult second = store.Metadata.PutSnapshot();
        Assert.NotEqual(first.Cid, second.Cid);
        store.Metadata.Tag(full, "day", "1");
        Assert.Equal(first.Cid, store.Metadata.PutSnapshot().Cid);
        store.Metadata.Tag(Cid.Sha256(Multicodec.Raw, "elsewhere"u8), "day", "1");
        Assert.Equal((first.Cid, 4), (store.Metadata.PutSnapshot().Cid, store.Metadata.PutSnapshot(includeMissing: true).Address.Rows));
        // It is read back as any dataset, and proves itself.
        Assert.All(store.Datasets.TryGet(first.Cid)!, batch => Assert.True(store.Diagnostics.Verify(batch)!.Value.IsIntact));
    }

    [Fact]
    public void Snapshots_of_a_store_that_grows_share_their_first_batches()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 256 << 20 });
        Put(0, (1 << 16) + 10);
        IReadOnlyList<Cid> first = store.Datasets.TryGet(store.Metadata.PutSnapshot().Cid)!;
        Put(1 << 17, 20);
        IReadOnlyList<Cid> second = store.Datasets.TryGet(store.Metadata.PutSnapshot().Cid)!;
        Assert.Equal((2, 2), (first.Count, second.Count));
        Assert.Equal(first[0], second[0]);
        Assert.NotEqual(first[1], second[1]);
        Assert.Equal([1 << 16, 30], second.Select(cid => store.Metadata.Get(cid)!.Rows));

        void Put(int from, int count)
        {
            foreach (int[] some in Enumerable.Range(from, count).Chunk(1024))
                _ = store.PutRawMany([.. some.Select(number => (ReadOnlyMemory<byte>)BitConverter.GetBytes(number))], new PutResult[some.Length]);
        }
    }

    [Fact]
    public void A_snapshot_is_ended_and_is_refused_where_nothing_may_be_put()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        _ = Fill(store);
        Assert.Throws<OperationCanceledException>(() => store.Metadata.PutSnapshot(cancellationToken: new CancellationToken(canceled: true)));
        using CidStore reader = CidStore.Open(folder.Directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = true });
        Assert.Throws<InvalidOperationException>(() => reader.Metadata.PutSnapshot());
        Assert.Single(reader.Metadata.ReadCatalogViews());
    }

    private static IEnumerable<JsonElement> Lines(IEnumerable<RecordBatch> batches)
    {
        foreach (RecordBatch batch in batches)
        {
            using var text = new StringWriter();
            BatchText.WriteJsonLines(batch, text);
            foreach (string line in text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
                yield return JsonSerializer.Deserialize<JsonElement>(line);
        }
    }

    private static string? Text(JsonElement row, string name) => row.GetProperty(name).GetString();

    private static string Raw(JsonElement row, string name) => row.GetProperty(name).GetRawText();

    private static (Cid Full, Cid Bare) Fill(CidStore store)
    {
        Cid bare = store.Put(Stores.Numbers(1)).Cid;
        Cid full = store.Put(Stores.Numbers(1, 2, 3), new PutOptions
        {
            Tags = new Dictionary<string, string?> { ["ü"] = "\n", ["day"] = "1" },
            Producer = "etl",
            Parents = [bare],
            Json = "{\"run\": 7}",
            Locations = ["https://example.org/"],
            Expires = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero),
            Name = "b",
            Pin = true,
        }).Cid;
        store.Names.Set("a", full);
        return (full, bare);
    }
}
