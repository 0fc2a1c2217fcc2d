using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;

namespace ArrowCid.Flight.Grpc;

/// <summary>Calls to one server. For any number of calls at once.</summary>
internal sealed class GrpcChannel : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _base;

    /// <param name="address"><c>grpc://host:port</c>, <c>grpc+tls://host:port</c> or <c>grpc+unix:///path</c>.</param>
    /// <param name="tls">How TLS is made; null for the defaults.</param>
    public GrpcChannel(Uri address, SslClientAuthenticationOptions? tls = null)
    {
        bool isUnix = address.Scheme == "grpc+unix", isTls = address.Scheme is "grpc+tls" or "grpcs" or "https";
        if (!isUnix && !isTls && address.Scheme is not ("grpc" or "grpc+tcp" or "http"))
        {
            throw new ArgumentException($"'{address.Scheme}' is no way to call; grpc, grpc+tls and grpc+unix are.",
                nameof(address));
        }

        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            InitialHttp2StreamWindowSize = 4 << 20,
            UseProxy = false,
        };
        if (tls is not null) handler.SslOptions = tls;
        if (isUnix) handler.ConnectCallback = (_, cancel) => ConnectAsync(address.LocalPath, cancel);
        _base = isUnix ? new Uri("http://localhost") : new Uri($"{(isTls ? "https" : "http")}://{address.Authority}");
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Begins a call.</summary>
    /// <param name="path"><c>/package.Service/Method</c>.</param>
    /// <param name="send">Writes the request's messages; the request ends when it returns.</param>
    /// <param name="options">Metadata, deadline, limit.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <returns>The call, once the server has answered with headers.</returns>
    /// <exception cref="GrpcException">It ended already, or the server cannot be reached.</exception>
    public async Task<GrpcClientCall> CallAsync(string path, Func<GrpcWriter, CancellationToken, Task> send,
        GrpcCallOptions options, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_base, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new MessageContent(send),
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("arrowcid", "1"));
        foreach ((string name, string value) in options.Metadata) request.Headers.TryAddWithoutValidation(name, value);
        var ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (options.Timeout is { } timeout)
        {
            request.Headers.TryAddWithoutValidation("grpc-timeout", GrpcText.FormatTimeout(timeout));
            ends.CancelAfter(timeout);
        }

        try
        {
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
                ends.Token).ConfigureAwait(false);
            return await GrpcClientCall.OpenAsync(response, options.MostBytes, ends, cancel).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            bool isLate = ends.IsCancellationRequested;
            ends.Dispose();
            if (GrpcClientCall.Translate(e, isLate, cancel) is { } told) throw told;
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class MessageContent : HttpContent
    {
        private readonly Func<GrpcWriter, CancellationToken, Task> _send;

        public MessageContent(Func<GrpcWriter, CancellationToken, Task> send)
        {
            _send = send;
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context,
            CancellationToken cancellationToken)
        {
            var pipe = System.IO.Pipelines.PipeWriter.Create(stream,
                new System.IO.Pipelines.StreamPipeWriterOptions(minimumBufferSize: 1 << 16, leaveOpen: true));
            // The headers go out even where the first message comes late.
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            var writer = new GrpcWriter(pipe);
            await _send(writer, cancellationToken).ConfigureAwait(false);
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

/// <summary>What a call is made with.</summary>
internal sealed record GrpcCallOptions
{
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];

    public TimeSpan? Timeout { get; init; }

    /// <summary>The most bytes of a message.</summary>
    public int MostBytes { get; init; } = int.MaxValue;
}
