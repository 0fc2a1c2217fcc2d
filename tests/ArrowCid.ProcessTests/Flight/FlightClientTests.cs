using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Http;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>The clients in other languages that know Flight alone: each makes every call there is.</summary>
public sealed class FlightClientTests
{
    private static readonly Lazy<string> s_cid = new(() =>
    {
        using FileStream file = File.OpenRead(Command.Sample);
        using var reader = ArrowReader.Open(file);
        return $"{CanonicalBlock.CidOf(reader.ReadView()!)}";
    });

    [FlightClientTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void A_client_puts_the_flights_under_their_CID_calls_all_there_is_and_watches_on_after_a_restart(string language)
    {
        using ServedStore served = ServedStore.Start();
        using Process client = FlightClient.Start(language, "all", served.Flight, served.Token, Command.Sample);
        Task<string> errors = client.StandardError.ReadToEndAsync();
        Assert.Equal($"cid {s_cid.Value}", Line(client, errors));
        Assert.StartsWith("ready c1.", Line(client, errors), StringComparison.Ordinal);
        Cid first = Put(served, 3), second;
        Assert.Equal($"heard new {first} 3", Line(client, errors));

        Assert.Equal(0, served.Terminate());
        second = Put(served, 2);
        served.Begin();
        Assert.Equal($"heard new {second} 2", Line(client, errors));
        Assert.True(client.WaitForExit(TimeSpan.FromMinutes(1)), "the client did not end");
        Assert.True(client.ExitCode == 0, errors.Result);
    }

    [FlightClientTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void A_byte_that_changed_on_the_servers_disk_is_noticed_by_the_client(string language)
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(new long[5000])))).Cid;
        Assert.Equal("rows 5000\n", FlightClient.Run(language, "get", served.Flight, served.Token, $"{cid}").Text);
        Damage.Change(store, cid, 20_000);
        Assert.Equal("mismatch\n", FlightClient.Run(language, "get", served.Flight, served.Token, $"{cid}").Text);
    }

    [FlightClientTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void A_client_speaks_TLS_and_shows_a_certificate(string language)
    {
        using var files = new TlsFolder();
        using ServedStore served = ServedStore.Start("--tls-cert", files.Certificate, "--tls-key", files.Key,
            "--tls-client-ca", files.Authority, "--tls-require-client");
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(new long[5])))).Cid;
        string address = served.Flight.Replace("127.0.0.1", "localhost");
        Assert.StartsWith("grpc+tls://", address, StringComparison.Ordinal);
        Assert.Equal("rows 5\n", FlightClient.Run(language, "get", address, served.Token, $"{cid}",
            files.Authority, files.Certificate, files.Key).Text);
    }

    [FlightClientTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void The_sample_does_what_it_says(string language)
    {
        using ServedStore served = ServedStore.Start();
        if (language == "rust")
        {
            using CidStore store = CidStore.Open(served.Directory);
            PutResult put = store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(new long[5]))));
            string file = Path.Combine(served.Folder, "fetched.arrows");
            Assert.Equal($"{put.Cid}  {put.ByteLength} bytes proved\n",
                FlightClient.Sample(language, served.Flight, $"{put.Cid}", file).Text);
            Assert.StartsWith($"{put.Cid}", Command.Run("hash", file).Exits(0).Text, StringComparison.Ordinal);
            return;
        }

        string[] lines = FlightClient.Sample(language, served.Flight, served.Token).Lines;
        Assert.EndsWith("  2 rows proved", lines[0], StringComparison.Ordinal);
        Assert.Contains("101.75", lines[1], StringComparison.Ordinal);
    }

    private static Cid Put(ServedStore served, int rows)
    {
        using CidStore store = CidStore.Open(served.Directory);
        return store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i).ToArray())))).Cid;
    }

    private static string Line(Process client, Task<string> errors) =>
        client.StandardOutput.ReadLine() ?? throw new InvalidOperationException(errors.Result);
}
