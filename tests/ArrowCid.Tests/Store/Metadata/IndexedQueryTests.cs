using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Queries by an index find what a look at every entry finds.</summary>
public sealed class IndexedQueryTests
{
    private const int Blocks = 40;

    private static readonly string[] s_filters =
    [
        "tag.day = \"1\"", "tag.day = 1", "tag.day in (\"1\", \"2\", \"2\")", "tag.day >= \"1\" and tag.day < \"3\"", "tag.day ~ \"1*\"",
        "has tag.day", "tag.day != \"1\"", "tag.ok = true", "tag.\"a.b\" > \"x\"", "producer = \"p1\"", "producer ~ \"p*\" and tag.day = \"2\"",
        "producer > \"p1\"", "producer <= \"p1\" and has tag.day", "has producer", "not has producer", "name = \"n1\"",
        "name in (\"n0\", \"n2\", \"n1\")", "name ~ \"n*\"", "has name", "name < \"n2\"", "pinned", "not pinned", "has expires", "expires < 2h",
        "expires > 1h and expires < 3h", "kind = batch", "kind = schema", "rows > 3", "created > 2020-01-01", "age < 1d", "age > 1d",
        "created < 2020-01-01", "has parent", "tag.day = \"1\" or producer = \"p1\"", "has schema and not (tag.day = \"1\" or pinned)",
    ];

    [Fact]
    public void Each_query_by_an_index_finds_what_a_look_at_every_entry_finds()
    {
        for (int seed = 1; seed <= 8; seed++)
        {
            using var folder = new TemporaryStore();
            var random = new Random(seed);
            CidStore[] stores = [Stores.Open(folder), Stores.Open(folder)];
            Cid[] cids = [.. Enumerable.Range(0, Blocks).Select(CidOf)];
            for (int step = 0; step < 300; step++)
            {
                CidStore store = stores[random.Next(stores.Length)];
                Say(store, cids, random);
                if (random.Next(40) == 0) Assert.True(store.Maintenance.Checkpoint());
                if (random.Next(60) == 0)
                {
                    foreach (CidStore each in stores) each.Dispose();
                    if (random.Next(2) == 0) Damage(folder.Directory, random);
                    stores = [Stores.Open(folder), Stores.Open(folder)];
                }

                if (step % 25 == 24) Check(store, cids, random, $"seed {seed}, step {step}");
            }

            foreach (CidStore each in stores) each.Dispose();
            using CidStore last = Stores.Open(folder);
            Check(last, cids, random, $"seed {seed}, reopened");
            string text = Text(last);
            last.Dispose();
            foreach (string file in Directory.GetFiles(folder.Directory, "reg*")) File.Delete(file);
            using CidStore rebuilt = Stores.Open(folder);
            Assert.Equal(text, Text(rebuilt));
        }
    }

    /// <summary>Compaction takes segments away that a checkpoint has read, and those behind it.</summary>
    [Fact]
    public void Facts_that_were_compacted_or_collected_beside_checkpoints_are_found_as_before()
    {
        for (int seed = 101; seed <= 102; seed++)
        {
            using var folder = new TemporaryStore();
            var random = new Random(seed);
            CidStore[] stores = [Stores.Open(folder), Stores.Open(folder)];
            Cid[] cids = [.. Enumerable.Range(0, Blocks).Select(CidOf)];
            long freed = 0;
            for (int step = 0; step < 80; step++)
            {
                string when = $"seed {seed}, step {step}";
                CidStore store = stores[random.Next(stores.Length)];
                for (int i = 0; i < 5; i++) Say(store, cids, random);
                CompactTests.Fill(store, cids[0], random.Next(20));
                if (random.Next(4) == 0) Assert.True(store.Maintenance.Checkpoint(), when);
                if (random.Next(8) == 0) _ = store.Retention.Collect(new CollectOptions { Unreferenced = random.Next(2) == 0, OlderThan = TimeSpan.Zero });
                if (random.Next(3) == 0)
                {
                    string[] before = Array.ConvertAll(stores, Text);
                    freed += store.Maintenance.Compact(random.NextDouble()).BytesFreed;
                    Assert.True(before.SequenceEqual(stores.Select(Text)), when);
                }

                if (random.Next(6) == 0)
                {
                    string before = Text(store);
                    foreach (CidStore each in stores) each.Dispose();
                    stores = [Stores.Open(folder), Stores.Open(folder)];
                    Assert.True(before == Text(stores[0]), when);
                }

                if (step % 20 == 19) Check(stores[0], cids, random, when);
            }

            Assert.NotEqual(0, freed);
            string text = Text(stores[0]);
            Assert.Equal(text, Text(stores[1]));
            foreach (CidStore each in stores) each.Dispose();
            foreach (string file in Directory.GetFiles(folder.Directory, "reg*")) File.Delete(file);
            using CidStore rebuilt = Stores.Open(folder);
            Assert.Equal(text, Text(rebuilt));
        }
    }

    [Fact]
    public void Much_that_is_said_goes_into_runs_by_itself_and_a_reader_sees_all_of_it()
    {
        const int Many = 30_000;
        using var folder = new TemporaryStore();
        using CidStore writer = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 256 << 20 });
        using CidStore reader = CidStore.Open(folder.Directory, new CidStoreOptions { CreateIfMissing = false });
        Assert.Empty(reader.Query(includeMissing: true));
        long said = writer.Metadata.Set(Enumerable.Range(0, Many).Select(number => KeyValuePair.Create(CidOf(number), new BlockMetadata
        {
            Tags = new Dictionary<string, string?> { ["n"] = $"{number}", ["tens"] = $"{number / 10}" },
            Producer = $"p{number % 7}",
        })));
        Assert.Equal(Many, said);
        foreach (CidStore store in (CidStore[])[reader, writer])
        {
            (long count, QueryExplanation plan) = store.Metadata.Count(Filter.Parse("producer = \"p3\""), includeMissing: true);
            Assert.Equal(Enumerable.Range(0, Many).Count(number => number % 7 == 3), count);
            Assert.Equal("producer", plan.Index);
            Assert.Equal(Enumerable.Range(120, 10).Select(CidOf).Order(),
                store.Query(Filter.Parse("tag.tens = \"12\""), includeMissing: true).Select(entry => entry.Cid).Order());
        }

        Assert.True(File.Exists(folder.PathOf(IndexManifest.FileName)));
        // What one run alone speaks of is counted by its keys.
        Assert.True(writer.Maintenance.Checkpoint());
        (long all, QueryExplanation counted) = writer.Metadata.Count(Filter.Parse("has tag.n"), includeMissing: true);
        Assert.Equal(Many, all);
        Assert.InRange(counted.LookedAt, 0, Many / 10);
        QueryPage page = writer.Metadata.QueryPage(new QueryOptions { Filter = Filter.Parse("producer = \"p3\""), IncludeMissing = true, Limit = 20 });
        Assert.InRange(page.Plan.LookedAt, 20, 22);
    }

    [Fact]
    public void A_golden_log_of_version_1_gives_the_same_entries_with_an_index_or_without()
    {
        using var folder = new TemporaryStore();
        GoldenStore.Extract(folder.Directory);
        // Its own id and place make it a copy, which is rebuilt before it is read.
        using (CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { CreateIfMissing = false }))
        {
            string[] golden = File.ReadAllLines(Path.Combine(GoldenStore.Folder, "blocks.csv"));
            Assert.Equal(golden.Select(line => line.Split(',')[0]).Distinct().Order(StringComparer.Ordinal),
                store.Query().Select(entry => Convert.ToHexStringLower(entry.Cid.Hash.ToBytes().AsSpan(2))).Order(StringComparer.Ordinal));
            string before = Text(store);
            Assert.True(store.Maintenance.Checkpoint());
            Assert.Equal(before, Text(store));
        }

        using CidStore again = CidStore.Open(folder.Directory, new CidStoreOptions { CreateIfMissing = false });
        string indexed = Text(again);
        again.Dispose();
        foreach (string file in Directory.GetFiles(folder.Directory, "reg*")) File.Delete(file);
        using CidStore bare = CidStore.Open(folder.Directory, new CidStoreOptions { CreateIfMissing = false });
        Assert.Equal(indexed, Text(bare));
    }

    [Theory]
    [InlineData("reg.v1", 8)]
    [InlineData("reg-00000001", 8)]
    public void An_index_of_an_unknown_version_is_made_anew(string name, int versionAt)
    {
        using var folder = new TemporaryStore();
        using (CidStore store = Stores.Open(folder))
        {
            store.Metadata.Tag(CidOf(1), "day", "1");
            Assert.True(store.Maintenance.Checkpoint());
        }

        byte[] bytes = File.ReadAllBytes(folder.PathOf(name));
        bytes[versionAt] = (byte)(RunFormat.Version + 1);
        int crcAt = name == IndexManifest.FileName ? bytes.Length - 8 : RunFormat.HeaderCrcAt;
        BitConverter.TryWriteBytes(bytes.AsSpan(crcAt), RunFormat.Crc(bytes.AsSpan(0, crcAt)));
        File.WriteAllBytes(folder.PathOf(name), bytes);
        using CidStore opened = Stores.Open(folder);
        Assert.Equal([CidOf(1)], opened.Query(Filter.Parse("tag.day = \"1\""), includeMissing: true).Select(entry => entry.Cid));
        Assert.Empty(opened.Diagnostics.CheckFacts());
        Assert.True(opened.Maintenance.Checkpoint());
        Assert.Equal(RunFormat.Version, File.ReadAllBytes(folder.PathOf(IndexManifest.FileName))[versionAt]);
    }

    [Fact]
    public void A_damaged_index_is_said_and_made_anew()
    {
        using var folder = new TemporaryStore();
        using (CidStore store = Stores.Open(folder))
        {
            foreach (int number in Enumerable.Range(0, 200)) store.Metadata.Tag(CidOf(number), "day", $"{number % 3}");
            Assert.True(store.Maintenance.Checkpoint());
        }

        string run = Directory.GetFiles(folder.Directory, "reg-*").Single();
        byte[] bytes = File.ReadAllBytes(run);
        bytes[RunFormat.HeaderBytes + 100] ^= 1;
        File.WriteAllBytes(run, bytes);
        using CidStore opened = Stores.Open(folder);
        Assert.Equal(67, opened.Query(Filter.Parse("tag.day = \"1\""), includeMissing: true).Count());
        Assert.Contains("rebuilt from the log", Assert.Single(opened.Diagnostics.CheckFacts()), StringComparison.Ordinal);
        Assert.True(opened.Maintenance.Checkpoint());
        using CidStore next = Stores.Open(folder);
        Assert.Equal(67, next.Metadata.Count(Filter.Parse("tag.day = \"1\""), includeMissing: true).Count);
        Assert.Empty(next.Diagnostics.CheckFacts());
    }

    [Fact]
    public void A_place_of_another_query_is_refused_and_a_search_can_be_ended()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        foreach (int number in Enumerable.Range(0, 5)) store.Metadata.Tag(CidOf(number), "day", "1");
        var options = new QueryOptions { Filter = Filter.Parse("tag.day = \"1\""), IncludeMissing = true, Limit = 2 };
        QueryPage page = store.Metadata.QueryPage(options);
        Assert.NotNull(page.Next);
        Assert.All((string[])["", "x", "AA", page.Next[..6]], token =>
        {
            if (token.Length == 0 || token != page.Next)
            {
                ArrowCidException refused = Assert.Throws<ArrowCidException>(() => store.Metadata.QueryPage(new QueryOptions
                {
                    Filter = Filter.Parse("producer = \"p\""),
                    IncludeMissing = true,
                    After = token,
                }));
                Assert.Equal(ErrorCode.InvalidArgument, refused.Code);
            }
        });
        Assert.Throws<ArrowCidException>(() => store.Metadata.QueryPage(new QueryOptions
        {
            Filter = options.Filter,
            IncludeMissing = true,
            After = page.Next,
            NewestFirst = true,
        }));
        Assert.Throws<OperationCanceledException>(() => store.Metadata.QueryPage(options, new CancellationToken(canceled: true)));
        Assert.Throws<OperationCanceledException>(() =>
            store.Metadata.Count(Filter.Parse("json.a = 1"), includeMissing: true, new CancellationToken(canceled: true)));
    }

    private static void Say(CidStore store, Cid[] cids, Random random)
    {
        int number = random.Next(cids.Length);
        Cid cid = cids[number];
        switch (random.Next(14))
        {
            case 0 or 1: store.Metadata.Tag(cid, "day", $"{random.Next(4)}"); break;
            case 2: store.Metadata.Untag(cid, "day"); break;
            case 3: store.Metadata.Tag(cid, random.Next(2) == 0 ? "ok" : "a.b", random.Next(2) == 0 ? "true" : "y\0z"); break;
            case 4: store.Metadata.Set(cid, new BlockMetadata { Producer = random.Next(5) == 0 ? "" : $"p{random.Next(3)}" }); break;
            case 5: store.Metadata.SetExpiry(cid, random.Next(4) == 0 ? null : DateTimeOffset.UtcNow.AddHours(random.Next(5) + 0.5)); break;
            case 6: store.Metadata.Set(cid, new BlockMetadata { Parents = [cids[random.Next(cids.Length)], cids[random.Next(cids.Length)]] }); break;
            case 7 or 8: store.Put(Stores.Numbers([.. Enumerable.Range(0, number).Select(n => (double)n)])); break;
            case 9 when store.Contains(cid): store.Names.Set($"n{random.Next(4)}", cid); break;
            case 10 when store.Contains(cid): store.Retention.Pin(cid); break;
            case 11: store.Retention.Unpin(cid); break;
            case 12: store.Retention.Remove([cid]); break;
            default:
                store.Metadata.Set(Enumerable.Range(0, 5).Select(_ => KeyValuePair.Create(cids[random.Next(cids.Length)],
                    new BlockMetadata { Tags = new Dictionary<string, string?> { ["day"] = $"{random.Next(4)}", ["é"] = "1" } })));
                break;
        }
    }

    private static void Check(CidStore store, Cid[] cids, Random random, string when)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        List<StoredEntry> all = [.. cids.Select(store.Metadata.Get).OfType<StoredEntry>()];
        // The schema of all of them stays when the last one goes.
        Cid[] schemas = [ArrowCid.Ipc.CanonicalBlock.SchemaCid(Stores.Numbers(1).Schema)];
        all.AddRange(schemas.Select(store.Metadata.Get).OfType<StoredEntry>());
        foreach (string text in (string[])[.. s_filters, $"cid = {cids[3]}", $"cid in ({cids[1]}, {cids[2]})", $"parent = {cids[4]}",
            .. schemas.Select(schema => $"schema = {schema}")])
        {
            var filter = Filter.Parse(text);
            foreach (bool withAbsent in (bool[])[false, true])
            {
                StoredEntry[] passing =
                    [.. all.Where(entry => (withAbsent || entry.IsPresent) && filter.Matches(entry, now))];
                IEnumerable<Cid> expected = passing.Select(entry => entry.Cid).Order();
                string what = $"{when}: {text}, absent {withAbsent}";
                Same(expected, store.Query(filter, withAbsent), what);
                Same(expected, Paged(store, filter, withAbsent, random), what + ", in pages");
                Assert.True(expected.Count() == store.Metadata.Count(filter, withAbsent).Count, what + ", counted");
                IEnumerable<Cid> rows = passing.OrderBy(entry => entry.Created ?? DateTimeOffset.MaxValue)
                    .ThenBy(entry => Convert.ToHexString(entry.Cid.Hash.ToBytes()), StringComparer.Ordinal).Select(entry => entry.Cid);
                Assert.True(rows.SequenceEqual(store.Metadata.InOrder(filter, withAbsent).Select(entry => entry.Cid)), what + ", in order");
            }
        }

        foreach (Cid cid in cids)
        {
            IEnumerable<Cid> children = all.Where(entry => entry.Parents.Contains(cid)).Select(entry => entry.Cid).Order();
            Assert.Equal(children, store.Metadata.GetLinks(cid).Children);
        }
    }

    private static List<StoredEntry> Paged(CidStore store, Filter filter, bool withAbsent, Random random)
    {
        var found = new List<StoredEntry>();
        bool newestFirst = random.Next(2) == 0;
        string? after = null;
        do
        {
            QueryPage page = store.Metadata.QueryPage(new QueryOptions
            {
                Filter = filter,
                IncludeMissing = withAbsent,
                NewestFirst = newestFirst,
                Limit = random.Next(1, 6),
                After = after,
            });
            found.AddRange(page.Entries);
            after = page.Next;
        }
        while (after is not null);
        return found;
    }

    private static void Same(IEnumerable<Cid> expected, IEnumerable<StoredEntry> found, string what)
    {
        List<Cid> sorted = [.. found.Select(entry => entry.Cid).Order()];
        Assert.True(expected.SequenceEqual(sorted), $"{what}: {expected.Count()} expected, {sorted.Count} found");
    }

    private static string Text(CidStore store)
    {
        var lines = store.Query(includeMissing: true).Select(entry =>
            $"{entry.Cid} {entry.Kind} {entry.Created:O} {entry.Producer} {entry.Json} {entry.IsPinned} {entry.Expires:O} " +
            $"[{string.Join(',', entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))}] [{string.Join(',', entry.Names)}]");
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    private static void Damage(string directory, Random random)
    {
        string[] files = Directory.GetFiles(directory, "reg*");
        if (files.Length == 0) return;
        string file = files[random.Next(files.Length)];
        byte[] bytes = File.ReadAllBytes(file);
        switch (random.Next(4))
        {
            case 0: File.Delete(file); return;
            case 1: bytes = bytes[..random.Next(bytes.Length)]; break;
            case 2: Array.Clear(bytes, 0, Math.Min(bytes.Length, 64)); break;
            default: bytes[random.Next(bytes.Length)] ^= 0x40; break;
        }

        File.WriteAllBytes(file, bytes);
    }

    private static Cid CidOf(int number) =>
        number < Blocks ? s_batches[number] : Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(number));

    private static readonly Cid[] s_batches = [.. Enumerable.Range(0, Blocks).Select(number =>
        ArrowCid.Ipc.CanonicalBlock.CidOf(Stores.Numbers([.. Enumerable.Range(0, number).Select(n => (double)n)])))];
}
