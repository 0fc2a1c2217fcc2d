using System.Text;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>put --all-or-nothing</c>.</summary>
public sealed class PutTogetherTests
{
    [Fact]
    public void Put_all_or_nothing_stores_nothing_when_one_file_is_bad()
    {
        using var folder = new TemporaryFolder();
        string a = Csv(folder, "a.csv", "x\n1\n"), c = Csv(folder, "c.csv", "x\n2\n");
        string bad = Csv(folder, "bad.arrow", "no arrow");
        CommandResult put = Command.Run(["put", "--all-or-nothing", a, bad, c, "--name", "n"], null, folder.Store);
        Assert.Equal(4, put.ExitCode);
        Assert.Contains("bad.arrow", put.Errors, StringComparison.Ordinal);
        Assert.Contains("nothing was stored", put.Errors, StringComparison.Ordinal);
        Assert.Empty(put.Lines);
        using CidStore store = CidStore.Open(folder.Store);
        Assert.Empty(store.Blocks.Listing.List());
        Assert.Null(store.Names.Resolve("n"));
        // Without the option the good ones are stored.
        Assert.Equal(2, Command.Run(["put", a, bad, c], null, folder.Store).Exits(4).Lines.Length);
    }

    [Fact]
    public void Put_all_or_nothing_prints_and_stores_what_a_plain_put_does()
    {
        using TemporaryFolder plain = new(), together = new();
        string[] files = [Csv(plain, "a.csv", "x\n1\n2\n3\n"), Csv(plain, "b.csv", "x\n4\n")];
        string[] options = ["--rows-per-block", "2", "--dataset", "d", "--tag", "day=monday", "--json"];
        CommandResult one = Command.Run(["put", .. files, .. options], null, plain.Store).Succeeds();
        CommandResult other =
            Command.Run(["put", "--all-or-nothing", .. files, .. options], null, together.Store).Succeeds();
        Assert.Equal(one.Lines, other.Lines);
        Assert.Equal(4, other.Lines.Length);
        using CidStore first = CidStore.Open(plain.Store), second = CidStore.Open(together.Store);
        Assert.Equal(first.Names.Resolve("d"), second.Names.Resolve("d"));
        Assert.Equal(Tags(first), Tags(second));
        // A dataset that grows, and a name of one batch.
        string c = Csv(plain, "c.csv", "x\n5\n");
        Command.Run(["put", "--all-or-nothing", c, "--dataset", "d", "--append"], null, together.Store).Succeeds();
        Assert.Equal(4, second.Datasets.TryGet(second.Names.Resolve("d")!.Value)!.Count);
        Command.Run(["put", "--all-or-nothing", c, "--name", "c"], null, together.Store).Succeeds();
        Assert.Equal(Multicodec.Raw, second.Names.Resolve("c")!.Value.Codec);
    }

    [Fact]
    public void Put_all_or_nothing_refuses_several_datasets_and_more_than_the_store_holds()
    {
        using var folder = new TemporaryFolder();
        string a = Csv(folder, "a.csv", "x\n" + string.Concat(Enumerable.Range(0, 700_000).Select(i => $"{i}\n")));
        string[] per = ["put", "--all-or-nothing", a, "--dataset-per", "file"];
        CommandResult put = Command.Run(per, null, folder.Store).Exits(2);
        Assert.Contains("leave out --dataset-per", put.Errors, StringComparison.Ordinal);
        var small = new CidStoreOptions { Capacity = 8 << 20, SegmentSize = 1 << 20 };
        using CidStore store = CidStore.Open(folder.Store, small);
        put = Command.Run(["put", "--all-or-nothing", a, "--rows-per-block", "100000"], null, folder.Store);
        Assert.NotEqual(0, put.ExitCode);
        Assert.Contains("make a larger store", put.Errors, StringComparison.Ordinal);
        Assert.Empty(store.Blocks.Listing.List());
    }

    private static string[] Tags(CidStore store) => [.. store.Query()
        .Select(entry => $"{entry.Cid} {entry.Tags.GetValueOrDefault("day")}").Order(StringComparer.Ordinal)];

    private static string Csv(TemporaryFolder folder, string name, string text) =>
        folder.Write(name, Encoding.UTF8.GetBytes(text));
}
