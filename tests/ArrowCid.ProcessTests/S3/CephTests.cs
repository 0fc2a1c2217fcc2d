using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.S3;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.ProcessTests.S3;

/// <summary>Ceph's S3 gateway, which checks the digests of uploads.</summary>
public sealed class CephTests : IDisposable
{
    private const string Bucket = "tests";

    private readonly TemporaryFolder _folder = new();

    private string Gateway => _folder.PathOf("rgw");

    public void Dispose()
    {
        Script("down", Gateway);
        _folder.Dispose();
    }

    [CephFact]
    public async Task Uploads_are_checked_by_their_digest_and_blocks_come_back()
    {
        Uri url = await Start();
        string place = $"s3://{Bucket}/quotes?endpoint={url}";
        using (var bucket = S3Bucket.Open(S3Location.Parse(place)))
        {
            BucketProbe probe = await BucketProbe.RunAsync(bucket, CancellationToken.None);
            Assert.Empty(probe.Faults);
            Assert.True(probe.ChecksDigests);
            ArrowCidException refused = await Assert.ThrowsAsync<ArrowCidException>(() =>
                bucket.WriteAsync("changed", new ChangingStream(), mayReplace: false, CancellationToken.None));
            Assert.Equal(ErrorCode.Io, refused.Code);
            Assert.Contains("stored nothing", refused.Message, StringComparison.Ordinal);
            Assert.Null(await bucket.FindAsync("changed", CancellationToken.None));
        }

        Command.Run(["put", Command.Sample, "--rows-per-block", "20000", "--name", "flights"], null, _folder.Store).Succeeds();
        Assert.Equal("12 blocks, 12 new, 1606929 bytes", Command.Run(["copy", "@flights", "--to", place], null, _folder.Store).Succeeds().Lines[^1]);
        string dataset = Command.Run(["info", "@flights", "--json"], null, _folder.Store).Succeeds().Json[0].GetProperty("cid").GetString()!;
        Assert.Equal(Command.Run(["cat", "@flights", "--format", "csv"], null, _folder.Store).Succeeds().Text,
            Command.Run("cat", dataset, "--format", "csv", "--from", place).Succeeds().Text);
        CopyLarge(place);
        ReadColumns(place);
        CommandResult added = Command.Run(["place", "add", "cold", place], null, _folder.Store).Exits(0);
        Assert.DoesNotContain("warning", added.Errors, StringComparison.Ordinal);
    }

    /// <summary>Two columns of a batch, read in ranges and proved by its manifest.</summary>
    private static void ReadColumns(string place)
    {
        var random = new Random(7);
        RecordBatch batch = RecordBatch.Of([.. Enumerable.Range(0, 40).Select(i =>
            ($"c{i}", (ArrowArray)ArrowArray.From<double>(Enumerable.Range(0, 20_000).Select(_ => random.NextDouble()).ToArray())))]);
        EncodedBlock block = CanonicalBlock.Encode(batch);
        using BlockBackend source = BlockBackend.InMemory(), backend = S3Blocks.Open(place);
        source.Put(block.Cid, block.Bytes);
        _ = backend.CopyFrom(source, [block.Cid]);
        using BlockLease lease = source.Get(block.Cid);
        Cid manifest = ManifestCopies.Make(lease)!.Value.Cid;
        RecordBatch read = BatchColumn.ReadViews(backend, manifest, ["c3", "c30"]).Single();
        Assert.Equal(CanonicalBlock.CidOf(ColumnChoice.Of(batch, ["c3", "c30"])), CanonicalBlock.CidOf(read));
    }

    /// <summary>A block that is uploaded in parts and read in ranges.</summary>
    private static void CopyLarge(string place)
    {
        byte[] bytes = new byte[12 << 20];
        new Random(5).NextBytes(bytes);
        Cid cid = Cid.Sha256(Multicodec.Raw, bytes);
        var settings = new S3Settings { SingleBytes = 6 << 20, PartBytes = 5 << 20, RangeBytes = 1 << 20 };
        using var backend = new S3Backend(S3Bucket.Open(S3Location.Parse(place), settings));
        backend.Put(cid, bytes);
        using BlockLease block = backend.Get(cid);
        Assert.True(bytes.AsSpan().SequenceEqual(block.Bytes.Span));
    }

    private async Task<Uri> Start()
    {
        int port;
        using (var socket = new TcpListener(IPAddress.Loopback, 0))
        {
            socket.Start();
            port = ((IPEndPoint)socket.LocalEndpoint).Port;
        }

        Script("up", Gateway, $"{port}").Succeeds();
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "testkey");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "testsecret");
        var url = new Uri($"http://127.0.0.1:{port}/");
        using var client = new AmazonS3Client(new BasicAWSCredentials("testkey", "testsecret"),
            new AmazonS3Config { ServiceURL = url.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        _ = await client.PutBucketAsync(Bucket);
        return url;
    }

    private static CommandResult Script(params string[] arguments) =>
        Command.Program("/bin/sh", [Path.Combine(Command.Root, "interop", "peers", "s3"), "rgw", .. arguments]);
}
