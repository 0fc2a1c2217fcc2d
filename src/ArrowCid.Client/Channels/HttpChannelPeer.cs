using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Sync;

namespace ArrowCid.Client;

/// <summary>A server as the other side of channels, over HTTP.</summary>
internal sealed class HttpChannelPeer : ChannelPeer
{
    private const string ContentType = "application/vnd.arrowcid.channel";

    // The time in which an answer must come.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient _client;

    public HttpChannelPeer(Uri url, string? token) : base(new HttpServerBackend(url, token))
    {
        // A token is for this server, and not for the one that it names.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        _client = new HttpClient(handler) { BaseAddress = url, Timeout = s_patience };
        if (token is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    internal override IReadOnlyList<byte[]> Ask(Cid channel, IReadOnlyList<byte[]> lists,
        CancellationToken cancellationToken)
    {
        try
        {
            // A thread of the pool has no context that the answer would wait for.
            return SyncFrames.Read(Task.Run(() => SendAsync(channel, lists, cancellationToken), cancellationToken)
                .GetAwaiter().GetResult());
        }
        catch (HttpRequestException e)
        {
            throw new ArrowCidException(ErrorCode.Busy, $"{Name} does not answer: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ArrowCidException(ErrorCode.Busy, $"{Name} does not answer", e);
        }
    }

    private protected override void Close() => _client.Dispose();

    private async Task<byte[]> SendAsync(Cid channel, IReadOnlyList<byte[]> lists, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(SyncFrames.Write(lists));
        content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        using var request = new HttpRequestMessage(HttpMethod.Post,
            new Uri($"/v1/channels/{channel}/exchange", UriKind.Relative))
        {
            Content = content,
        };
        using HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            cancel).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
            throw new ArrowCidException(CodeOf(answer.StatusCode), $"{Name} answers {(int)answer.StatusCode}");
        // Fails where more comes, whatever the headers say.
        await answer.Content.LoadIntoBufferAsync(MaxBytes, cancel).ConfigureAwait(false);
        return await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
    }

    private static ErrorCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ErrorCode.AccessDenied,
        HttpStatusCode.NotFound => ErrorCode.NameNotFound,
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => ErrorCode.Busy,
        _ => ErrorCode.Io,
    };
}
