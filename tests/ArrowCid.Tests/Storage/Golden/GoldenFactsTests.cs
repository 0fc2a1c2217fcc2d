using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>
/// The store of Data/golden-facts-v1, whose log has facts of every kind, as version 1 wrote it: every later version
/// folds it into the same registry. It is never made again for that version.
/// </summary>
public sealed class GoldenFactsTests
{
    private const string Archive = "store.tar.gz", Listing = "entries.txt";

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Data", "golden-facts-v1");

    /// <summary>With what was derived from it, without, and with everything but the segments made anew.</summary>
    [Theory]
    [InlineData("reg*", false)]
    [InlineData("none", false)]
    [InlineData("idx-*", true)]
    public void The_golden_log_of_version_1_replays_to_the_same_registry(string without, bool isRebuilt)
    {
        using var directory = new TemporaryStore();
        using (FileStream file = File.OpenRead(Path.Combine(Folder, Archive)))
        using (var gzip = new GZipStream(file, CompressionMode.Decompress))
            TarFile.ExtractToDirectory(gzip, directory.Directory, overwriteFiles: false);
        foreach (string name in Directory.GetFiles(directory.Directory, without)) File.Delete(name);
        if (isRebuilt) _ = StoreMaintenance.Rebuild(directory.Directory);
        using CidStore store = CidStore.Open(directory.Directory);
        Assert.Equal(File.ReadAllLines(Path.Combine(Folder, Listing)), Lines(store));
        Assert.Empty(store.Diagnostics.CheckFacts());
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
        Assert.DoesNotContain(store.Blocks.Examination.CheckLog(),
            finding => finding.Severity == FindingSeverity.Error);
    }

    /// <summary>Makes the files of a new version's golden facts where ARROWCID_MAKE_GOLDEN_FACTS names a directory for
    /// them.</summary>
    [Fact]
    public void A_store_made_now_has_what_the_golden_facts_say()
    {
        using var directory = new TemporaryStore();
        string[] lines;
        using (CidStore store = Make(directory)) lines = Lines(store);
        if (Environment.GetEnvironmentVariable("ARROWCID_MAKE_GOLDEN_FACTS") is { Length: > 0 } target)
        {
            _ = Directory.CreateDirectory(target);
            File.WriteAllLines(Path.Combine(target, Listing), lines);
            using FileStream file = File.Create(Path.Combine(target, Archive));
            using var gzip = new GZipStream(file, CompressionLevel.SmallestSize);
            TarFile.CreateFromDirectory(directory.Directory, gzip, includeBaseDirectory: false);
        }

        Assert.Equal(File.ReadAllLines(Path.Combine(Folder, Listing)).Select(WithoutTimes).Order(),
            lines.Select(WithoutTimes).Order());
    }

    private static CidStore Make(TemporaryStore directory)
    {
        var store = CidStore.Open(directory.Directory,
            new CidStoreOptions { Capacity = 24 << 20, SegmentSize = 1 << 20 });
        Cid a = store.Put(Store.Stores.Numbers(1, 2, 3), new PutOptions
        {
            Tags = new Dictionary<string, string?> { ["day"] = "2026-11-20", ["sym"] = "ES" },
            Producer = "feed-7",
            Json = "{\"run\":7,\"ratio\":0.5}",
            Locations = ["https://example.org/a"],
            Expires = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero),
        }).Cid;
        var named = new PutOptions { Parents = [a], Name = "prices/latest", Pin = true };
        Cid b = store.Put(Store.Stores.Numbers(4), named).Cid;
        store.Names.Set("prices/latest", a, b);
        _ = store.Names.Set("prices/latest", b, a);
        store.Names.Set("gone", a);
        Assert.True(store.Names.Remove("gone"));
        store.Metadata.Untag(a, "day");
        store.Metadata.Tag(a, "sym", "NQ");
        Cid raw = store.PutRaw(new byte[] { 1, 2, 3 }).Cid, unpinned = store.PutRaw(new byte[] { 4 }).Cid;
        store.Retention.Pin(unpinned);
        Assert.True(store.Retention.Unpin(unpinned));
        Cid set = store.Datasets.Put([a, b]).Cid;
        store.Metadata.Tag(set, "kind", "set");
        store.Metadata.Tag(Cid.Sha256(Multicodec.Raw, "elsewhere"u8), "is", "absent");
        using (store.Retention.Hold(raw))
        {
            // It ends with this; what was held is a fact that stays in the log.
        }

        Cid back = store.Put(Store.Stores.Numbers(8)).Cid, dropped = store.Put(Store.Stores.Numbers(9)).Cid;
        store.Metadata.Tag(dropped, "was", "here");
        Assert.Equal(2, store.Retention.Remove([back, dropped]).Removed.Count);
        _ = store.Put(Store.Stores.Numbers(8));
        Assert.True(store.Maintenance.Checkpoint());
        // Behind the index.
        store.Metadata.Tag(b, "late", "1");
        return store;
    }

    private static string[] Lines(CidStore store) =>
    [
        .. store.Query(includeMissing: true).OrderBy(entry => entry.Cid).Select(Line),
        .. new[] { "prices/latest", "gone" }.SelectMany(store.Names.GetHistory).Select(change => string.Create(
            CultureInfo.InvariantCulture, $"{change.Name} {change.Cid} {change.IsConflict} at {change.Time:O}")),
    ];

    private static string Line(StoredEntry entry) => string.Create(CultureInfo.InvariantCulture,
        $"{entry.Cid} {entry.Kind} {entry.Rows} rows {entry.ByteLength} bytes producer {entry.Producer} " +
        $"parents [{string.Join(' ', entry.Parents)}] names [{string.Join(' ', entry.Names)}] " +
        $"pinned {entry.IsPinned} " +
        $"expires {entry.Expires:O} " +
        $"tags [{string.Join(' ', entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))}] " +
        $"in [{string.Join(' ', entry.Locations)}] json {entry.Json} at {entry.Created:O}");

    private static string WithoutTimes(string line) => line[..line.LastIndexOf(" at ", StringComparison.Ordinal)];
}
