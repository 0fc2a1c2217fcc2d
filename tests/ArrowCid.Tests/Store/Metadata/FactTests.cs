using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>What is said of blocks through the facade, and what of it stands after the store was opened
/// again.</summary>
public class FactTests
{
    private static readonly DateTimeOffset s_day = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_said_with_a_put_is_described_also_after_reopening_and_by_other_handles()
    {
        using var folder = new TemporaryStore();
        Cid parent, cid;
        StoredEntry before;
        using (CidStore store = Stores.Open(folder))
        {
            parent = store.Put(Stores.Numbers(1)).Cid;
            PutResult put = store.Put(Stores.Numbers(2), new PutOptions
            {
                Tags = new Dictionary<string, string?> { ["day"] = "2026-11-20", ["sym"] = "ES", ["never"] = null },
                Producer = "feed-7",
                Parents = [parent],
                Json = "{\"run\": 7, \"a\": [1.5]}",
                Locations = ["https://example.org/x"],
                Expires = s_day.AddYears(900),
                Name = "prices/latest",
                Pin = true,
            });
            cid = put.Cid;
            before = store.Metadata.Get(cid)!;
            Assert.Equal((put.Cid, put.SchemaCid, BlockKind.Batch, 1L, put.ByteLength, true),
                (before.Cid, before.SchemaCid!.Value, before.Kind, before.Rows, before.ByteLength, before.IsPresent));
            Assert.Equal(new Dictionary<string, string> { ["day"] = "2026-11-20", ["sym"] = "ES" }, before.Tags);
            Assert.Equal(("feed-7", "{\"a\":[1.5],\"run\":7}", true, false),
                (before.Producer, before.Json, before.IsPinned, before.IsHeld));
            Assert.Equal([parent], before.Parents);
            Assert.Equal(["https://example.org/x"], before.Locations);
            Assert.Equal(["prices/latest"], before.Names);
            Assert.Equal(s_day.AddYears(900), before.Expires);
            Assert.False(before.IsExpired(s_day));
            Assert.NotNull(before.Created);
            Assert.Equal([cid], store.Metadata.GetLinks(parent).Children);
            Assert.Empty(store.Diagnostics.CheckFacts());
        }

        using CidStore again = Stores.Open(folder);
        using var reader = CidStore.Open(folder.Directory,
            new CidStoreOptions { ReadOnly = true, CreateIfMissing = false });
        foreach (CidStore store in new[] { again, reader })
        {
            Assert.Equivalent(before, store.Metadata.Get(cid), strict: true);
            Assert.Equal(cid, store.Names.Resolve("prices/latest"));
            Assert.Equal([KeepKind.Named, KeepKind.Pinned],
                store.Retention.GetReasons(cid).Select(reason => reason.Kind));
            BlockLinks links = store.Metadata.GetLinks(cid);
            Assert.Equal(before.SchemaCid, links.Schema);
            Assert.Equal([parent], links.Parents);
            Assert.Equal(["prices/latest"], links.Names);
        }

        Assert.Throws<InvalidOperationException>(() => reader.Metadata.Tag(cid, "a", "b"));
    }

    [Fact]
    public void Later_words_replace_earlier_ones_from_any_handle_and_take_them_away()
    {
        using var folder = new TemporaryStore();
        using CidStore one = Stores.Open(folder);
        using CidStore other = Stores.Open(folder);
        Cid cid = one.Put(Stores.Numbers(1),
            new PutOptions { Tags = new Dictionary<string, string?> { ["a"] = "1", ["b"] = "1" } }).Cid;
        other.Metadata.Tag(cid, "a", "2");
        one.Metadata.Tag(cid, "c", "3");
        other.Metadata.Untag(cid, "b");
        one.Metadata.Set(cid, new BlockMetadata { Producer = "p", Json = "[1]", Parents = [cid], Locations = ["x"] });
        other.Metadata.Set(cid, new BlockMetadata { Producer = "", Json = "null", Parents = [], Locations = [] });
        foreach (CidStore store in new[] { one, other })
        {
            StoredEntry entry = store.Metadata.Get(cid)!;
            Assert.Equal(new Dictionary<string, string> { ["a"] = "2", ["c"] = "3" }, entry.Tags);
            Assert.Equal(((string?)null, (string?)null, 0, 0),
                (entry.Producer, entry.Json, entry.Parents.Count, entry.Locations.Count));
        }
    }

    [Fact]
    public void Facts_about_blocks_that_are_not_here_are_kept_and_told_apart()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid absent = Cid.Sha256(Multicodec.DagCbor, "not here"u8);
        Assert.Null(store.Metadata.Get(absent));
        store.Metadata.Tag(absent, "k", "v");
        StoredEntry entry = store.Metadata.Get(absent)!;
        Assert.Equal((absent, BlockKind.Unknown, false), (entry.Cid, entry.Kind, entry.IsPresent));
        Assert.Null(entry.Created);
        Assert.Equal("v", entry.Tags["k"]);
        Assert.Empty(store.Query());
        Assert.Equal([absent], store.Query(includeMissing: true).Select(one => one.Cid));
        Assert.Equal([KeepKind.NotHere], store.Retention.GetReasons(absent).Select(reason => reason.Kind));
        foreach (Action call in new Action[] { () => store.Retention.Pin(absent), () => store.Names.Set("n", absent),
            () => store.Retention.Hold(absent) })
            Assert.Equal(ErrorCode.BlockNotFound, Assert.Throws<ArrowCidException>(call).Code);
        Assert.Null(store.Names.Resolve("n"));
        Assert.False(store.Retention.Unpin(absent));
        // The content comes later, and what was said of it stands.
        Cid batch = ArrowCid.Ipc.CanonicalBlock.CidOf(Stores.Numbers(5));
        store.Metadata.Tag(batch, "early", "yes");
        store.Put(Stores.Numbers(5));
        Assert.Equal("yes", store.Metadata.Get(batch)!.Tags["early"]);
    }

    [Fact]
    public void What_is_over_a_limit_is_refused_with_words_and_nothing_is_put()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        (PutOptions Options, ErrorCode Code)[] wrong =
        [
            (new PutOptions { Producer = new string('p', 257) }, ErrorCode.InvalidArgument),
            (new PutOptions { Tags = new Dictionary<string, string?> { [""] = "x" } }, ErrorCode.InvalidArgument),
            (new PutOptions { Tags = new Dictionary<string, string?> { ["\ud800"] = "x" } }, ErrorCode.InvalidArgument),
            (new PutOptions { Json = "{" }, ErrorCode.InvalidArgument),
            (new PutOptions { Name = "tab\t" }, ErrorCode.InvalidArgument),
            (new PutOptions { Tags = Enumerable.Range(0, 250).ToDictionary(n => $"{n}",
                n => (string?)new string('x', 1000)) },
                ErrorCode.TooLarge),
        ];
        foreach ((PutOptions options, ErrorCode code) in wrong)
        {
            var e = Assert.Throws<ArrowCidException>(() => store.Put(Stores.Numbers(1), options));
            Assert.Equal(code, e.Code);
        }

        Assert.Empty(store.Query(includeMissing: true));
        Assert.Empty(store.Diagnostics.CheckFacts());
    }

    [Fact]
    public void Facts_more_than_an_hour_ahead_of_the_wall_clock_are_refused()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        using (BlockStore blocks = folder.Open())
            blocks.Coordination.ObserveTime((ulong)DateTimeOffset.UtcNow.AddMinutes(59).ToUnixTimeMilliseconds() << 16);
        store.Metadata.Tag(cid, "a", "1");
        using (BlockStore blocks = folder.Open())
            blocks.Coordination.ObserveTime((ulong)DateTimeOffset.UtcNow.AddMinutes(62).ToUnixTimeMilliseconds() << 16);
        var e = Assert.Throws<ArrowCidException>(() => store.Metadata.Tag(cid, "a", "2"));
        Assert.Equal(ErrorCode.InvalidData, e.Code);
        Assert.Contains("hours ahead", e.Message, StringComparison.Ordinal);
        Assert.Equal("1", store.Metadata.Get(cid)!.Tags["a"]);
        Assert.Throws<ArrowCidException>(() => store.Names.Set("n", cid));
    }

    [Fact]
    public void Expiry_of_many_blocks_is_set_in_few_records()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 2000).Select(number => Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(number)))];
        int before = store.Blocks.Listing.FactRecords().Count();
        DateTimeOffset end = DateTimeOffset.UtcNow.AddDays(1);
        store.Metadata.SetExpiry(cids, end);
        Assert.InRange(store.Blocks.Listing.FactRecords().Count() - before, 1, 8);
        Assert.All(cids, cid => Assert.Equal(end.ToUnixTimeMilliseconds(),
            store.Metadata.Get(cid)!.Expires!.Value.ToUnixTimeMilliseconds()));
        store.Metadata.SetExpiry(cids, null);
        Assert.All(cids, cid => Assert.Null(store.Metadata.Get(cid)?.Expires));
        store.Metadata.SetExpiry([], end);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(
            () => store.Metadata.SetExpiry(cids, DateTimeOffset.UtcNow.AddDays(-1))).Code);
    }

    [Fact]
    public void An_expiry_hides_nothing_is_moved_by_a_touch_and_ends_with_a_later_put()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        DateTimeOffset soon = DateTimeOffset.UtcNow.AddHours(1), past = DateTimeOffset.UtcNow.AddSeconds(-30);
        PutResult put = store.Put(Stores.Numbers(1), new PutOptions { Expires = soon });
        DateTimeOffset created = store.Metadata.Get(put.Cid)!.Created!.Value;
        Assert.True(store.Metadata.Get(put.Cid)!.IsExpired(soon));
        store.Metadata.SetExpiry(put.Cid, null);
        Assert.Null(store.Metadata.Get(put.Cid)!.Expires);
        store.Metadata.SetExpiry(put.Cid, soon.AddHours(1));
        Assert.False(store.Metadata.Get(put.Cid)!.IsExpired(soon));
        Assert.Equal(created, store.Metadata.Get(put.Cid)!.Created);
        Assert.Empty(store.Retention.RemoveExpired().Removed);
        // An expiry in the past counts for what was put before it only.
        store.Metadata.SetExpiry(put.Cid, past);
        Assert.Null(store.Metadata.Get(put.Cid)!.Expires);
    }

    [Fact]
    public void A_registry_is_the_same_dictionary_of_facts_after_random_calls_by_two_handles_and_reopening()
    {
        for (int seed = 1; seed <= 6; seed++)
        {
            using var folder = new TemporaryStore();
            var random = new Random(seed);
            CidStore[] stores = [Stores.Open(folder), Stores.Open(folder)];
            Cid[] cids = [.. Enumerable.Range(0, 4).Select(number => stores[0].Put(Stores.Numbers(number)).Cid)];
            var model = new Dictionary<string, string?>();
            for (int step = 0; step < 150; step++)
            {
                CidStore store = stores[random.Next(2)];
                Cid cid = cids[random.Next(cids.Length)];
                int value = random.Next(4);
                string key = $"k{random.Next(3)}";
                switch (random.Next(9))
                {
                    case 0: store.Metadata.Tag(cid, key, $"{value}"); model[$"{cid} tag {key}"] = $"{value}"; break;
                    case 1: store.Metadata.Untag(cid, key); model.Remove($"{cid} tag {key}"); break;
                    case 2:
                        store.Metadata.Set(cid, new BlockMetadata { Producer = $"p{value}" });
                        model[$"{cid} producer"] = $"p{value}";
                        break;
                    case 3: store.Retention.Pin(cid); model[$"{cid} pinned"] = ""; break;
                    case 4: store.Retention.Unpin(cid); model.Remove($"{cid} pinned"); break;
                    case 5: store.Names.Set(key, cid); model[$"name {key}"] = cid.ToString(); break;
                    case 6:
                        Assert.Equal(model.Remove($"name {key}"), store.Names.Remove(key));
                        break;
                    case 7:
                        store.Put(Stores.Numbers(Array.IndexOf(cids, cid)), new PutOptions { Json = $"{value}" });
                        model[$"{cid} json"] = $"{value}";
                        break;
                    default:
                        if (random.Next(5) == 0)
                        {
                            int at = random.Next(2);
                            stores[at].Dispose();
                            stores[at] = Stores.Open(folder);
                        }

                        break;
                }

                if (step % 10 != 0) continue;
                string expected = string.Join('\n', model.OrderBy(one => one.Key, StringComparer.Ordinal));
                foreach (CidStore one in stores) Assert.True(expected == Dump(one),
                    $"seed {seed}, step {step}\n{expected}\n\n{Dump(one)}");
            }

            foreach (CidStore store in stores) store.Dispose();
        }
    }

    private static string Dump(CidStore store)
    {
        var found = new Dictionary<string, string?>();
        foreach (StoredEntry entry in store.Query(includeMissing: true).Where(entry => entry.Kind == BlockKind.Batch))
        {
            foreach ((string key, string value) in entry.Tags) found.Add($"{entry.Cid} tag {key}", value);
            if (entry.Producer is { } producer) found.Add($"{entry.Cid} producer", producer);
            if (entry.IsPinned) found.Add($"{entry.Cid} pinned", "");
            if (entry.Json is { } json) found.Add($"{entry.Cid} json", json);
            foreach (string name in entry.Names) found.Add($"name {name}", entry.Cid.ToString());
        }

        return string.Join('\n', found.OrderBy(one => one.Key, StringComparer.Ordinal));
    }
}

internal static class Stores
{
    public static CidStore Open(TemporaryStore folder) => CidStore.Open(folder.Directory,
        new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20, Timeout = TimeSpan.FromSeconds(20) });

    public static RecordBatch Numbers(params double[] values) =>
        RecordBatch.Of(("px", ArrowArray.From<double>(values)));
}
