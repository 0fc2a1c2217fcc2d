using System.Diagnostics;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The samples in C# are run as their README says.</summary>
public sealed class SampleTests
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

    [Fact]
    public async Task Host_serves_its_store_and_its_health_and_leaves_it_whole_when_it_is_killed()
    {
        using var folder = new SampleFolder();
        using var host = new Process();
        host.StartInfo = new ProcessStartInfo("dotnet",
            ["run", Path.Combine(Command.Root, "samples", "host", "host.cs"), "--", folder.Store, "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = folder.Store,
        };
        Assert.True(host.Start());
        try
        {
            string? line;
            var output = new List<string>();
            while ((line = await host.StandardOutput.ReadLineAsync()) is not null && !line.Contains("listening on: ", StringComparison.Ordinal))
                output.Add(line);
            Assert.True(line is not null, string.Join('\n', output));
            using var client = new HttpClient { BaseAddress = new Uri(line[line.IndexOf("http://", StringComparison.Ordinal)..]) };
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

    private static string CidOf(string line) => line[..line.IndexOf(' ', StringComparison.Ordinal)];

    private sealed class SampleFolder : IDisposable
    {
        public string Store { get; } = Directory.CreateTempSubdirectory("arrowcid-sample-").FullName;

        public CommandResult Run(string sample) =>
            CLibrary.Run("dotnet", "run", Path.Combine(Command.Root, "samples", sample), "--", Store);

        public void Dispose() => Directory.Delete(Store, recursive: true);
    }
}
