using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using ArrowCid.Sync;

namespace ArrowCid.Client;

/// <summary>A server as the other side of a sync, over HTTP. It is not trusted: answers are bounded.</summary>
internal sealed class HttpSyncPeer : SyncPeer
{
    private const string ContentType = "application/vnd.arrowcid.sync", Unix = "http+unix";

    // The requests of one call.
    private const int MostBytes = 8 << 20;

    private const int MostReason = 4096;

    // The time in which something must come.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient _client;
    private readonly string _root;
    private string? _session;

    public HttpSyncPeer(Uri url, string? token) : base(url.GetLeftPart(UriPartial.Path).TrimEnd('/'))
    {
        bool isUnix = url.Scheme == Unix;
        // A token is for this server, and not for the one that it names.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        if (isUnix)
        {
            var at = new UnixDomainSocketEndPoint(url.LocalPath);
            handler.ConnectCallback = (_, cancel) => ConnectAsync(at, cancel);
        }

        _root = isUnix ? "http://localhost" : Name;
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("arrowcid", "1"));
        if (token is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Whether a URL is of HTTP, over a Unix socket too.</summary>
    public static bool Matches(Uri url) => url.Scheme is "http" or "https" or Unix;

    public override void Dispose()
    {
        try
        {
            if (_session is { } path)
            {
                using var end = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                using var request = new HttpRequestMessage(HttpMethod.Delete, _root + path);
                _client.Send(request, end.Token).Dispose();
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // The server ends it by itself.
        }

        _client.Dispose();
    }

    internal override IEnumerable<byte[]> Ask(IReadOnlyList<byte[]> requests, CancellationToken cancellationToken)
    {
        foreach (List<byte[]> some in SyncFrames.Groups(requests, MostBytes))
        {
            foreach (byte[] answer in Call(some, cancellationToken)) yield return answer;
        }
    }

    private IEnumerable<byte[]> Call(List<byte[]> requests, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(s_patience);
        using HttpResponseMessage answer = Send(requests, late.Token, cancel);
        using Stream body = Calling(() => answer.Content.ReadAsStream(late.Token), cancel);
        while (Read(body, late, cancel) is { } message) yield return message;
    }

    private HttpResponseMessage Send(List<byte[]> requests, CancellationToken late, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(SyncFrames.Write(requests));
        content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        using var request = new HttpRequestMessage(HttpMethod.Post, _root + (_session ?? "/v1/sync"))
        {
            Content = content,
        };
        HttpResponseMessage answer =
            Calling(() => _client.Send(request, HttpCompletionOption.ResponseHeadersRead, late), cancel);
        if (answer.IsSuccessStatusCode)
        {
            string? location = answer.Headers.Location?.OriginalString;
            // A path of this server, wherever the server says that it is.
            if (_session is null && location?.StartsWith("/v1/sync/", StringComparison.Ordinal) == true)
                _session = location;
            return answer;
        }

        using (answer) throw Refused(answer, cancel);
    }

    private byte[]? Read(Stream body, CancellationTokenSource late, CancellationToken cancel)
    {
        var head = new byte[sizeof(int)];
        int read = Calling(() => body.ReadAtLeast(head, head.Length, throwOnEndOfStream: false), cancel);
        if (read == 0) return null;
        int length = read < head.Length ? -1 : BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 0 or > SyncLimits.MessageBytes)
            throw new ArrowCidException(ErrorCode.InvalidData, $"{Name}: a message with a wrong length");
        var message = new byte[length];
        _ = Calling(() =>
        {
            body.ReadExactly(message);
            return true;
        }, cancel);
        late.CancelAfter(s_patience);
        return message;
    }

    private ArrowCidException Refused(HttpResponseMessage answer, CancellationToken cancel)
    {
        (ErrorCode code, string? reason) = (CodeOf(answer.StatusCode), null);
        try
        {
            using Stream body = answer.Content.ReadAsStream(cancel);
            var text = new byte[MostReason];
            int read = body.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            using var json = JsonDocument.Parse(text.AsMemory(0, read));
            JsonElement error = json.RootElement.GetProperty("error");
            reason = error.GetProperty("message").GetString();
            if (error.GetProperty("number").TryGetInt32(out int number) && Enum.IsDefined((ErrorCode)number))
                code = (ErrorCode)number;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException
            or IOException)
        {
            // The status says enough.
        }

        return new ArrowCidException(code, $"{Name}: {reason ?? $"it answers {(int)answer.StatusCode}"}");
    }

    private static ErrorCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ErrorCode.AccessDenied,
        HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed => ErrorCode.Unsupported,
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => ErrorCode.Busy,
        _ => ErrorCode.Io,
    };

    private T Calling<T>(Func<T> call, CancellationToken cancel)
    {
        try
        {
            return call();
        }
        catch (OperationCanceledException e)
        {
            cancel.ThrowIfCancellationRequested();
            throw new ArrowCidException(ErrorCode.Busy, $"{Name} does not answer", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            throw new ArrowCidException(ErrorCode.Busy, $"{Name} does not answer: {e.Message}", e);
        }
    }

    private static async ValueTask<Stream> ConnectAsync(UnixDomainSocketEndPoint at, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(at, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
