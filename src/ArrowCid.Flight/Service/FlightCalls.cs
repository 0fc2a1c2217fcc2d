using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;

namespace ArrowCid.Flight.Service;

/// <summary>What the Flight port serves: Flight, health and reflection.</summary>
internal static class FlightCalls
{
    private const string Service = "arrow.flight.protocol.FlightService";

    // The most that a message of a put may have; larger batches are refused before they are read.
    private const int MostMessageBytes = 256 << 20;

    /// <param name="store">The store.</param>
    /// <param name="guard">Who may call.</param>
    /// <param name="live">What all watchers hear.</param>
    /// <param name="gateway">Where the HTTP gateway is, or null.</param>
    /// <param name="settings">What holds for every call.</param>
    public static GrpcServer Over(CidStore store, Guard guard, LiveAnnouncements live, Func<string?> gateway,
        GrpcServerSettings settings)
    {
        var gate = new FlightGate(guard);
        var streams = new BlockStreams(store);
        var infos = new InfoCalls(store, gate, streams) { Gateway = gateway };
        var watch = new WatchStream(store, live);
        var gets = new GetCalls(store, gate, streams, watch);
        var actions = new ActionCalls(store, gate);
        (string Name, GrpcHandler Handler)[] flight =
        [
            ("Handshake", gate.Handshake),
            ("ListFlights", infos.ListFlights),
            ("GetFlightInfo", infos.GetFlightInfo),
            ("PollFlightInfo", infos.PollFlightInfo),
            ("GetSchema", infos.GetSchema),
            ("DoGet", gets.DoGet),
            ("DoPut", new PutCalls(store, gate).DoPut),
            ("DoExchange", new ExchangeCalls(store, gate).DoExchange),
            ("DoAction", actions.DoAction),
            ("ListActions", actions.ListActions),
        ];
        var methods = new Dictionary<string, GrpcHandler>(StringComparer.Ordinal);
        foreach ((string name, GrpcHandler handler) in flight)
            methods.Add($"/{Service}/{name}", MeasuredCall.Of(name, handler));
        foreach ((string path, GrpcHandler handler) in new HealthCalls(Service).Methods()) methods.Add(path, handler);
        var reflection = new ReflectionCalls(FlightReflection.Descriptor, HealthReflection.Descriptor,
            ReflectionReflection.Descriptor, ArrowcidReflection.Descriptor);
        foreach ((string path, GrpcHandler handler) in reflection.Methods()) methods.Add(path, handler);
        return new GrpcServer(methods, settings with { MostMessageBytes = MostMessageBytes });
    }
}
