using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;

namespace ArrowCid.Flight.Grpc;

/// <summary>Calls to one server. For any number of calls at once.</summary>
internal sealed class FlightChannel : IDisposable
{
    // The message of a request whose body is written by its caller: the library never serializes it.
    private static readonly object s_none = new();

    private static readonly Marshaller<object> s_unused = Marshallers.Create<object>(static _ => [],
        static _ => throw new NotSupportedException());

    private readonly GrpcChannel _channel;

    /// <param name="address"><c>grpc://host:port</c>, <c>grpc+tls://host:port</c> or <c>grpc+unix:///path</c>.</param>
    /// <param name="tls">How TLS is made; null for the defaults.</param>
    public FlightChannel(Uri address, SslClientAuthenticationOptions? tls = null)
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
        string host = isUnix ? "localhost" : address.Authority;
        var http = new Uri($"{(isTls ? "https" : "http")}://{host}");
        _channel = GrpcChannel.ForAddress(http, new GrpcChannelOptions
        {
            HttpHandler = new BodyHandler(handler),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        });
        Invoker = _channel.CreateCallInvoker();
    }

    /// <summary>For a generated client.</summary>
    public CallInvoker Invoker { get; }

    /// <summary>Begins a call whose request is written by its caller, straight into the HTTP body: the library would
    /// copy each message into an array of its own first.</summary>
    /// <param name="service">The full name of the service.</param>
    /// <param name="method">The name of the method.</param>
    /// <param name="response">Reads the messages of the response.</param>
    /// <param name="send">Writes the messages of the request, which ends when it returns.</param>
    /// <param name="options">Metadata, deadline and cancellation.</param>
    public AsyncServerStreamingCall<T> Send<T>(string service, string method, Marshaller<T> response,
        Func<GrpcWriter, CancellationToken, Task> send, CallOptions options) where T : class
    {
        BodyHandler.Next = send;
        try
        {
            return Invoker.AsyncServerStreamingCall(
                new Method<object, T>(MethodType.ServerStreaming, service, method, s_unused, response), null, options,
                s_none);
        }
        finally
        {
            BodyHandler.Next = null;
        }
    }

    public void Dispose() => _channel.Dispose();

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

    /// <summary>Replaces the body of a request by that which its caller writes.</summary>
    private sealed class BodyHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private static readonly AsyncLocal<Func<GrpcWriter, CancellationToken, Task>?> s_next = new();

        /// <summary>The body of the call that is begun in this flow.</summary>
        public static Func<GrpcWriter, CancellationToken, Task>? Next
        {
            set => s_next.Value = value;
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            if (s_next.Value is { } send) request.Content = new MessageContent(send);
            return base.SendAsync(request, cancellationToken);
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
