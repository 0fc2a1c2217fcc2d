using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Damaged blocks at the command: who reports them, and who repairs them.</summary>
public sealed class RepairVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Nan = "vectors/more/nan.arrows";

    [Fact]
    public void Verify_judges_the_store_and_each_place_by_themselves()
    {
        using TemporaryFolder folder = Fill(out string copy);
        string empty = Directory.CreateDirectory(folder.PathOf("empty")).FullName;
        CommandResult result = Run(folder, "verify", V1Cid, "--from", copy, "--from", empty).Exits(4);
        Assert.Equal(3, result.Lines.Length);
        Assert.StartsWith($"{V1Cid}  {folder.Store}  the bytes of {V1Cid} hash to ", result.Lines[0], StringComparison.Ordinal);
        Assert.Contains("the first difference is at byte ", result.Lines[0], StringComparison.Ordinal);
        Assert.Equal([$"{V1Cid}  {copy}  ok", $"{V1Cid}  {empty}  absent"], result.Lines[1..]);
        JsonElement[] json = Run(folder, "verify", V1Cid, "--from", copy, "--json").Exits(4).Json;
        Assert.Equal([false, true], json.Select(one => one.GetProperty("isIntact").GetBoolean()));
        Run(folder, "get", V1Cid, "--from", copy, "-o", folder.PathOf("got")).Succeeds();
        Run(folder, "verify", V1Cid).Exits(4);
    }

    [Theory]
    [InlineData("repair one", "repaired")]
    [InlineData("repair all", "repaired")]
    [InlineData("get --fill", "")]
    [InlineData("restore", "1 damaged blocks repaired")]
    [InlineData("put", "repaired")]
    [InlineData("put after rm", "")]
    [InlineData("import", "repaired")]
    public void Verify_finds_nothing_when_the_right_bytes_came_back(string how, string says)
    {
        using TemporaryFolder folder = Fill(out string copy);
        Run(folder, "get", V1Cid).Exits(4);
        string backup = folder.PathOf("backup.car"), car = folder.PathOf("v1.car");
        Command.Run(["backup", backup], null, copy).Exits(0);
        Command.Run(["export", "car", V1Cid, "-o", car], null, copy).Exits(0);
        if (how == "put after rm") Run(folder, "rm", V1Cid).Exits(0);
        CommandResult result = (how switch
        {
            "repair one" => Run(folder, "repair", V1Cid, "--from", copy),
            "repair all" => Run(folder, "repair", "--all", "--from", copy),
            "get --fill" => Run(folder, "get", V1Cid, "--from", copy, "--fill"),
            "restore" => Run(folder, "restore", backup),
            "import" => Run(folder, "import", car),
            _ => Run(folder, "put", V1),
        }).Exits(0);
        Assert.Contains(says, result.Text, StringComparison.Ordinal);
        Assert.Equal(2, Run(folder, "verify", "--all").Exits(0).Lines.Length);
        Run(folder, "get", V1Cid).Succeeds();
        Assert.DoesNotContain(Run(folder, "doctor", "--json").Exits(0).Json,
            one => one.GetProperty("severity").GetString() != "note");
    }

    [Fact]
    public void Repair_reports_what_no_place_has_and_what_was_never_here()
    {
        using TemporaryFolder folder = Fill(out _);
        string empty = Directory.CreateDirectory(folder.PathOf("empty")).FullName;
        Assert.StartsWith($"{V1Cid}  damaged  no block", Run(folder, "repair", V1Cid, "--from", empty).Exits(4).Text,
            StringComparison.Ordinal);
        Assert.Contains("0 repaired, 1 still damaged", Run(folder, "repair", "--all", "--from", empty).Exits(4).Errors,
            StringComparison.Ordinal);
        Run(folder, "repair", "bafkreigks6arfsq3xxfpvqrrwonchxcnu6do76auprhhfomao6c273sixm", "--from", empty).Exits(3);
        Run(folder, "repair", V1Cid).Exits(2);
        Run(folder, "repair", "--from", empty).Exits(2);
        Assert.Equal("damaged", Run(folder, "repair", V1Cid, "--from", empty, "--json").Exits(4).Json.Single()
            .GetProperty("outcome").GetString());
    }

    /// <summary>A store with a damaged block, and a copy of it from before.</summary>
    private static TemporaryFolder Fill(out string copy)
    {
        var folder = new TemporaryFolder();
        copy = folder.PathOf("copy");
        foreach (string store in new[] { folder.Store, copy })
            Command.Run(["put", V1, Nan, "--tag", "a=b"], null, store).Succeeds();
        JsonElement record = Run(folder, "log", "dump", "--json").Succeeds().Json
            .First(one => one.GetProperty("cid").GetString() == V1Cid);
        long at = record.GetProperty("offset").GetInt64() + 140;
        using FileStream file = File.Open(Path.Combine(folder.Store, "seg-0000-00000001"), FileMode.Open);
        file.Position = at;
        int before = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(before ^ 1));
        return folder;
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run([.. arguments, "--store", folder.Store]);
}
