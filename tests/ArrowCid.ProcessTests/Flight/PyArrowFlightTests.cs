using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>A client that knows only pyarrow.flight, against <c>arrowcid serve</c>.</summary>
public sealed class PyArrowFlightTests
{
    [FlightPeerTheory]
    [InlineData("put_list_and_name")]
    [InlineData("slices")]
    [InlineData("compressed")]
    [InlineData("actions")]
    [InlineData("export")]
    [InlineData("errors")]
    [InlineData("exchange")]
    [InlineData("cut")]
    [InlineData("channels")]
    public void A_check_of_the_client_passes(string check)
    {
        using ServedStore served = ServedStore.Start();
        _ = FlightPeers.Check(served, check).Exits(0);
        Assert.Equal(0, served.Terminate());
    }

    [FlightPeerFact]
    public void A_check_of_the_client_passes_over_a_unix_socket()
    {
        using ServedStore served = ServedStore.StartAt("flight.sock");
        Assert.StartsWith("grpc+unix:///", served.Flight, StringComparison.Ordinal);
        _ = FlightPeers.Check(served, "put_list_and_name").Exits(0);
        Assert.Equal(0, served.Terminate());
        served.Begin();
        served.Kill();
        // What the killed server left is no hindrance.
        served.Begin();
        _ = FlightPeers.Check(served, "put_list_and_name").Exits(0);
    }

    [FlightPeerFact]
    public void What_is_fetched_and_written_as_a_stream_hashes_to_its_cid()
    {
        using ServedStore served = ServedStore.Start();
        string[] lines = FlightPeers.Check(served, "fetch_by_cid", served.Folder).Exits(0).Lines;
        Assert.Equal(8, lines.Length);
        foreach (string[] fetched in lines.Select(line => line.Split(' ')))
            Assert.StartsWith(fetched[0], Command.Run("hash", fetched[1]).Exits(0).Text, StringComparison.Ordinal);
    }

    [FlightPeerFact]
    public void A_client_killed_in_the_middle_of_a_put_leaves_what_was_acknowledged_and_no_name()
    {
        using ServedStore served = ServedStore.Start();
        string[] cids = FlightPeers.Check(served, "die_in_a_put").Exits(0).Text.Split();
        Assert.Equal(0, served.Terminate());
        using CidStore store = CidStore.Open(served.Directory);
        Assert.Null(store.Names.Resolve("half"));
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
        Assert.All(cids[..2], cid => Assert.True(store.Contains(Cid.Parse(cid))));
    }

    [FlightPeerFact]
    public void A_server_killed_in_the_middle_of_a_put_leaves_whole_blocks_alone()
    {
        using ServedStore served = ServedStore.Start();
        using Process client = Start(served, "die");
        string first = client.StandardOutput.ReadLine()!, second = client.StandardOutput.ReadLine()!;
        served.Kill();
        client.WaitForExit();
        using CidStore store = CidStore.Open(served.Directory);
        Assert.Null(store.Names.Resolve("half"));
        Assert.True(store.Contains(Cid.Parse(first)) && store.Contains(Cid.Parse(second)));
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
    }

    [FlightPeerFact]
    public void A_watcher_hears_puts_of_other_processes_and_goes_on_after_the_server_was_ended()
    {
        using ServedStore served = ServedStore.Start();
        using Process watcher = Start(served, "watch");
        Assert.StartsWith("ready c1.", watcher.StandardOutput.ReadLine(), StringComparison.Ordinal);
        foreach (string cid in Put(served, Small(served)))
            Assert.Equal($"new {cid} 2", watcher.StandardOutput.ReadLine());
        Assert.Equal(0, served.Terminate());
        string end = watcher.StandardOutput.ReadLine()!;
        Assert.StartsWith("end c1.", end, StringComparison.Ordinal);
        watcher.WaitForExit();
        Assert.Equal(0, watcher.ExitCode);

        string[] after = Put(served, Command.Sample);
        served.Begin();
        string[] heard = FlightPeers.Check(served, "resume", end.Split(' ')[1], $"{after.Length}").Exits(0).Lines;
        Assert.Equal(after, heard.Select(line => line.Split(' ')[1]));
    }

    private static string[] Put(ServedStore served, string file) =>
    [
        .. Command.Run("put", "--store", served.Directory, "--json", file).Exits(0).Json
            .Select(line => line.GetProperty("cid").GetString()!),
    ];

    private static string Small(ServedStore served)
    {
        string arrow = Path.Combine(served.Folder, "small.arrows");
        _ = FlightPeers.Python("-c",
            $"import pyarrow as p, pyarrow.ipc as i\nt = p.table({{'a': [1, 2]}})\n" +
            $"with i.new_stream('{arrow}', t.schema) as s: s.write_table(t)").Exits(0);
        return arrow;
    }

    private static Process Start(ServedStore served, string check) => Process.Start(
        new ProcessStartInfo("/bin/sh",
            [FlightPeers.PythonPath, FlightPeers.Script, check, served.Flight, served.Token])
        {
            RedirectStandardOutput = true,
        })!;
}
