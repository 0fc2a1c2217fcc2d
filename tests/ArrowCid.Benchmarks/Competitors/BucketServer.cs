using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace ArrowCid.Benchmarks;

/// <summary>An S3 server of this run: Ceph's gateway where it is installed, else moto.</summary>
internal sealed class BucketServer : IDisposable
{
    public const string Bucket = "bench";

    private const string Key = "testkey", Secret = "testsecret";

    private readonly Process _process;

    private BucketServer(string name, Uri url, Process process) => (Name, Url, _process) = (name, url, process);

    private static string Script => SourceTree.Find("interop/peers/s3") ??
        throw new ArrowCidException(ErrorCode.Unsupported, "this benchmark runs in the source tree");

    /// <summary>Where it is.</summary>
    public Uri Url { get; }

    /// <summary>What it is.</summary>
    public string Name { get; }

    /// <summary>Starts it and creates <see cref="Bucket"/>.</summary>
    /// <param name="directory">A directory for its data.</param>
    /// <returns>Null where there is neither server.</returns>
    public static BucketServer? Start(string directory)
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", Key);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", Secret);
        Environment.SetEnvironmentVariable("AWS_REGION", "us-east-1");
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        // Ceph 16 refuses the checksums in trailers that the command line sends by default.
        Environment.SetEnvironmentVariable("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required");
        int port = FreePort();
        var url = new Uri($"http://127.0.0.1:{port}/");
        BucketServer? server = null;
        if (Environment.UserName == "root" && Run("rgw", "up", directory, $"{port}") == 0)
            server = new BucketServer("Ceph", url, StartEndOfCeph(directory));
        else if (Run("--has") == 0) server = new BucketServer("moto", url, StartMoto(port));
        if (server is null) return null;
        using AmazonS3Client client = server.Client();
        client.PutBucketAsync(Bucket).GetAwaiter().GetResult();
        return server;
    }

    /// <summary>A client of the plain SDK.</summary>
    public AmazonS3Client Client() => new(new BasicAWSCredentials(Key, Secret), new AmazonS3Config
    {
        ServiceURL = Url.ToString(),
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
    });

    /// <summary>Runs the AWS command line.</summary>
    public void Aws(params string[] arguments)
    {
        int code = Run(["aws", "--endpoint-url", Url.ToString(), .. arguments]);
        if (code != 0) throw new InvalidOperationException($"aws {string.Join(' ', arguments)} ended with {code}");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process StartMoto(int port)
    {
        Process moto = Begin("moto", $"{port}");
        while (moto.StandardError.ReadLine() is { } line && !line.Contains("Running on", StringComparison.Ordinal))
        {
        }

        moto.BeginErrorReadLine();
        return moto;
    }

    /// <summary>Stops Ceph when its own standard input ends: also when this process is killed.</summary>
    private static Process StartEndOfCeph(string directory) => Begin(
        new ProcessStartInfo("/bin/sh", ["-c", "cat >/dev/null; exec sh \"$@\"", "sh", Script, "rgw", "down", directory]));

    private static int Run(params string[] arguments)
    {
        using Process process = Begin(arguments);
        process.StandardInput.Close();
        // What a server leaves running keeps the pipes open, so that only the exit counts.
        process.BeginErrorReadLine();
        process.WaitForExit(Timeout.Infinite);
        return process.ExitCode;
    }

    private static Process Begin(params string[] arguments) =>
        Begin(new ProcessStartInfo("/bin/sh", [Script, .. arguments]));

    private static Process Begin(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return process;
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
