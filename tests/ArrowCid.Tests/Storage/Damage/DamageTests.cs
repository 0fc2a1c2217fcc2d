using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Every line of the table in <c>Storage/DAMAGE.md</c>, in memory and on a disk.</summary>
public sealed class DamageTests
{
    private static readonly string[] s_regions =
    [
        "superblock", "superblock's checksum", "table", "header", "header's checksum", "entry", "committed end",
        "record header", "payload", "last byte",
    ];

    public static TheoryData<string, string, string, int, string> Table()
    {
        var data = new TheoryData<string, string, string, int, string>();
        string text = Path.Combine(DamagedStore.Sources, "Storage", "DAMAGE.md");
        foreach (string line in File.ReadLines(text).Where(line => line.StartsWith("| ", StringComparison.Ordinal)))
        {
            string[] cells = [.. line.Split('|').Select(cell => cell.Trim())];
            if (cells.Length != 7 || !int.TryParse(cells[4], out int exit)) continue;
            foreach (string file in cells[1].Split(", "))
            {
                foreach (string what in cells[2].Split(", ")) data.Add(file, what, cells[3], exit, cells[5]);
            }
        }

        return data;
    }

    [Fact]
    public void The_table_has_every_kind_of_file_and_of_damage()
    {
        object[][] lines = [.. Table()];
        string[] files = ["control", "data", "facts", "index", "large", "manifest", "newest data", "run", "wait"];
        Assert.Equal(files, lines.Select(line => (string)line[0]).Distinct().Order(StringComparer.Ordinal));
        foreach (string file in files)
        {
            string[] what = [.. lines.Where(line => (string)line[0] == file).Select(line => (string)line[1])];
            Assert.Empty(new[] { "cut short", "emptied", "removed", "replaced" }.Except(what));
            Assert.True(what.Intersect(s_regions).Count() >= 2, file);
            Assert.Equal(what.Length, what.Distinct().Count());
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void In_memory(string file, string what, string finding, int exit, string lost) =>
        Do(new DamagedStore(isMemory: true), file, what, finding, exit, lost);

    [Theory]
    [MemberData(nameof(Table))]
    public void On_a_disk(string file, string what, string finding, int exit, string lost) =>
        Do(new DamagedStore(isMemory: false), file, what, finding, exit, lost);

    /// <summary>A quarantined file can be brought back by its name alone, and a damaged one replaced by a
    /// backup.</summary>
    [Theory]
    [InlineData("data")]
    [InlineData("facts")]
    public void A_whole_file_that_comes_back_is_taken_in(string file)
    {
        using var store = new DamagedStore(isMemory: false);
        string path = store.PathOf(file);
        byte[] whole = File.ReadAllBytes(path);
        store.Damage(file, "payload");
        store.Repair();
        File.Delete(path);
        File.WriteAllBytes(path, whole);
        store.Repair();
        Assert.Empty(store.LostBlocks());
        Assert.Empty(store.LostFacts());
    }

    [Fact]
    public void Doctor_quarantines_a_file_once_when_it_runs_twice()
    {
        using var store = new DamagedStore(isMemory: false);
        store.Damage("facts", "payload");
        store.Repair();
        string[] names = store.Names();
        Assert.Single(names, name => name.StartsWith(SegmentRepair.Prefix, StringComparison.Ordinal));
        _ = BlockStore.Rebuild(store.Directory, repairs: true);
        Assert.Equal(names.Where(IsOfTheLog), store.Names().Where(IsOfTheLog));
    }

    [Theory]
    [InlineData("data", "payload")]
    [InlineData("newest data", "payload")]
    [InlineData("large", "payload")]
    [InlineData("data", "record header")]
    [InlineData("newest data", "record header")]
    public void Doctor_quarantines_damaged_records_while_others_use_the_store(string file, string what)
    {
        using var store = new DamagedStore(isMemory: true);
        store.Damage(file, what);
        using CidStore reader = store.Open(readOnly: true);
        using CidStore writer = store.Open();
        _ = writer.PutRaw(StoreCalls.Numbered(77_001));
        store.Repair();
        Assert.DoesNotContain(store.Names(), name => name.StartsWith(SegmentRepair.Prefix, StringComparison.Ordinal));
        IReadOnlyList<StoreFinding> left = store.Examine();
        Assert.DoesNotContain(left, one => one.Severity == FindingSeverity.Error);
        Assert.Contains(left, one => one.Name == "quarantined");
        Cid lost = Assert.Single(store.LostBlocks());
        Assert.Empty(store.LostFacts());
        Assert.False(reader.Contains(lost));
        store.PutAgain([lost]);
        Assert.NotNull(reader.Reading.ReadBlock(lost));
        Assert.DoesNotContain(store.Examine(), one => one.Severity != FindingSeverity.Note);
    }

    [Fact]
    public void Doctor_changes_no_file_of_facts_while_others_use_the_store()
    {
        using var store = new DamagedStore(isMemory: true);
        store.Damage("facts", "payload");
        using CidStore reader = store.Open(readOnly: true);
        string[] names = store.Names();
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(store.Repair).Code);
        Assert.Equal(names, store.Names());
        Assert.Contains(store.Examine(), one => one.Name == "damaged-payload");
    }

    [Theory]
    [InlineData("control")]
    [InlineData("index")]
    [InlineData("data")]
    [InlineData("facts")]
    [InlineData("large")]
    [InlineData("manifest")]
    [InlineData("run")]
    [InlineData("wait")]
    public void A_file_that_was_made_read_only_is_not_damaged(string file)
    {
        using var store = new DamagedStore(isMemory: false);
        File.SetAttributes(store.PathOf(file), FileAttributes.ReadOnly);
        Assert.Empty(store.Examine());
        Assert.Empty(store.LostBlocks());
        Assert.Empty(store.LostFacts());
    }

    private static bool IsOfTheLog(string name) => name.StartsWith("seg-", StringComparison.Ordinal) ||
        name.StartsWith(SegmentRepair.Prefix, StringComparison.Ordinal);

    private static void Do(DamagedStore store, string file, string what, string finding, int exit, string lost)
    {
        using DamagedStore _ = store;
        Digest256[] own = store.DigestsOf(file);
        store.Damage(file, what);
        string[] before = store.Names();
        store.ReadAll();
        IReadOnlyList<StoreFinding> found = store.Examine();
        // Neither has changed a thing.
        Assert.Equal(before, store.Names());
        Assert.True(finding.Length == 0 ? found.Count == 0 : found.Any(one => one.Name == finding), Words(found));
        Assert.Equal(exit, found.Any(one => one.Severity == FindingSeverity.Error) ? 4 : 0);
        store.Repair();
        IReadOnlyList<StoreFinding> left = store.Examine();
        Assert.True(left.All(one => one.Severity == FindingSeverity.Note || one.Name == "quarantined"), Words(left));
        Cid[] missing = store.LostBlocks();
        Assert.True(missing.All(cid => own.Contains(DamagedStore.DigestOf(cid))), $"{missing.Length} are lost");
        string[] facts = store.LostFacts();
        switch (lost)
        {
            case "nothing":
                Assert.Empty(missing);
                Assert.Empty(facts);
                break;
            case "one":
                Assert.Single(missing);
                Assert.Empty(facts);
                break;
            case "some":
                Assert.NotEmpty(missing);
                Assert.Empty(facts);
                break;
            default:
                Assert.Empty(missing);
                Assert.NotEmpty(facts);
                break;
        }

        // Where the header is whole it is said whose bytes they are, and where.
        if (what == "payload" && lost == "one")
        {
            Assert.Contains(left, one => one.Name == "quarantined" && one.Severity == FindingSeverity.Warning &&
                one.Message.Contains(missing[0].ToString(), StringComparison.Ordinal));
            using CidStore reader = store.Open(readOnly: true);
            ArrowCidException said = reader.Proofs.NotHere(missing[0]);
            Assert.Equal(ErrorCode.BlockCorrupt, said.Code);
            Assert.Contains("quarantined", said.Message, StringComparison.Ordinal);
            Assert.Contains($"({StoreLayout.SegmentName(0, 0)[..4]}", said.Message, StringComparison.Ordinal);
        }

        store.PutAgain(missing);
        Assert.Empty(store.LostBlocks());
        Assert.DoesNotContain(store.Examine(), one => one.Severity != FindingSeverity.Note);
    }

    private static string Words(IEnumerable<StoreFinding> found) => string.Join("\n", found);
}
