using ArrowCid.Server.Diagnostics;
using ArrowCid.Server.Grpc;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ArrowCid.Server.Service;

/// <summary>The Flight service of a host.</summary>
internal static class FlightServices
{
    /// <summary>Creates the service, once the store is open.</summary>
    /// <param name="store">The store.</param>
    /// <param name="gate">Decides which calls are allowed.</param>
    /// <param name="live">The announcements that all watchers share.</param>
    /// <param name="channels">The channels that are open.</param>
    /// <param name="counters">The counters of the server.</param>
    /// <param name="gateway">Returns the URL of the HTTP gateway, or null.</param>
    /// <param name="patience">How long a stream without a token may wait for its next message.</param>
    public static FlightCalls Create(CidStore store, FlightGate gate, LiveAnnouncements live,
        ServedChannels channels, ServerCounters counters, Func<string?> gateway, TimeSpan patience)
    {
        var streams = new BlockStreams(store);
        return new FlightCalls
        {
            Gate = gate,
            Infos = new InfoCalls(store, gate, streams) { Gateway = gateway },
            Actions = new ActionCalls(store, gate, channels),
            Gets = new GetCalls(store, gate, streams, new WatchStream(store, live)),
            Puts = new PutCalls(store, gate, counters),
            Exchanges = new ExchangeCalls(store, patience),
        };
    }

    /// <summary>Returns the settings of a host with those of Flight: its limits, its access control and its
    /// counters.</summary>
    public static GrpcSettings For(GrpcSettings settings, FlightGate gate, ServerCounters counters) => settings with
    {
        LimitOf = http => FlightLimits.Of(http.Request.Path.Value!, () => gate.IsKnown(http)),
        IsAnonymous = FlightGate.IsAnonymous,
        Outer = new MeasuredCall(counters),
        Inner = new AccessInterceptor(gate),
        Sent = bytes => counters.Sent.Add(bytes, MeasuredCall.Protocol),
    };

    /// <summary>Returns the path of every call that a host answers.</summary>
    public static IEnumerable<string> PathsOf(IServiceProvider services) =>
        services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName)
            .OfType<string>().Distinct();
}
