using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace ArrowCid.ProcessTests.Hostile;

/// <summary>gRPC calls whose request is any bytes.</summary>
internal sealed class RawGrpc(Uri server) : IDisposable
{
    public const string Flight = "/arrow.flight.protocol.FlightService/";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true })
    {
        Timeout = TimeSpan.FromMinutes(2),
    };

    /// <summary>A message with its prefix.</summary>
    public static byte[] Frame(byte[] message, byte flag = 0)
    {
        byte[] frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>A message, compressed, with its prefix.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="start">Its first bytes; the others are zero.</param>
    public static byte[] Bomb(int length, byte[]? start = null)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(start ?? []);
            byte[] piece = new byte[1 << 16];
            for (int left = length - (start?.Length ?? 0); left > 0; left -= Math.Min(left, piece.Length))
                gzip.Write(piece, 0, Math.Min(left, piece.Length));
        }

        return Frame(packed.ToArray(), flag: 1);
    }

    /// <summary>Makes a call.</summary>
    /// <returns>The gRPC status as text; <c>reset N</c> where the stream was reset.</returns>
    public async Task<string> CallAsync(string path, byte[] body, string? encoding = null, string? token = null, string? timeout = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        if (encoding is not null) request.Headers.TryAddWithoutValidation("grpc-encoding", encoding);
        if (timeout is not null) request.Headers.TryAddWithoutValidation("grpc-timeout", timeout);
        if (token is not null) request.Headers.TryAddWithoutValidation("authorization", $"Bearer {token}");
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request);
            _ = await response.Content.ReadAsByteArrayAsync();
            return response.TrailingHeaders.TryGetValues("grpc-status", out IEnumerable<string>? values)
                || response.Headers.TryGetValues("grpc-status", out values) ? values.First() : $"http {(int)response.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return e.InnerException is HttpProtocolException reset ? $"reset {reset.ErrorCode}" : $"gone {e.Message}";
        }
    }

    public void Dispose() => _http.Dispose();
}
