using System.Text;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>export parquet</c>, <c>import</c>, <c>verify</c> and the verbs that read Parquet as they read
/// Arrow.</summary>
public sealed class ParquetVerbsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string File => _folder.PathOf("flights.parquet");

    [Fact]
    public void What_is_exported_comes_back_with_the_same_CIDs_and_proves_itself()
    {
        string[] cids = Put(20_000);
        CommandResult export = Command.Run(["export", "parquet", .. cids, "-o", File], null, _folder.Store).Exits(0);
        Assert.Equal(cids, export.Lines);
        Assert.Equal(cids.Select(cid => $"{cid}  ok"), Command.Run("verify", File).Succeeds().Lines);
        Assert.Equal(cids, Cids(Command.Run("hash", File).Succeeds()));
        Assert.Equal(cids, Cids(Command.Run(["hash", "-"], System.IO.File.ReadAllBytes(File), null).Succeeds()));
        Assert.Equal(cids, Cids(Command.Run(["import", File], null, _folder.PathOf("other")).Succeeds()));
        Assert.Equal(cids, Cids(Command.Run(["put", File], null, _folder.PathOf("third")).Succeeds()));
        Assert.Equal([], Directory.EnumerateFiles(_folder.Name, "*.tmp-*"));
    }

    [Fact]
    public void Rows_cut_anew_give_the_CIDs_of_the_Arrow_file_cut_so()
    {
        Command.Run(["export", "parquet", .. Put(30_000), "-o", File, "--codec", "zstd", "--level", "3"], null,
            _folder.Store).Exits(0);
        string[] expected = Cids(Command.Run("hash", "--rows-per-block", "45000", Command.Sample).Succeeds());
        Assert.Equal(expected, Cids(Command.Run("hash", "--rows-per-block", "45000", File).Succeeds()));
        Assert.Equal(expected, Cids(Command.Run(["import", "--rows-per-block", "45000", File], null,
            _folder.PathOf("other")).Succeeds()));
    }

    [Fact]
    public void A_damaged_file_is_named_and_nothing_of_it_is_imported()
    {
        Command.Run(["export", "parquet", .. Put(100_000), "-o", File], null, _folder.Store).Exits(0);
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        bytes[bytes.Length / 2] ^= 1;
        System.IO.File.WriteAllBytes(File, bytes);
        CommandResult verify = Command.Run("verify", "--json", File);
        Assert.NotEqual(0, verify.ExitCode);
        Assert.Single(verify.Json, line => !line.GetProperty("isIntact").GetBoolean());
        Assert.NotEqual(0, Command.Run(["import", File], null, _folder.PathOf("other")).ExitCode);
        Assert.Equal("", Command.Run(["ls"], null, _folder.PathOf("other")).Text);
        CommandResult partial = Command.Run(["import", "--partial", File], null, _folder.PathOf("other")).Exits(0);
        Assert.Single(partial.Lines);
        Assert.Contains("row group", partial.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_batches_give_the_same_file()
    {
        string[] cids = Put(50_000);
        CommandResult first = Command.Run(["export", "parquet", .. cids, "-o", "-"], null, _folder.Store).Exits(0);
        Assert.Equal("PAR1", Encoding.ASCII.GetString(first.Bytes, 0, 4));
        Assert.Equal(first.Bytes, Command.Run(["export", "parquet", .. cids, "-o", "-"], null, _folder.Store).Bytes);
    }

    [Theory]
    [InlineData("--level", "3")]
    [InlineData("--codec", "lzo")]
    [InlineData("--codec", "zstd", "--level", "40")]
    [InlineData("--page-bytes", "1")]
    public void Wrong_options_are_refused(params string[] options) =>
        Command.Run(["export", "parquet", "latest", "-o", File, .. options], null, _folder.Store).Exits(2);

    private string[] Put(int rows) => Cids(Command.Run(
        ["put", "--rows-per-block", $"{rows}", Command.Sample], null, _folder.Store).Succeeds());

    private static string[] Cids(CommandResult result) => [.. result.Lines.Select(line => line.Split(' ')[0])];
}
