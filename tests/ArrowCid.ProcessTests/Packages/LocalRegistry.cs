using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace ArrowCid.ProcessTests.Packages;

/// <summary>A registry of containers on this machine with one image, which has a single empty file.</summary>
internal sealed class LocalRegistry : IDisposable
{
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private readonly HttpListener _listener = new();
    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly byte[] _manifest;

    public LocalRegistry()
    {
        byte[] tar = Tar(), layer = Gzip(tar);
        byte[] config = Encoding.UTF8.GetBytes($$$"""
            {"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["{{{Digest(tar)}}}"]}}
            """);
        foreach (byte[] blob in (byte[][])[layer, config]) _blobs[Digest(blob)] = blob;
        _manifest = Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"mediaType":"{{{ManifestType}}}",
            "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":{{{config.Length}}},"digest":"{{{Digest(config)}}}"},
            "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{{{layer.Length}}},"digest":"{{{Digest(layer)}}}"}]}
            """);
        using (var socket = new TcpListener(IPAddress.Loopback, 0))
        {
            socket.Start();
            Host = $"localhost:{((IPEndPoint)socket.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add($"http://{Host}/");
        _listener.Start();
        _ = Task.Run(AnswerAsync);
    }

    /// <summary>Its host and port.</summary>
    public string Host { get; }

    /// <summary>The name of its image.</summary>
    public string Image => $"{Host}/base:1";

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            string path = context.Request.Url!.AbsolutePath;
            byte[]? body = path == "/v2/" ? []
                : path.Contains("/manifests/", StringComparison.Ordinal) ? _manifest
                : _blobs.GetValueOrDefault(path.Split('/')[^1]);
            context.Response.StatusCode = body is null ? 404 : 200;
            if (body == _manifest)
            {
                context.Response.ContentType = ManifestType;
                context.Response.AddHeader("Docker-Content-Digest", Digest(_manifest));
            }

            if (body is not null)
            {
                context.Response.ContentLength64 = body.Length;
                if (context.Request.HttpMethod != "HEAD") await context.Response.OutputStream.WriteAsync(body);
            }

            context.Response.Close();
        }
    }

    private static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    private static byte[] Tar()
    {
        var bytes = new MemoryStream();
        using (var writer = new TarWriter(bytes, leaveOpen: true))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "etc/base") { DataStream = new MemoryStream() });
        return bytes.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionMode.Compress, leaveOpen: true)) gzip.Write(bytes);
        return compressed.ToArray();
    }
}
