using System.Diagnostics;
using System.Globalization;
using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;

namespace ArrowCid.Flight.Service;

/// <summary>A call that counts in the server's figures: while it runs, and how long it took.</summary>
internal static class MeasuredCall
{
    /// <summary>The protocol's name in every figure.</summary>
    public static KeyValuePair<string, object?> Protocol { get; } = new("protocol", Peer.Flight);

    public static GrpcHandler Of(string name, GrpcHandler handler) => async call =>
    {
        long started = Stopwatch.GetTimestamp();
        GrpcStatus status = GrpcStatus.Ok;
        ServerFigures.Running.Add(1, Protocol);
        try
        {
            await handler(call).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            status = StatusOf(e);
            if (status == GrpcStatus.DataLoss) ServerFigures.Corrupt.Add(1);
            throw;
        }
        finally
        {
            ServerFigures.Running.Add(-1, Protocol);
            ServerFigures.Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, Protocol,
                new("route", name), new("status", ((int)status).ToString(CultureInfo.InvariantCulture)));
        }
    };

    private static GrpcStatus StatusOf(Exception error) => error switch
    {
        GrpcException e => e.Status,
        ArrowCidException e => (GrpcStatus)ErrorTable.GrpcStatus(e.Code),
        MemoryExhaustedException => GrpcStatus.ResourceExhausted,
        OperationCanceledException => GrpcStatus.Cancelled,
        _ => GrpcStatus.Unknown,
    };
}
