using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using Google.Protobuf;

namespace ArrowCid.Benchmarks;

/// <summary>A call over plain HTTP/2 whose messages are counted and not decoded: it measures the server, and no client
/// library.</summary>
internal sealed class BenchCall : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly GrpcReader _reader;

    private BenchCall(HttpResponseMessage response, Stream body) =>
        (_response, _reader) = (response, new GrpcReader(body, MessageLimit.None, null));

    /// <summary>Makes connections to a server.</summary>
    public static HttpClient Connect(Uri address) => new(new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        InitialHttp2StreamWindowSize = 4 << 20,
        UseProxy = false,
    })
    {
        BaseAddress = new Uri($"http://{address.Authority}"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Begins a call of Flight.</summary>
    /// <param name="server">To which server.</param>
    /// <param name="method">The name of the method.</param>
    /// <param name="message">The message of the request.</param>
    /// <param name="token">The token to show; <c>-</c> for none.</param>
    public static async Task<BenchCall> OpenAsync(HttpClient server, string method, IMessage message, string token)
    {
        var body = new MemoryStream();
        PipeWriter pipe = PipeWriter.Create(body);
        var writer = new GrpcWriter(pipe);
        await writer.WriteAsync(message, CancellationToken.None).ConfigureAwait(false);
        await writer.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/arrow.flight.protocol.FlightService/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body.ToArray()),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("te", "trailers");
        request.Headers.Add(FlightNames.LimitHeader, "0");
        if (token != "-") request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        HttpResponseMessage response = await server.SendAsync(request, HttpCompletionOption.ResponseHeadersRead)
            .ConfigureAwait(false);
        return new BenchCall(response, await response.Content.ReadAsStreamAsync().ConfigureAwait(false));
    }

    /// <summary>Goes to the next message.</summary>
    /// <returns>False at the end.</returns>
    public ValueTask<bool> NextAsync() => _reader.NextAsync(CancellationToken.None);

    public void Dispose() => _response.Dispose();
}
