using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Http;

/// <summary>The commands of <c>src/docs/ipfs.md</c>, run in their order.</summary>
public sealed class IpfsGuideTests
{
    [HttpPeerFact(HttpPeer.Ipfs)]
    public void Commands_of_the_guide_do_what_it_says()
    {
        using ServedStore served = ServedStore.Start(), pinning = ServedStore.Start("--pinning", "--pinning-from", "any-origins");
        using var node = new NodeService("interop/node/ipfs/kubo-node.mjs");
        using CidStore store = CidStore.Open(served.Directory);
        Cid first = store.Put(Numbers(300_000), new PutOptions { Name = "first" }).Cid;
        Cid prices = store.Datasets.Put([first, store.Put(Numbers(10)).Cid]).Cid;
        _ = store.Names.Set("prices", prices);
        using var folder = new TemporaryFolder();
        _ = folder.Write("token", File.ReadAllBytes(Path.Combine(pinning.Directory, "serve.token")));
        string[] commands = CommandsOf(File.ReadAllLines(Path.Combine(Command.Root, "src", "docs", "ipfs.md")));
        Assert.InRange(commands.Length, 12, 100);
        string script = string.Join('\n', commands.Select(command => $"echo '>'\n{command}"));
        CommandResult run = Command.Shell($"""
            cd '{folder.Name}'
            arrowcid() {"{ dotnet '" + Command.Dll + "' \"$@\"; }"}
            export SERVER={served.Http} PINNING={pinning.Http}/v1/pinning NODE={node.Url}
            export ORIGIN=/ip4/127.0.0.1/tcp/{new Uri(served.Http).Port}/http
            set -e
            {script}
            """, served.Directory);
        Assert.True(run.ExitCode == 0, run.Text + run.Errors);
        string[] said = run.Text.Split(">\n", StringSplitOptions.TrimEntries)[1..];
        Assert.Equal(commands.Length, said.Length);
        Assert.Equal(first, Cid.Sha256(Multicodec.Raw, File.ReadAllBytes(folder.PathOf("first.arrows"))));
        Assert.StartsWith($"{prices}  pinned", SaidBy("pin @prices"));
        Assert.EndsWith("  prices", SaidBy("pin ls"));
        Assert.Equal($"{prices}  unpinned", SaidBy("unpin"));
        Assert.StartsWith("bafy", SaidBy("publish @prices --to $NODE"));
        Assert.Contains("\"roots\":[\"bafybei", SaidBy("publish @prices --to $NODE --layout directory"));
        Assert.Contains($"{prices}", SaidBy("ls --all 'has tag"));

        string SaidBy(string start) => said[Array.FindIndex(commands, command =>
            command.StartsWith($"arrowcid {start}", StringComparison.Ordinal))];
    }

    private static string[] CommandsOf(string[] lines)
    {
        bool isConsole = false;
        var commands = new List<string>();
        foreach (string line in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) isConsole = line == "```console";
            else if (isConsole && line.StartsWith("$ ", StringComparison.Ordinal)) commands.Add(line[2..]);
        }

        return [.. commands];
    }

    private static RecordBatch Numbers(int rows) =>
        RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i * 7919).ToArray())));
}
