namespace ArrowCid.ProcessTests.Cli;

/// <summary>Names of what is imported: given on the command line, or carried by the CAR.</summary>
public class ImportNameTests
{
    [Fact]
    public void Names_that_a_CAR_carries_are_set_where_they_are_free()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        Run(folder, "name", "first", cids[0]).Succeeds();
        string car = folder.PathOf("named.car"), plain = folder.PathOf("plain.car"), into = folder.PathOf("into");
        string[] roots = Run(folder, "export", "car", "@flights", cids[0], "--with-names", "-o", car).Succeeds().Lines;
        Assert.Equal(roots, Run(folder, "export", "car", "@flights", cids[0], "-o", plain).Succeeds().Lines);
        Command.Run("car", "verify", "--strict", car).Exits(0);
        // Nothing is set that was not asked for, and nothing of it is stored.
        Assert.Contains("named.car: it carries 2 names, which --names sets", Into("import", car).Exits(0).Errors, StringComparison.Ordinal);
        Assert.Equal("", Into("name").Succeeds().Text);
        Into("import", plain).Succeeds();
        Into("import", "--names", car).Succeeds();
        Assert.Equal(Run(folder, "name", "flights").Text, Into("name", "flights").Succeeds().Text);
        Assert.Equal(cids[0], Into("name", "first").Succeeds().Text.Trim());
        Into("import", "--names", car).Succeeds();
        // A name that points elsewhere stays; the others are set.
        Into("name", "first", cids[1]).Succeeds();
        Into("name", "flights", "--remove").Succeeds();
        Assert.Contains("'first'", Into("import", "--names", car).Exits(5).Errors, StringComparison.Ordinal);
        Assert.Equal(cids[1], Into("name", "first").Succeeds().Text.Trim());
        Assert.Equal(Run(folder, "name", "flights").Text, Into("name", "flights").Succeeds().Text);

        CommandResult Into(params string[] arguments) => Command.Run(arguments, null, into);
    }

    [Theory]
    [InlineData("unixfs")]
    [InlineData("columns")]
    [InlineData("flat")]
    public void Import_names_the_dataset_or_the_one_batch_of_a_CAR(string layout)
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        string dataset = Run(folder, "name", "flights").Succeeds().Text.Trim();
        string car = folder.PathOf("dataset.car"), one = folder.PathOf("one.car"), into = folder.PathOf("into");
        Run(folder, "export", "car", dataset, "--layout", layout, "-o", car).Exits(0);
        Run(folder, "export", "car", cids[1], "--layout", layout, "-o", one).Exits(0);
        Command.Run(["import", "--name", "whole", car], null, into).Succeeds();
        Command.Run(["import", "--name", "part", one], null, into).Succeeds();
        Assert.Equal(dataset, Command.Run(["name", "whole"], null, into).Succeeds().Text.Trim());
        Assert.Equal(cids[1], Command.Run(["name", "part"], null, into).Succeeds().Text.Trim());
        Command.Run(["import", "--name", "two", car, one], null, into).Exits(2);
    }

    [Fact]
    public void Import_names_a_table_of_several_batches_as_a_dataset()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        string file = folder.PathOf("flights.parquet"), into = folder.PathOf("into"), car = folder.PathOf("two.car");
        Run(folder, "export", "parquet", "@flights", "-o", file).Exits(0);
        Command.Run(["import", "--name", "flights", file], null, into).Succeeds();
        Assert.Equal(Run(folder, "name", "flights").Text, Command.Run(["name", "flights"], null, into).Succeeds().Text);
        Run(folder, "export", "car", cids[0], cids[1], "-o", car).Exits(0);
        Assert.Contains("the file has 2 roots", Command.Run(["import", "--name", "x", car], null, into).Exits(2).Errors, StringComparison.Ordinal);
        Command.Run(["name", "x"], null, into).Exits(3);
    }

    private static string[] Put(TemporaryFolder folder) => [.. Run(folder,
        "put", "--rows-per-block", "80000", "--dataset", "flights", Command.Sample).Succeeds().Lines[..^1].Select(line => line.Split(' ')[0])];

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
