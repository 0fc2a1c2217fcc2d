using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using ArrowCid.S3;
using ArrowCid.Tests.House;

namespace ArrowCid.Tests.Transfer.S3;

/// <summary>An S3 server of this test run, in memory. It ends with this process, whose end is that of its standard
/// input.</summary>
internal static class MotoServer
{
    public const string Bucket = "tests";

    private static readonly Lazy<Uri> s_url = new(Start);

    /// <summary>Where it is; it starts with the first call, and the credentials of this process are set.</summary>
    public static Uri Url => s_url.Value;

    /// <summary>The URL of a folder that no other test uses.</summary>
    public static string NewFolder(Uri? endpoint = null) => $"s3://{Bucket}/{Guid.NewGuid():n}?endpoint={endpoint ?? Url}";

    public static S3Bucket Open(string folder, S3Settings? settings = null) =>
        S3Bucket.Open(S3Location.Parse(folder), settings);

    /// <summary>The keys of all objects in a folder.</summary>
    public static async Task<List<ObjectInfo>> ObjectsOf(string folder)
    {
        using S3Bucket bucket = Open(folder);
        var objects = new List<ObjectInfo>();
        await foreach (ObjectInfo each in bucket.ListAsync("", CancellationToken.None)) objects.Add(each);
        return objects;
    }

    private static Uri Start()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "testkey");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "testsecret");
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        int port = FreePort();
        var start = new ProcessStartInfo("/bin/sh", [Repository.PathOf("interop/peers/s3"), "moto", $"{port}"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var ready = new TaskCompletionSource();
        Process server = Process.Start(start)!;
        server.EnableRaisingEvents = true;
        server.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"moto ended with {server.ExitCode}"));
        DataReceivedEventHandler read = (_, line) =>
        {
            if (line.Data?.Contains("Running on", StringComparison.Ordinal) == true) ready.TrySetResult();
        };
        server.OutputDataReceived += read;
        server.ErrorDataReceived += read;
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        ready.Task.GetAwaiter().GetResult();
        var url = new Uri($"http://127.0.0.1:{port}/");
        using var client = new AmazonS3Client(new BasicAWSCredentials("testkey", "testsecret"),
            new AmazonS3Config { ServiceURL = url.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        Task.Run(() => client.PutBucketAsync(Bucket)).GetAwaiter().GetResult();
        return url;
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
