using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Http;

/// <summary>Pinning and publishing, judged by the IPFS project's own programs.</summary>
public sealed class IpfsPeerTests
{
    private const string Absent = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

    [HttpPeerFact(HttpPeer.Ipfs)]
    public void Checker_of_the_Pinning_Service_API_finds_nothing_that_is_not_met()
    {
        using ServedStore served = ServedStore.Start("--pinning");
        CommandResult checks = Node("interop/node/ipfs/check-pinning.mjs", $"{served.Http}/v1/pinning", served.Token);
        Assert.True(checks.ExitCode == 0, checks.Text);
        Assert.Equal("89 met, 0 not met", checks.Lines[^1]);
    }

    [HttpPeerFact(HttpPeer.Ipfs)]
    public void Client_adds_lists_and_removes_pins_at_the_mock_of_the_Pinning_Service_API()
    {
        using var folder = new TemporaryFolder();
        string token = folder.Write("token", "a-secret\nand no more\n"u8.ToArray());
        using var mock = new NodeService("interop/node/ipfs/mock-service.mjs", "a-secret");
        string[] at = ["--at", mock.Url, "--token-file", token];
        string cid = $"{Cid.Sha256(Multicodec.Raw, "pinned there"u8)}";
        CommandResult pinned = Command.Run(["pin", cid, "--name", "pinned-one", "--json", .. at]).Exits(0);
        JsonElement shown = JsonSerializer.Deserialize<JsonElement>(pinned.Text);
        Assert.Equal((cid, "pinned", "pinned-one"), (shown.GetProperty("cid").GetString(), shown.GetProperty("status").GetString(),
            shown.GetProperty("name").GetString()));
        Command.Run(["pin", Absent, "--name", "failed-two", .. at]).Exits(3);
        Command.Run(["pin", Absent, "--no-wait", .. at[..2]]).Exits(5);
        CommandResult listed = Command.Run(["pin", "ls", .. at]).Exits(0);
        Assert.Equal([$"{cid}  pinned  req-1  pinned-one", $"{Absent}  failed  req-2  failed-two"], listed.Lines);
        Assert.Equal([$"{Absent}  failed  req-2  failed-two"], Command.Run(["pin", "ls", "--status", "failed", .. at]).Exits(0).Lines);
        Assert.Equal($"{cid}  unpinned\n", Command.Run(["unpin", cid, .. at]).Exits(0).Text);
        Command.Run(["unpin", cid, .. at]).Exits(3);
        Assert.Equal([$"{Absent}  failed  req-2  failed-two"], Command.Run(["pin", "ls", .. at]).Exits(0).Lines);
    }

    [Fact]
    public void Client_pins_at_another_server_which_fetches_the_blocks_from_this_one()
    {
        using ServedStore origin = ServedStore.Start(), served = ServedStore.Start("--pinning", "--pinning-from", "any-origins");
        using CidStore store = CidStore.Open(origin.Directory);
        Cid dataset = store.Datasets.Put([store.Put(Numbers(200_000)).Cid, store.Put(Numbers(10)).Cid]).Cid;
        _ = store.Names.Set("numbers", dataset);
        string[] at = ["--at", $"{served.Http}/v1/pinning", "--token-file", Path.Combine(served.Directory, "serve.token")];
        string from = $"/ip4/127.0.0.1/tcp/{new Uri(origin.Http).Port}/http";
        CommandResult pinned = Command.Run(["pin", "@numbers", "--origin", from, "--store", origin.Directory, .. at]).Exits(0);
        Assert.StartsWith($"{dataset}  pinned  ", pinned.Text);
        using CidStore copy = CidStore.Open(served.Directory);
        Assert.True(copy.Contains(dataset));
        Assert.Equal(2, copy.List().Count());
        Assert.Equal($"{dataset}  unpinned\n", Command.Run(["unpin", $"{dataset}", .. at]).Exits(0).Text);
        Assert.Empty(Command.Run(["pin", "ls", .. at]).Exits(0).Text);
    }

    [HttpPeerFact(HttpPeer.Ipfs)]
    public void Publishing_calls_the_RPC_of_Kubo_as_its_own_client_does()
    {
        using var folder = new TemporaryFolder();
        using CidStore store = CidStore.Open(folder.Store);
        Cid large = store.Put(Numbers(300_000)).Cid, small = store.Put(Numbers(10)).Cid;
        string car = folder.PathOf("large.car"), block = folder.PathOf("small.arrows");
        string root = Command.Run(["export", "car", $"{large}", "-o", car, "--store", folder.Store]).Exits(0).Text.Trim();
        Command.Run(["get", $"{small}", "-o", block, "--store", folder.Store]).Exits(0);
        using var node = new NodeService("interop/node/ipfs/kubo-node.mjs");
        Assert.Equal($"{root}\n", Command.Run(["publish", $"{large}", "--to", node.Url, "--store", folder.Store]).Exits(0).Text);
        Assert.Equal($"{small}\n", Command.Run(["publish", $"{small}", "--to", node.Url, "--store", folder.Store]).Exits(0).Text);
        CommandResult read = Node("interop/node/ipfs/check-kubo.mjs", node.Url, root, car, block).Exits(0);
        Assert.Equal($"pinned {root} recursive", read.Lines[0]);
        Assert.Equal([$"root {root}", $"put {small}"], read.Lines[2..].Select(line => line.Trim()));
        JsonElement[] calls = [.. node.End().Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.Equal(["dag/import", "pin/ls", "block/put", "pin/ls", "pin/ls", "block/get", "dag/import", "block/put"],
            calls.Select(call => call.GetProperty("path").GetString()));
        Assert.All(calls, call => Assert.Equal("POST", call.GetProperty("method").GetString()));
        Assert.Equal(Parts(calls[6]), Parts(calls[0]));
        Assert.Equal(Parts(calls[7]), Parts(calls[2]));
        Assert.Equal(Query(calls[7]), Query(calls[2]));
        // Theirs asks for no statistics.
        Assert.Equal(Query(calls[6]).Append(("stats", "true")), Query(calls[0]));
        Assert.Equal(("arg", root), Query(calls[1])[0]);

        static string Parts(JsonElement call) => call.GetProperty("parts").GetRawText();
        static (string, string?)[] Query(JsonElement call) =>
            [.. call.GetProperty("query").EnumerateObject().Select(each => (each.Name, each.Value.GetString()))];
    }

    [HttpPeerFact(HttpPeer.Ipfs)]
    public void Publishing_without_the_token_of_the_node_is_refused()
    {
        using var folder = new TemporaryFolder();
        using CidStore store = CidStore.Open(folder.Store);
        Cid cid = store.Put(Numbers(10)).Cid, large = store.Put(Numbers(300_000)).Cid;
        using var node = new NodeService("interop/node/ipfs/kubo-node.mjs", "a-secret");
        string token = folder.Write("token", "a-secret\n"u8.ToArray());
        Command.Run(["publish", $"{cid}", "--to", node.Url, "--store", folder.Store]).Exits(5);
        Command.Run(["publish", $"{cid}", $"{large}", "--to", node.Url, "--token-file", token, "--store", folder.Store]).Exits(0);
    }

    [HttpPeerFact(HttpPeer.Storacha)]
    public void Storacha_program_uploads_a_CAR_to_the_test_context_of_its_service()
    {
        using var folder = new TemporaryFolder();
        using CidStore store = CidStore.Open(folder.Store);
        Cid dataset = store.Datasets.Put([store.Put(Numbers(300_000)).Cid, store.Put(Numbers(10)).Cid]).Cid;
        string car = folder.PathOf("dataset.car");
        string root = Command.Run(["export", "car", $"{dataset}", "-o", car, "--store", folder.Store]).Exits(0).Text.Trim();
        Assert.Equal($"uploaded {root}", Node("interop/storacha/check.mjs", car).Exits(0).Lines[^1]);
    }

    [ProgramFact("node")]
    public void Storacha_program_refuses_to_run_without_public()
    {
        CommandResult refused = Node("interop/storacha/upload.mjs", "--key", "key", "--proof", "proof").Exits(2);
        Assert.Contains("public and may be kept for ever", refused.Errors);
    }

    [HttpPeerFact(HttpPeer.VerifiedFetch)]
    public void Helia_node_fetches_blocks_that_delegated_routing_finds_here_and_at_a_place()
    {
        using ServedStore served = ServedStore.Start(), other = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory), elsewhere = CidStore.Open(other.Directory);
        PutResult here = store.Put(Numbers(1000)), there = elsewhere.Put(Numbers(2000));
        Command.Run(["place", "add", "other", other.Http, "--store", served.Directory]).Exits(0);
        store.Registry.Facts.Append(new Registry.CopyFact(there.Cid, "other",
            new Registry.CopyState("block", (ulong)there.ByteLength, 1, 2000, null)));
        CommandResult read = Command.Program(HttpPeerFactAttribute.Node24,
            Path.Combine(Command.Root, "interop/node/verified/check-helia.mjs"), served.Http, $"{here.Cid}", $"{there.Cid}", Absent).Exits(0);
        Assert.Equal([$"{here.ByteLength} {HexOf(here.Cid)}", $"{there.ByteLength} {HexOf(there.Cid)}"], read.Lines[..2]);
        Assert.StartsWith("noticed", read.Lines[2]);
    }

    [Fact]
    public void Gateways_that_are_named_together_are_asked_together()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(Numbers(100)).Cid;
        using var folder = new TemporaryFolder();
        string to = folder.PathOf("block.arrows");
        // The first one refuses the connection.
        Command.Run(["get", $"{cid}", "--from", "http://127.0.0.1:1", "--from", served.Http, "-o", to, "--store", folder.PathOf("none")]).Exits(0);
        Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, File.ReadAllBytes(to)));
    }

    private static CommandResult Node(string script, params string[] arguments) =>
        Command.Program("node", [Path.Combine(Command.Root, script), .. arguments]);

    private static string HexOf(Cid cid) => Convert.ToHexStringLower(cid.Hash.Digest);

    private static RecordBatch Numbers(int rows) =>
        RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i * 7919).ToArray())));
}
