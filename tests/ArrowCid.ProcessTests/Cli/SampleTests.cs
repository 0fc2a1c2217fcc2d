using System.Diagnostics;
using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The samples in C# are run as their README says.</summary>
public sealed partial class SampleTests
{
    [Fact]
    public void A_consumer_computes_on_what_a_producer_put_into_shared_memory()
    {
        using var folder = new SampleFolder();
        string[] puts = folder.Run("shared-memory/csharp/producer.cs").Succeeds().Lines;
        string[] reads = folder.Run("shared-memory/csharp/consumer.cs").Succeeds().Lines;
        Assert.Equal(10, puts.Length);
        Assert.Equal(puts.Select(CidOf), reads.Select(CidOf));
        Assert.All(reads, line => Assert.Contains("seg-0000-00000001+", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_verifier_finds_and_proves_what_an_indexer_put()
    {
        using var folder = new SampleFolder();
        folder.Run("index/indexer.cs").Succeeds();
        string[] lines = folder.Run("index/verifier.cs").Succeeds().Lines;
        Assert.Equal(["2026-02-15", "2026-02-22"], lines[..2].Select(line => line[..10]));
        Assert.Equal("28 days behind the name flights/latest", lines[^1]);
    }

    [Fact]
    public void Many_processes_write_and_one_of_them_dies()
    {
        using var folder = new SampleFolder();
        Assert.Contains("one of them killed", folder.Run("many-processes/many.cs").Succeeds().Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stock_Flight_client_puts_fetches_and_lists_when_it_has_the_token(bool hasTls)
    {
        using var files = new TlsFolder();
        using ServedStore served = hasTls ? ServedStore.Start("--tls-cert", files.Certificate, "--tls-key", files.Key) : ServedStore.Start();
        string address = served.Flight.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        Assert.StartsWith(hasTls ? "grpc+tls://" : "grpc://", address, StringComparison.Ordinal);
        string[] lines = CLibrary.Run("dotnet",
        [
            "run", Path.Combine(Command.Root, "samples", "flight", "fetch.cs"), "--", address, served.Token,
            .. hasTls ? new[] { files.Authority } : [],
        ]).Succeeds().Lines;
        Cid cid = Cid.Parse(CidOf(lines[0]));
        Assert.Equal([$"{cid}  2 rows", "101.5 101.75", $"listed {cid}"], lines);
        using CidStore store = CidStore.Open(served.Directory);
        Assert.Equal(cid, store.Names.Resolve("quotes"));
    }

    [FlightPeerFact]
    public async Task Server_in_an_app_serves_a_stock_Flight_client_and_curl()
    {
        using var folder = new SampleFolder();
        using Process host = folder.Start("server/server.cs", "0", "0");
        try
        {
            string flight = await AddressAsync(host), http = await AddressAsync(host);
            string token = (await File.ReadAllTextAsync(Path.Combine(folder.Store, "serve.token"))).Trim();
            _ = FlightPeers.Python(FlightPeers.Script, "slices", flight.Replace("http:", "grpc:", StringComparison.Ordinal), token).Exits(0);
            string Curl(params string[] arguments) => CLibrary.Run("curl", ["-sS", "--fail", .. arguments]).Succeeds().Text;
            string list = Curl("-H", $"Authorization: Bearer {token}", $"{http}/v1/blocks?limit=1");
            string cid = CidPattern().Match(list).Value;
            using CidStore store = CidStore.Open(folder.Store);
            using var client = new HttpClient { BaseAddress = new Uri(http) };
            byte[] raw = await client.GetByteArrayAsync($"/ipfs/{cid}?format=raw");
            Assert.Equal(Cid.Parse(cid), Cid.Sha256(Cid.Parse(cid).Codec, raw));
            Assert.Contains("\narrowcid_sent_bytes_total{protocol=\"flight\"} ", Curl("-H", $"Authorization: Bearer {token}", $"{http}/metrics"), StringComparison.Ordinal);
            Assert.StartsWith($"{store.Query().Count()} blocks in ", await client.GetStringAsync("/"), StringComparison.Ordinal);
            using HttpResponseMessage stranger = await client.GetAsync("/v1/blocks");
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, stranger.StatusCode);
        }
        finally
        {
            host.Kill(entireProcessTree: true);
            await host.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Host_serves_its_store_and_its_health_and_leaves_it_whole_when_it_is_killed()
    {
        using var folder = new SampleFolder();
        using Process host = folder.Start("host/host.cs", "http://127.0.0.1:0");
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri(await AddressAsync(host)) };
            Assert.Equal("Healthy", await client.GetStringAsync("/health"));
            byte[] bytes = [1, 2, 3];
            using HttpResponseMessage put = await client.PutAsync("/raw", new ByteArrayContent(bytes));
            Assert.Equal(Cid.Sha256(Multicodec.Raw, bytes).ToString(), await put.Content.ReadAsStringAsync());
            Assert.Contains(Cid.Sha256(Multicodec.Raw, bytes).ToString(), await client.GetStringAsync("/blocks"), StringComparison.Ordinal);
        }
        finally
        {
            host.Kill(entireProcessTree: true);
            await host.WaitForExitAsync();
        }

        using CidStore store = CidStore.Open(folder.Store, new CidStoreOptions { CreateIfMissing = false });
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
    }

    [Fact]
    public void Run_all_runs_the_samples_of_a_name_and_counts_them()
    {
        string[] lines = CLibrary.Run("bash", Path.Combine(Command.Root, "samples", "run-all"), "index").Succeeds().Lines;
        Assert.Equal(["ok   index/indexer.cs", "ok   index/verifier.cs"], lines[..2].Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]));
        Assert.Equal("2 passed, 0 failed, 0 skipped", lines[^1]);
    }

    [Fact]
    public async Task Each_sample_runs_its_own_program_when_others_run_before_it_and_beside_it()
    {
        (string Sample, string Prints)[] samples =
        [
            ("shared-memory/csharp/producer.cs", "10,000 rows, 120,520 bytes"),
            ("index/indexer.cs", "28 days; the last is "),
            ("many-processes/many.cs", "4 processes, one of them killed"),
        ];
        void Run((string Sample, string Prints) each)
        {
            using var folder = new SampleFolder();
            Assert.Contains(each.Prints, folder.Run(each.Sample).Succeeds().Text, StringComparison.Ordinal);
        }

        foreach ((string, string) each in samples) Run(each);
        await Task.WhenAll(samples.Select(each => Task.Run(() => Run(each))));
    }

    [Fact]
    public void Every_sample_has_under_sixty_lines()
    {
        foreach (string path in Directory.EnumerateFiles(Path.Combine(Command.Root, "samples"), "*", SearchOption.AllDirectories)
            .Where(path => Path.GetExtension(path) is ".cs" or ".py" or ".rs" or ".mjs" or ".c" or ".cpp"))
            Assert.True(File.ReadAllLines(path).Length < 60, path);
    }

    /// <summary>Returns the next address that a host says it listens on.</summary>
    private static async Task<string> AddressAsync(Process host)
    {
        string? line;
        var output = new List<string>();
        while ((line = await host.StandardOutput.ReadLineAsync()) is not null && !line.Contains("listening on: ", StringComparison.Ordinal))
            output.Add(line);
        Assert.True(line is not null, string.Join('\n', output));
        return line[line.IndexOf("http://", StringComparison.Ordinal)..].TrimEnd('/');
    }

    [GeneratedRegex("bafy?[a-z2-7]{50,}")]
    private static partial Regex CidPattern();

    private static string CidOf(string line) => line[..line.IndexOf(' ', StringComparison.Ordinal)];

    private sealed class SampleFolder : IDisposable
    {
        public string Store { get; } = Directory.CreateTempSubdirectory("arrowcid-sample-").FullName;

        public CommandResult Run(string sample) =>
            CLibrary.Run("dotnet", "run", Path.Combine(Command.Root, "samples", sample), "--", Store);

        /// <summary>Starts a sample that goes on until it is killed.</summary>
        public Process Start(string sample, params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet",
            ["run", Path.Combine(Command.Root, "samples", sample), "--", Store, .. arguments])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Store,
        })!;

        public void Dispose() => Directory.Delete(Store, recursive: true);
    }
}
