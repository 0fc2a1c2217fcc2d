using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>channel</c>, with each command in a process of its own.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ChannelVerbsTests
{
    [Fact]
    public void Message_is_published_tailed_acknowledged_and_listed()
    {
        using var folder = new TemporaryFolder();
        string block = Run(folder, "put", Small, "--name", "x").Exits(0).Text.Split(' ')[0];
        string id = Run(folder, "channel", "create", "telemetry", "--open").Exits(0).Text.TrimEnd();
        Assert.StartsWith("bafyrei", id, StringComparison.Ordinal);
        Run(folder, "channel", "create", "telemetry", "--open").Exits(5);
        Assert.Equal($"{id}  telemetry\n", Run(folder, "channel", "ls").Exits(0).Text);
        string first = Run(folder, "channel", "publish", "telemetry", "@x").Exits(0).Text.TrimEnd();
        string second = Run(folder, "channel", "publish", "telemetry", "--text", "the feed is up").Exits(0).Text.TrimEnd();
        string tail = Run(folder, "channel", "tail", "telemetry", "--from", "oldest", "--idle", "0s").Exits(0).Text;
        Assert.Matches($"^{first}  .*  {block}\n{second}  .*  the feed is up\n$", tail);
        Assert.Equal(tail, Run(folder, "channel", "log", "telemetry").Exits(0).Text);
        Assert.Contains($"  after {first}\n", Run(folder, "channel", "log", "telemetry", "--graph").Exits(0).Text, StringComparison.Ordinal);

        JsonElement[] messages = [.. Run(folder, "channel", "tail", "telemetry", "--from", "oldest", "--idle", "0s", "--json").Exits(0).Json];
        Assert.Equal([first, second], messages.Select(message => message.GetProperty("cid").GetString()));
        Assert.Equal(block, messages[0].GetProperty("contents")[0].GetString());
        string cursor = messages[0].GetProperty("cursor").GetString()!;
        Assert.StartsWith(second, Run(folder, "channel", "tail", "telemetry", "--from", cursor, "--count", "1").Exits(0).Text, StringComparison.Ordinal);
        Assert.Empty(Run(folder, "channel", "tail", "telemetry", "--idle", "0s").Exits(0).Text);
        Run(folder, "channel", "tail", "telemetry", "--from", "nonsense").Exits(2);

        string[] consume = ["channel", "tail", "telemetry", "--consumer", "etl", "--ack", "explicit", "--idle", "0s"];
        Assert.Equal(2, Run(folder, consume).Exits(0).Text.Split('\n').Length - 1);
        Assert.Equal("1\n", Run(folder, "channel", "ack", "telemetry", first, "--consumer", "etl").Exits(0).Text);
        Assert.StartsWith(second, Run(folder, consume).Exits(0).Text, StringComparison.Ordinal);
        Assert.StartsWith(second, Run(folder, "channel", "tail", "telemetry", "--consumer", "etl", "--idle", "0s").Exits(0).Text, StringComparison.Ordinal);
        Assert.Empty(Run(folder, consume).Exits(0).Text);
        JsonElement status = Assert.Single(Run(folder, "channel", "status", "telemetry", "--json").Exits(0).Json);
        Assert.Equal((2, second), (status.GetProperty("messages").GetInt32(), status.GetProperty("heads")[0].GetString()));
        Assert.Contains("2 delivered", Run(folder, "channel", "status", "telemetry").Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "channel", "publish", "none", "--text", "x").Exits(3);
        Run(folder, "channel", "publish", "telemetry", "--text", "x", "--wait-acks", "1", "--timeout", "0s").Exits(7);
        Assert.Equal("3\n", Run(folder, "channel", "rm", "telemetry", "--dry-run").Exits(0).Text);
        Assert.Equal("3\n", Run(folder, "channel", "rm", "telemetry").Exits(0).Text);
        Assert.Empty(Run(folder, "channel", "ls").Exits(0).Text);
    }

    [Fact]
    public void Channel_with_writers_refuses_others_and_can_change_them()
    {
        using var folder = new TemporaryFolder();
        string alice = NewKey(folder, "alice.key"), bob = NewKey(folder, "bob.key");
        Run(folder, "channel", "create", "orders").Exits(2);
        Run(folder, "channel", "create", "orders", "--key", alice, "--keep", "30d").Exits(0);
        Run(folder, "channel", "publish", "orders", "--text", "1", "--key", alice).Exits(0);
        Assert.Contains("no key", Run(folder, "channel", "publish", "orders", "--text", "2").Exits(5).Errors, StringComparison.Ordinal);
        Run(folder, "channel", "publish", "orders", "--text", "2", "--key", bob).Exits(5);
        Run(folder, "channel", "writer", "add", "orders", bob, "--key", alice).Exits(0);
        Run(folder, "channel", "publish", "orders", "--text", "2", "--key", bob).Exits(0);
        Run(folder, "channel", "writer", "rm", "orders", bob, "--key", alice).Exits(0);
        Run(folder, "channel", "publish", "orders", "--text", "3", "--key", bob).Exits(5);
        JsonElement[] log = [.. Run(folder, "channel", "log", "orders", "--json").Exits(0).Json];
        Assert.Equal(4, log.Length);
        Assert.All(log, message => Assert.True(message.GetProperty("signed").GetBoolean()));
    }

    [Fact]
    public void Stores_have_one_log_after_a_sync_and_after_an_import()
    {
        using TemporaryFolder folder = new(), other = new(), third = new();
        string block = Run(folder, "put", Small, "--name", "x").Exits(0).Text.Split(' ')[0];
        Run(other, "put", Small).Exits(0);
        Run(folder, "channel", "create", "telemetry", "--open").Exits(0);
        Run(folder, "channel", "publish", "telemetry", "@x").Exits(0);
        Assert.Equal("0 in  1 out  0 blocks in  0 missing\n", Run(folder, "channel", "sync", "telemetry", other.Store!).Exits(0).Text);
        for (int i = 0; i < 3; i++)
        {
            Run(folder, "channel", "publish", "telemetry", "--text", i.ToString(CultureInfo.InvariantCulture)).Exits(0);
            Run(other, "channel", "publish", "telemetry", "--text", $"other {i}").Exits(0);
        }

        JsonElement sync = Assert.Single(Run(other, "channel", "sync", "telemetry", folder.Store!, "--json").Exits(0).Json);
        Assert.Equal((3, 3, 0), (sync.GetProperty("received").GetInt32(), sync.GetProperty("sent").GetInt32(), sync.GetProperty("missing").GetInt32()));
        string log = Run(folder, "channel", "log", "telemetry").Exits(0).Text;
        Assert.Equal(7, log.Split('\n').Length - 1);
        Assert.Equal(log, Run(other, "channel", "log", "telemetry").Exits(0).Text);
        string car = folder.PathOf("telemetry.car");
        Run(folder, "channel", "export", "telemetry", "-o", car).Exits(0);
        Assert.EndsWith("  telemetry  7 new\n", Run(third, "channel", "import", car).Exits(0).Text, StringComparison.Ordinal);
        Assert.EndsWith("  telemetry  0 new\n", Run(third, "channel", "import", car).Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal(log, Run(third, "channel", "log", "telemetry").Exits(0).Text);
        Run(third, "get", block, "-o", third.PathOf("x.arrow")).Exits(0);
        Assert.Empty(Run(third, "channel", "repair", "telemetry").Exits(0).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Server_keeps_a_channel_in_step_with_its_peers(bool isFlight)
    {
        using var served = Flight.ServedStore.Start();
        using TemporaryFolder copy = new();
        string token = Path.Combine(served.Directory, "serve.token"), peer = isFlight ? served.Flight : served.Http;
        using CidStore there = CidStore.Open(served.Directory);
        using var theirs = MessageChannel.Create(there, "telemetry", new ChannelOptions { IsOpen = true });
        Cid first = theirs.PublishBytes("first"u8.ToArray());
        string[] join = ["channel", "join", $"{theirs.Cid}", "--peer", peer, "--token-file", token];
        Assert.Equal($"{theirs.Cid}  telemetry  1 in\n", Run(copy, join).Exits(0).Text);
        Assert.Equal($"{theirs.Cid}  telemetry  0 in\n", Run(copy, join).Exits(0).Text);
        Assert.StartsWith(peer, Run(copy, "channel", "peers", "telemetry").Exits(0).Text, StringComparison.Ordinal);
        System.Diagnostics.Process server = Command.Begin(["serve", "--store", copy.Store, "--flight", "none", "--http",
            "127.0.0.1:0", "--follow-every", "20ms"]);
        try
        {
            using CidStore here = CidStore.Open(copy.Store);
            using var ours = MessageChannel.Open(here, "telemetry");
            Assert.Equal(first, ours.Log().Single().Cid);
            Cid block = there.PutRaw("a block"u8.ToArray()).Cid, second = theirs.Publish([block]);
            Assert.Equal(second, First(ours, from: ours.Log().Single().Cursor));
            Cid third = ours.PublishBytes("third"u8.ToArray());
            Assert.Equal(third, First(theirs, from: theirs.Log().First(message => message.Cid == second).Cursor));
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
            server.Dispose();
        }

        Run(copy, "channel", "peer", "add", "telemetry", "https://b.example:8816").Exits(0);
        Assert.Equal(2, Run(copy, "channel", "peers", "telemetry", "--json").Exits(0).Json.Length);
        Run(copy, "channel", "peer", "rm", "telemetry", "https://b.example:8816").Exits(0);
        Run(copy, "channel", "peer", "rm", "telemetry", "https://b.example:8816").Exits(3);
        Run(copy, "channel", "peer", "add", "telemetry", "b.example").Exits(2);
        Run(copy, "channel", "leave", "telemetry").Exits(0);
        Assert.Empty(Run(copy, "channel", "peers", "telemetry").Exits(0).Text);
        Assert.Equal(3, Run(copy, "channel", "log", "telemetry").Exits(0).Text.Split('\n').Length - 1);
    }

    [Fact]
    public void Batch_is_put_and_published_at_once()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "channel", "create", "telemetry", "--open").Exits(0);
        string block = Run(folder, "put", Small, "--channel", "telemetry").Exits(0).Text.Split(' ')[0];
        JsonElement message = Assert.Single(Run(folder, "channel", "log", "telemetry", "--json").Exits(0).Json);
        Assert.Equal(block, message.GetProperty("contents")[0].GetString());
        Run(folder, "put", Small, "--channel", "none").Exits(3);
        string kept = Run(folder, "rm", message.GetProperty("cid").GetString()!).Exits(5).Text;
        Assert.Contains("it is a message of the channel", kept, StringComparison.Ordinal);
        Assert.Contains("'arrowcid rm --force'", kept, StringComparison.Ordinal);
        Assert.Contains("links to it", Run(folder, "rm", block).Exits(5).Text, StringComparison.Ordinal);
        Run(folder, "rm", message.GetProperty("cid").GetString()!, "--force").Exits(0);
    }

    private static Cid First(MessageChannel channel, ChannelCursor from) =>
        channel.Read(from, TimeSpan.FromSeconds(60)).First().Cid;

    private static string Small => Path.Combine(Command.Data, "vectors/v1.arrows");

    private static string NewKey(TemporaryFolder folder, string name)
    {
        string path = folder.PathOf(name);
        Run(folder, "key", "new", path).Exits(0);
        return path;
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
