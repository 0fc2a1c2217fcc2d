using System.Diagnostics;
using ArrowCid.Client;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>Our client, which knows Flight and CIDs, against a Flight server that pyarrow made: C++ gRPC and C++ IPC.</summary>
public sealed class PyArrowServerTests : IDisposable
{
    private const string Token = "a-token-of-this-test";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FlightPeerTheory]
    [InlineData("")]
    [InlineData("lz4:")]
    [InlineData("zstd:")]
    public async Task Batches_of_every_type_are_fetched_and_proved(string form)
    {
        // pyarrow 25 dies of a fault of its own where it compresses a union.
        (Cid Cid, string File)[] batches = [.. Batches().Where(each => form.Length == 0 || !each.File.Contains("union", StringComparison.Ordinal))];
        using PyArrowServer server = PyArrowServer.Start([.. batches.Select(each => $"{form}{each.Cid}={each.File}")]);
        using var client = new CidClient(server.Address);
        foreach ((Cid cid, _) in batches)
        {
            using RemoteBatch? got = await client.TryGetAsync(cid);
            Assert.False(got!.IsShared);
            Assert.Equal(cid, CanonicalBlock.CidOf(got.View));
        }

        Assert.Null(await client.TryGetAsync(Cid.Sha256(Multicodec.Raw, "what is not here"u8)));
        var listed = new List<Cid>();
        await foreach (Cid cid in client.ListAsync()) listed.Add(cid);
        Assert.Equal(batches.Select(each => each.Cid), listed);
    }

    [FlightPeerFact]
    public async Task What_is_served_under_another_CID_is_refused()
    {
        Cid[] cids = [Cid.Sha256(Multicodec.Raw, "one"u8), Cid.Sha256(Multicodec.Raw, "other"u8)];
        string file = _folder.Write("batch.arrows", CanonicalBlock.Encode(Numbers(1_000_000)).Bytes.ToArray());
        using PyArrowServer server = PyArrowServer.Start($"{cids[0]}={file}");
        using var client = new CidClient(server.Address);
        var e = await Assert.ThrowsAsync<ArrowCidException>(() => client.TryGetAsync(cids[0]));
        Assert.Equal(ErrorCode.BlockCorrupt, e.Code);
        using var trusting = new CidClient(server.Address, new CidClientOptions { Verify = false });
        using RemoteBatch? got = await trusting.TryGetAsync(cids[0]);
        Assert.Equal(1_000_000, got!.View.Length);
        Assert.Null(await trusting.TryGetAsync(cids[1]));
    }

    [FlightPeerFact]
    public async Task A_token_is_shown_and_errors_are_ours()
    {
        EncodedBlock block = CanonicalBlock.Encode(Numbers(10));
        string file = _folder.Write("batch.arrows", block.Bytes.ToArray());
        using PyArrowServer server = PyArrowServer.Start("--token", Token, $"{block.Cid}={file}");
        using (var client = new CidClient(server.Address, new CidClientOptions { Token = Token }))
        {
            using RemoteBatch? got = await client.TryGetAsync(block.Cid);
            Assert.Equal(10, got!.View.Length);
            // There is no DoPut in it.
            Assert.Equal(ErrorCode.Unsupported, await CodeOf(() => client.PutAsync(Numbers(10))));
        }

        using var stranger = new CidClient(server.Address, new CidClientOptions { Token = "wrong" });
        Assert.Equal(ErrorCode.AccessDenied, await CodeOf(() => stranger.TryGetAsync(block.Cid)));
        server.Kill();
        using var late = new CidClient(server.Address, new CidClientOptions { Token = Token });
        Assert.Equal(ErrorCode.Busy, await CodeOf(() => late.TryGetAsync(block.Cid)));
    }

    [FlightPeerFact]
    public async Task It_is_reached_over_a_unix_socket()
    {
        EncodedBlock block = CanonicalBlock.Encode(Numbers(100_000));
        string file = _folder.Write("batch.arrows", block.Bytes.ToArray());
        var address = new Uri($"grpc+unix://{_folder.PathOf("socket")}");
        using PyArrowServer server = PyArrowServer.StartAt(address, $"{block.Cid}={file}");
        using var client = new CidClient(address);
        using RemoteBatch? got = await client.TryGetAsync(block.Cid);
        Assert.Equal(100_000, got!.View.Length);
    }

    private static async Task<ErrorCode> CodeOf<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<ArrowCidException>(call)).Code;

    private static RecordBatch Numbers(int rows) => RecordBatch.Of(
        ("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i).ToArray())));

    /// <summary>The first batch of each of the Arrow project's streams, as a block of its own.</summary>
    private (Cid Cid, string File)[] Batches()
    {
        var found = new List<(Cid, string)>();
        foreach (string path in Directory.GetFiles(Path.Combine(Command.Data, "arrow-ipc", "cpp-21.0.0"), "*.stream").Order(StringComparer.Ordinal))
        {
            using FileStream stream = File.OpenRead(path);
            using var reader = ArrowReader.Open(stream);
            if (reader.ReadView() is not { } batch) continue;
            EncodedBlock block = CanonicalBlock.Encode(batch);
            found.Add((block.Cid, _folder.Write(Path.GetFileName(path), block.Bytes.ToArray())));
        }

        return [.. found.DistinctBy(each => each.Item1)];
    }

    /// <summary><c>serve_flight.py</c> as a process of its own.</summary>
    private sealed class PyArrowServer : IDisposable
    {
        private readonly Process _process;

        private PyArrowServer(Process process, Uri address) => (_process, Address) = (process, address);

        public Uri Address { get; }

        public static PyArrowServer Start(params string[] arguments) => Start(null, arguments);

        public static PyArrowServer StartAt(Uri address, params string[] arguments) => Start(address, arguments);

        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public void Dispose()
        {
            if (!_process.HasExited) Kill();
            _process.Dispose();
        }

        private static PyArrowServer Start(Uri? address, string[] arguments)
        {
            string script = Path.Combine(Command.Root, "interop", "python", "serve_flight.py");
            Process process = Process.Start(new ProcessStartInfo("/bin/sh",
                [FlightPeers.PythonPath, script, address?.ToString() ?? "grpc://127.0.0.1:0", .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            string port = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the server has ended");
            return new PyArrowServer(process, address ?? new Uri($"grpc://127.0.0.1:{port}"));
        }
    }
}
