using ArrowCid.ProcessTests.Cli;
using ArrowCid.Tests.Transfer.S3;

namespace ArrowCid.ProcessTests.S3;

/// <summary>The command with buckets as places of blocks and of files.</summary>
public class BucketVerbsTests
{
    private static string Folder() => MotoServer.NewFolder();

    [ProgramFact(Programs.Moto)]
    public void A_dataset_is_copied_to_a_bucket_and_read_from_it_without_a_store()
    {
        using var folder = new TemporaryFolder();
        string place = Folder();
        Command.Run(["put", Command.Sample, "--rows-per-block", "20000", "--name", "flights"], null, folder.Store).Succeeds();
        string dataset = Command.Run(["info", "@flights", "--json"], null, folder.Store).Succeeds().Json[0].GetProperty("cid").GetString()!;
        Assert.Equal("12 blocks, 12 new, 1606929 bytes", Command.Run(["copy", "@flights", "--to", place], null, folder.Store).Succeeds().Lines[^1]);
        Assert.Equal("12 blocks, 0 new, 0 bytes", Command.Run(["copy", "@flights", "--to", place], null, folder.Store).Succeeds().Lines[^1]);
        string own = Command.Run(["cat", "@flights", "--format", "csv"], null, folder.Store).Succeeds().Text;
        Assert.Equal(own, Command.Run("cat", dataset, "--format", "csv", "--from", place).Succeeds().Text);
        // Into another store, and through it.
        string other = folder.PathOf("other");
        Command.Run(["put", "vectors/v1.arrows"], null, other).Succeeds();
        Assert.Equal("12 blocks, 12 new, 1606929 bytes", Command.Run(["copy", dataset, "--from", place, "--to", other], null, null).Succeeds().Lines[^1]);
        Assert.Equal(own, Command.Run(["cat", dataset, "--format", "csv"], null, other).Succeeds().Text);
        Command.Run("get", "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e", "--from", place).Exits(3);
    }

    [ProgramFact(Programs.Moto)]
    public void Files_are_exported_to_a_bucket_and_imported_from_it_to_the_same_blocks()
    {
        using var folder = new TemporaryFolder();
        string place = Folder(), other = folder.PathOf("other");
        string In(string name) => place.Replace("?", $"/{name}?", StringComparison.Ordinal);
        Command.Run(["put", "vectors/v1.arrows", "--name", "v1"], null, folder.Store).Succeeds();
        string cid = Command.Run(["hash", "vectors/v1.arrows"], null, null).Succeeds().Text.Split(' ')[0];
        foreach (string format in (string[])["parquet", "car", "arrow"])
        {
            Command.Run(["export", format, "@v1", "-o", In($"out/v1.{format}")], null, folder.Store).Succeeds();
            string verb = format == "arrow" ? "put" : "import";
            Assert.Contains(cid, Command.Run([verb, In($"out/v1.{format}")], null, other).Succeeds().Text, StringComparison.Ordinal);
        }

        // A folder gives files named by CID, and is read as one.
        Command.Run(["export", "parquet", "@v1", "-o", In("all/")], null, folder.Store).Succeeds();
        Assert.Contains(cid, Command.Run(["import", In("all/")], null, other).Succeeds().Text, StringComparison.Ordinal);
        Assert.Contains("no such object", Command.Run(["import", In("absent.car")], null, other).Exits(3).Errors, StringComparison.Ordinal);
    }

    [ProgramFact(Programs.Moto)]
    public void A_store_is_backed_up_to_a_bucket_in_increments_and_restored()
    {
        using var folder = new TemporaryFolder();
        string place = Folder().Replace("?", "/?", StringComparison.Ordinal), restored = folder.PathOf("restored");
        Command.Run(["put", "vectors/v1.arrows", "--name", "first"], null, folder.Store).Succeeds();
        Command.Run(["backup", place], null, folder.Store).Exits(0);
        Command.Run(["put", Command.Sample, "--name", "second"], null, folder.Store).Succeeds();
        Assert.Contains("00000002.car", Command.Run(["backup", place], null, folder.Store).Exits(0).Text, StringComparison.Ordinal);
        Command.Run(["restore", place], null, restored).Succeeds();
        foreach (string name in (string[])["@first", "@second"])
        {
            Assert.Equal(Command.Run(["cat", name, "--format", "csv"], null, folder.Store).Succeeds().Text,
                Command.Run(["cat", name, "--format", "csv"], null, restored).Succeeds().Text);
        }

        Assert.Contains("no backup", Command.Run(["restore", Folder()], null, restored).Exits(3).Errors, StringComparison.Ordinal);
    }

    /// <summary>moto does not check digests. <c>HostileS3Tests</c> shows that each upload is then read back.</summary>
    [ProgramFact(Programs.Moto)]
    public void Bucket_that_checks_no_digests_is_added_with_a_warning()
    {
        using var folder = new TemporaryFolder();
        Command.Run(["put", "vectors/v1.arrows", "--name", "v1"], null, folder.Store).Succeeds();
        CommandResult added = Command.Run(["place", "add", "cold", Folder()], null, folder.Store).Exits(0);
        Assert.Contains("warning: ", added.Errors, StringComparison.Ordinal);
        Assert.Contains("does not check digests", added.Errors, StringComparison.Ordinal);
        Command.Run(["copy", "@v1", "--to", "cold"], null, folder.Store).Succeeds();
    }

    [ProgramFact(Programs.Moto)]
    public void A_bucket_that_is_misspelled_or_down_is_an_error_that_says_so()
    {
        using var folder = new TemporaryFolder();
        Command.Run(["put", "vectors/v1.arrows", "--name", "v1"], null, folder.Store).Succeeds();
        string missing = $"s3://no-such-bucket/x?endpoint={MotoServer.Url}";
        Assert.Contains("no such bucket", Command.Run(["copy", "@v1", "--to", missing], null, folder.Store).Exits(3).Errors, StringComparison.Ordinal);
        Command.Run(["copy", "@v1", "--to", "s3://Bad_Name/x"], null, folder.Store).Exits(2);
        Assert.Contains("connection", Command.Run(["copy", "@v1", "--to", "s3://quotes/x?endpoint=http://127.0.0.1:1"], null, folder.Store).Exits(7).Errors, StringComparison.Ordinal);
    }
}
