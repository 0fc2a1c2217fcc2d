using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Blocks from other places than the store: another store, a directory of files, a gateway.</summary>
public class FromVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Absent = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

    private static readonly byte[] s_v1 = File.ReadAllBytes(Path.Combine(Command.Data, V1));

    [Fact]
    public void A_block_comes_from_a_store_a_directory_or_a_gateway_and_is_the_same()
    {
        using var folder = new TemporaryFolder();
        using ServedStore served = ServedStore.Start();
        string files = Directory.CreateDirectory(folder.PathOf("files")).FullName;
        Command.Run(["put", V1], null, served.Directory).Succeeds();
        Command.Run(["get", V1Cid, "-o", Path.Combine(files, V1Cid + ".arrows")], null, served.Directory).Succeeds();
        foreach (string place in new[] { served.Directory, files, served.Http })
        {
            Assert.Equal(s_v1, Command.Run("get", V1Cid, "--from", place).Succeeds().Bytes);
            Assert.Equal($"{V1Cid}  ok\n", Command.Run("verify", V1Cid, "--from", place).Succeeds().Text);
            Assert.Equal(4, Command.Run("cat", V1Cid, "--format", "csv", "--from", place).Succeeds().Lines.Length);
            Command.Run("get", Absent, "--from", place).Exits(3);
        }

        // What is named first is asked first; what fails is passed.
        string empty = Directory.CreateDirectory(folder.PathOf("empty")).FullName;
        File.WriteAllBytes(Path.Combine(empty, V1Cid + ".arrows"), [1, 2, 3]);
        Command.Run("get", V1Cid, "--from", empty).Exits(4);
        Assert.Contains("has other bytes", Command.Run("verify", V1Cid, "--from", empty).Exits(4).Text, StringComparison.Ordinal);
        Assert.Equal(s_v1, Command.Run("get", V1Cid, "--from", empty, "--from", served.Http).Succeeds().Bytes);
        // The store keeps what came.
        Run(folder, "get", V1Cid, "--from", served.Http, "--fill", "-o", folder.PathOf("got")).Succeeds();
        served.Kill();
        Assert.Equal(s_v1, Run(folder, "get", V1Cid).Succeeds().Bytes);
        Assert.Equal(s_v1, Run(folder, "get", V1Cid, "--from", served.Http, "--fill").Succeeds().Bytes);
        Command.Run("get", V1Cid, "--from", served.Http).Exits(3);
    }

    [Fact]
    public void Places_that_are_none_are_refused()
    {
        using var folder = new TemporaryFolder();
        Command.Run("get", V1Cid, "--from", folder.PathOf("nowhere")).Exits(3);
        Command.Run("get", V1Cid, "--from", "ftp://example.org").Exits(2);
        Command.Run("get", V1Cid, "--fill").Exits(2);
        Command.Run("get", "@latest", "--from", folder.Name).Exits(2);
        Command.Run("verify", "--all", "--from", folder.Name).Exits(2);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, null, folder.Store);
}
