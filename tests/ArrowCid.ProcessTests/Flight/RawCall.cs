using ArrowCid.Flight.Grpc;
using Grpc.Core;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>A call of Grpc.Net.Client whose messages are bytes.</summary>
internal sealed class RawCall : IDisposable
{
    private static readonly Marshaller<byte[]> s_bytes = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);

    private readonly AsyncServerStreamingCall<byte[]> _call;

    private RawCall(AsyncServerStreamingCall<byte[]> call) => _call = call;

    /// <summary>The message that was read last.</summary>
    public byte[] Message => _call.ResponseStream.Current;

    /// <summary>Begins a call, and waits for the headers of its answer.</summary>
    /// <param name="channel">To which server.</param>
    /// <param name="path"><c>/package.Service/Method</c>.</param>
    /// <param name="token">The token to show, or null.</param>
    /// <param name="send">Writes the messages of the request.</param>
    /// <param name="cancel">Ends the call.</param>
    public static async Task<RawCall> OpenAsync(FlightChannel channel, string path, string? token,
        Func<GrpcWriter, CancellationToken, Task> send, CancellationToken cancel = default)
    {
        int name = path.LastIndexOf('/');
        var headers = new Metadata { { FlightNames.LimitHeader, "0" } };
        if (token is not null) headers.Add("authorization", $"Bearer {token}");
        var call = new RawCall(channel.Send(path[1..name], path[(name + 1)..], s_bytes, send,
            new CallOptions(headers, cancellationToken: cancel)));
        _ = await call._call.ResponseHeadersAsync;
        return call;
    }

    /// <summary>Reads the next message.</summary>
    /// <returns>False at the end of a call that ended with OK.</returns>
    /// <exception cref="RpcException">It ended with another status.</exception>
    public Task<bool> NextAsync() => _call.ResponseStream.MoveNext(CancellationToken.None);

    /// <summary>ArrowCid's own error in the trailers of a call, or null.</summary>
    public static ArrowCid.ErrorCode? CodeOf(RpcException e) =>
        Enum.TryParse(e.Trailers.GetValue(FlightNames.ErrorTrailer), out ArrowCid.ErrorCode code) ? code : null;

    public void Dispose() => _call.Dispose();
}
