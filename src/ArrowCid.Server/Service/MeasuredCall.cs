using System.Diagnostics;
using System.Globalization;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ArrowCid.Server.Service;

/// <summary>Counts the calls of Flight in the server's metrics: while they run, and how long they took.</summary>
internal sealed class MeasuredCall(ServerCounters counters) : Interceptor
{
    /// <summary>The protocol's name in every figure.</summary>
    public static KeyValuePair<string, object?> Protocol { get; } = new("protocol", CallerConnection.Flight);

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        return context.Method.StartsWith(FlightCalls.Prefix, StringComparison.Ordinal)
            ? Measure(context.Method[FlightCalls.Prefix.Length..])
            : continuation(requestStream, responseStream, context);

        async Task Measure(string route)
        {
            long started = Stopwatch.GetTimestamp();
            StatusCode status = StatusCode.OK;
            counters.Running.Add(1, Protocol);
            try
            {
                await continuation(requestStream, responseStream, context).ConfigureAwait(false);
            }
            catch (RpcException e)
            {
                status = e.StatusCode;
                if (status == StatusCode.DataLoss) counters.Corrupt.Add(1);
                throw;
            }
            finally
            {
                counters.Running.Add(-1, Protocol);
                counters.Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, Protocol,
                    new("route", route), new("status", ((int)status).ToString(CultureInfo.InvariantCulture)));
            }
        }
    }
}
