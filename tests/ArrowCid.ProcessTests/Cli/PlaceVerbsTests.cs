using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>place</c>, <c>copy --to NAME</c>, <c>whereis</c>, <c>drop</c> and <c>replicas</c>.</summary>
public sealed class PlaceVerbsTests
{
    [Fact]
    public void Block_that_was_copied_and_dropped_is_read_from_its_place()
    {
        using var folder = new TemporaryFolder();
        string place = folder.PathOf("cold") + "/";
        string cid = Put(folder);
        Run(folder, "place", "add", "cold", place).Exits(0);
        Run(folder, "place", "add", "web", "http://127.0.0.1:1/").Exits(0);
        Assert.Contains("2 blocks, 2 new", Run(folder, "copy", "@x", "--to", "cold").Exits(0).Text, StringComparison.Ordinal);
        JsonElement[] places = [.. Run(folder, "place", "ls", "--json").Exits(0).Json];
        Assert.Equal([("cold", 2, true), ("web", 0, false)], places.Select(each => (each.GetProperty("name").GetString(),
            each.GetProperty("blocks").GetInt32(), each.GetProperty("isDurable").GetBoolean())));
        string both = $"{cid}  here  ok\n{cid}  cold  {place}  ok\n";
        Assert.Equal(both, Run(folder, "whereis", "@x", "--verify").Exits(0).Text);
        Assert.Equal($"{cid}  would be removed\n", Run(folder, "drop", "@x", "--dry-run").Exits(0).Text);
        Assert.Equal($"{cid}  removed\n", Run(folder, "drop", "@x").Exits(0).Text);
        Assert.Equal($"{cid}  cold  {place}\n", Run(folder, "whereis", "@x").Exits(0).Text);
        Assert.Contains("not in this store", Run(folder, "info", "@x").Exits(0).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(cid, Run(folder, "ls").Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains("place=\"cold\"", Run(folder, "ls", "--all", "--absent", "place = cold and rows = 3").Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains("null", Run(folder, "cat", "@x").Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains("no other copy", Run(folder, "drop", "@x", "--from", "cold").Exits(5).Text, StringComparison.Ordinal);
        Assert.Contains("nowhere else", Run(folder, "place", "rm", "cold").Exits(5).Errors, StringComparison.Ordinal);
        Run(folder, "get", "@x", "--fill", "-o", folder.PathOf("out.arrows")).Exits(0);
        Assert.Equal($"{cid}  removed\n", Run(folder, "drop", "@x", "--from", "cold").Exits(0).Text);
        Assert.Equal($"{cid}  here\n", Run(folder, "whereis", "@x").Exits(0).Text);
        Run(folder, "place", "rm", "cold").Exits(0);
        Assert.Equal("web", Assert.Single(Run(folder, "place", "ls", "--json").Exits(0).Json).GetProperty("name").GetString());
    }

    [MountFact]
    public void Full_file_systems_with_a_backlog_lose_nothing_acknowledged_and_the_place_gets_it_once_it_has_space()
    {
        using var folder = new TemporaryFolder();
        string place = Directory.CreateDirectory(folder.PathOf("cold")).FullName;
        CommandResult result = Command.Shell("unshare -m sh -c 'mount -t tmpfs -o size=40m tmpfs /dev/shm && " +
            $"mount -t tmpfs -o size=8k tmpfs {place} && export ARROWCID_STORE=/dev/shm/full && " +
            $"\"$@\" put \"{Command.Data}/vectors/v1.arrows\" >/dev/null && " +
            $"\"$@\" place add cold {place}/ --write back && {{ cat /dev/zero > /dev/shm/filler 2>/dev/null; " +
            $"\"$@\" put --rows-per-block 10000 {Command.Sample} >/dev/null; echo put $?; " +
            "\"$@\" place sync >/dev/null; echo sync $?; \"$@\" verify --all >/dev/null; echo verify $?; " +
            "\"$@\" gc --unreferenced --older-than 0s | wc -l; " +
            $"mount -o remount,size=64m {place}; \"$@\" place sync >/dev/null; echo sync $?; " +
            "rm /dev/shm/filler; } && " +
            $"\"$@\" put --rows-per-block 10000 {Command.Sample} >/dev/null && \"$@\" place sync >/dev/null && " +
            $"ls {place} | grep -c tmp; " +
            "\"$@\" place ls --json && \"$@\" drop --where \"rows > 0\" --dry-run' sh \"$@\"").Exits(0);
        string[] lines = result.Lines;
        // Both file systems are full: what was put stays, and waits.
        Assert.Equal(["put 6", "sync 6", "verify 0", "0", "sync 0", "0"], lines[..6]);
        Assert.Contains("No space left on device", result.Errors, StringComparison.Ordinal);
        JsonElement cold = JsonDocument.Parse(lines[6]).RootElement;
        Assert.Equal(0, cold.GetProperty("backlogBlocks").GetInt64());
        // The 20 batches of the file, and the first one: each copy is read and hashed.
        Assert.Equal(21, lines[7..].Length);
        Assert.All(lines[7..], line => Assert.EndsWith("  would be removed", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Columns_of_a_dropped_batch_are_read_from_its_place_without_the_others()
    {
        using var folder = new TemporaryFolder();
        RecordBatch batch = RecordBatch.Of(new[] { "a", "b", "c" }.Select((name, at) => (name,
            (ArrowArray)ArrowArray.From<long>(Enumerable.Range(0, 100_000).Select(i => (long)(at + (i * 7))).ToArray()))).ToArray());
        EncodedBlock block = CanonicalBlock.Encode(batch);
        File.WriteAllBytes(folder.PathOf("large.arrows"), block.Bytes.ToArray());
        Run(folder, "put", folder.PathOf("large.arrows"), "--dataset", "large").Exits(0);
        Run(folder, "place", "add", "cold", folder.PathOf("cold") + "/").Exits(0);
        Assert.Contains("3 blocks, 3 new", Run(folder, "copy", "@large", "--to", "cold").Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "drop", "@large").Exits(0);
        Assert.Contains("\"name\":\"b\"", Run(folder, "dag", "get", "@large/batches/0/columns/b").Exits(0).Text, StringComparison.Ordinal);
        string columns = Run(folder, "info", "@large", "--json").Exits(0).Json.Single().GetProperty("columnsCid").GetString()!;
        Assert.Contains(columns, Run(folder, "info", "@large").Exits(0).Text, StringComparison.Ordinal);
        // Of the file that the place has, the last column is damaged, which is not read.
        string file = folder.PathOf($"cold/{block.Cid}.arrows"), chosen = folder.PathOf("chosen.arrows");
        using (FileStream damaged = File.OpenWrite(file))
        {
            damaged.Position = damaged.Length - 100_000;
            damaged.WriteByte(0xaa);
        }

        Run(folder, "get", block.Cid.ToString(), "-o", chosen).Exits(ErrorTable.ExitCode(ErrorCode.BlockCorrupt));
        Run(folder, "get", "@large", "--columns", "b,a", "-o", chosen).Exits(0);
        Assert.Equal(CanonicalBlock.Encode(ColumnChoice.Of(batch, ["b", "a"])).Bytes.ToArray(), File.ReadAllBytes(chosen));
        Assert.Equal("b,a\r\n1,0\r\n8,7\r\n", Run(folder, "cat", "@large", "--columns", "b,a", "--format", "csv", "-n", "2").Exits(0).Text);
        Assert.Equal("a\r\n14\r\n", Run(folder, "cat", "@large", "--columns", "a", "--where", "b = 15", "--format", "csv").Exits(0).Text);
        Assert.Contains("99999 more", Run(folder, "cat", "@large", "--columns", "a", "-n", "1").Exits(0).Text, StringComparison.Ordinal);
        // Who has no store proves the columns by that CID.
        CommandResult foreign = Command.Run(["cat", columns, "--columns", "b,a", "--format", "csv", "-n", "2", "--from", folder.PathOf("cold")],
            null, folder.PathOf("none"));
        Assert.Equal("b,a\r\n1,0\r\n8,7\r\n", foreign.Exits(0).Text);
        CommandResult none = Run(folder, "get", "@large", "--columns", "d", "-o", chosen);
        Assert.Contains("'d'", none.Exits(ErrorTable.ExitCode(ErrorCode.SchemaMismatch)).Errors, StringComparison.Ordinal);
        Run(folder, "get", "@large", "--columns", "c", "-o", chosen).Exits(ErrorTable.ExitCode(ErrorCode.BlockCorrupt));
    }

    [Fact]
    public void Blocks_with_too_few_copies_are_listed_and_repaired()
    {
        using var folder = new TemporaryFolder();
        string cid = Put(folder);
        Assert.Contains("no place", Run(folder, "replicas", "--repair").Exits(3).Errors, StringComparison.Ordinal);
        Run(folder, "place", "add", "cold", folder.PathOf("cold") + "/").Exits(0);
        Assert.Equal($"{cid}  1  520\n", Run(folder, "replicas", "--where", "kind = batch").Exits(3).Text);
        Assert.Equal("", Run(folder, "replicas", "--where", "kind = batch", "--repair").Exits(0).Text);
        Assert.Equal(2, Run(folder, "whereis", cid, "--json").Exits(0).Json.Length);
    }

    [Fact]
    public void Put_that_is_durable_ends_once_the_place_has_the_blocks_and_names_last()
    {
        using var folder = new TemporaryFolder();
        string sample = Path.Combine(Command.Data, "vectors/v1.arrows");
        Run(folder, "put", sample, "--name", "x", "--durable", "cold").Exits(3);
        Assert.Empty(Run(folder, "ls").Exits(0).Text);
        Run(folder, "place", "add", "cold", folder.PathOf("cold") + "/", "--as", "zstd").Exits(0);
        string cid = Run(folder, "put", sample, "--name", "x", "--durable", "cold").Exits(0).Text.Split(' ')[0];
        Assert.Contains($"{cid}  cold", Run(folder, "whereis", "@x", "--verify").Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "put", sample, sample, "--dataset", "set", "--durable", "cold").Exits(0);
        Assert.Contains("cold", Run(folder, "whereis", "@set", "--verify").Exits(0).Text, StringComparison.Ordinal);
        // A place that fails leaves the blocks here, without the name.
        Directory.Delete(folder.PathOf("cold"), recursive: true);
        File.WriteAllText(folder.PathOf("cold"), "no directory");
        string other = Path.Combine(Command.Data, "vectors/more/decimals.arrows");
        CommandResult failed = Run(folder, "put", other, "--name", "y", "--durable", "cold");
        Assert.NotEqual(0, failed.ExitCode);
        Run(folder, "name", "y").Exits(3);
        Assert.Contains(failed.Text.Split(' ')[0], Run(folder, "ls").Exits(0).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Backlog_is_shown_and_copied_by_sync_and_by_a_server_also_after_a_kill()
    {
        using ServedStore served = ServedStore.Start("--write", "off");
        using var folder = new TemporaryFolder();
        string place = folder.PathOf("cold") + "/", sample = Path.Combine(Command.Data, "vectors/v1.arrows");
        OnServed("place", "add", "cold", place, "--write", "back").Exits(0);
        string cid = OnServed("put", sample).Exits(0).Text.Split(' ')[0];
        Assert.Equal(3, Backlog());
        Assert.Contains("3 new", OnServed("place", "sync").Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal(0, Backlog());
        served.Kill();
        OnServed("put", Path.Combine(Command.Data, "vectors/more/decimals.arrows")).Exits(0);
        Assert.True(Backlog() > 0);
        using ServedStore again = ServedStore.Over(served);
        while (Backlog() > 0) Assert.False(again.HasExited);
        again.Kill();
        Assert.Contains("cold", OnServed("whereis", cid, "--verify").Exits(0).Text, StringComparison.Ordinal);

        long Backlog() => OnServed("place", "ls", "--json").Exits(0).Json.Single().GetProperty("backlogBlocks").GetInt64();

        CommandResult OnServed(params string[] arguments) => Command.Run(arguments, null, served.Directory);
    }

    [Fact]
    public void Server_is_a_place_and_reads_from_its_own_places()
    {
        using ServedStore served = ServedStore.Start();
        using var folder = new TemporaryFolder();
        string cid = Put(folder), token = Path.Combine(served.Directory, "serve.token");
        Run(folder, "place", "add", "lab", $"{served.Flight}?token-file={token}").Exits(0);
        Run(folder, "place", "add", "web", $"{served.Http}?token-file={token}").Exits(0);
        Assert.Contains("2 new", Run(folder, "copy", "@x", "--to", "lab").Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains("0 new", Run(folder, "copy", "@x", "--to", "web").Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal(3, Run(folder, "whereis", "@x", "--verify").Exits(0).Lines.Length);
        Assert.Equal($"{cid}  removed\n", Run(folder, "drop", "@x").Exits(0).Text);
        Assert.Contains("null", Run(folder, "cat", "@x").Exits(0).Text, StringComparison.Ordinal);
        // The server's store gives the block to a folder of its own, and reads it back for its callers.
        Command.Run(["place", "add", "cold", folder.PathOf("cold") + "/"], null, served.Directory).Exits(0);
        Command.Run(["copy", cid, "--to", "cold"], null, served.Directory).Exits(0);
        Command.Run(["drop", cid], null, served.Directory).Exits(0);
        Assert.DoesNotContain("here", Command.Run(["whereis", cid], null, served.Directory).Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains("null", Run(folder, "cat", "@x").Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains("here", Command.Run(["whereis", cid], null, served.Directory).Exits(0).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Block_is_found_at_a_location_that_a_put_has_recorded()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        string cid = Run(folder, "put", Path.Combine(Command.Data, "vectors/v1.arrows"), "--location", other.Store,
            "--location", "/ip4/127.0.0.1/tcp/1/http").Exits(0).Text.Split(' ')[0];
        Command.Run(["put", Path.Combine(Command.Data, "vectors/v1.arrows")], null, other.Store).Exits(0);
        Run(folder, "rm", cid).Exits(0);
        Run(folder, "get", cid, "--no-locations", "-o", folder.PathOf("none")).Exits(3);
        Run(folder, "get", cid, "-o", folder.PathOf("got")).Exits(0);
        Assert.Equal(cid, Run(folder, "hash", folder.PathOf("got")).Exits(0).Text.Split(' ')[0]);
    }

    [Theory]
    [InlineData("InvalidArgument", "place", "add", "here", "/srv")]
    [InlineData("InvalidArgument", "place", "add", "a", "ftp://x/")]
    [InlineData("Io", "place", "add", "a", "/nonexistent/arrowcid")]
    [InlineData("NameNotFound", "copy", "@x", "--to", "nope")]
    [InlineData("NameNotFound", "drop", "@x", "--from", "nope")]
    [InlineData("NameNotFound", "place", "rm", "nope")]
    public void Place_that_is_none_is_refused(string code, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        _ = Put(folder);
        Run(folder, arguments).Exits(ErrorTable.ExitCode(Enum.Parse<ErrorCode>(code)));
    }

    private static string Put(TemporaryFolder folder) =>
        Run(folder, "put", Path.Combine(Command.Data, "vectors/v1.arrows"), "--name", "x").Exits(0).Text.Split(' ')[0];

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
