using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;

namespace ArrowCid.Flight.Service;

/// <summary>What the Flight port serves: Flight, health and reflection.</summary>
internal static class FlightCalls
{
    private const string Service = "arrow.flight.protocol.FlightService";

    /// <summary>What the path of every Flight call begins with.</summary>
    public const string Prefix = $"/{Service}/";

    /// <param name="store">The store.</param>
    /// <param name="guard">Who may call.</param>
    /// <param name="live">What all watchers hear.</param>
    /// <param name="gateway">Where the HTTP gateway is, or null.</param>
    /// <param name="settings">What holds for every call.</param>
    public static GrpcServer Over(CidStore store, Guard guard, LiveAnnouncements live, Func<string?> gateway,
        GrpcServerSettings settings)
    {
        var gate = new FlightGate(guard) { Unread = settings.Unread };
        var streams = new BlockStreams(store);
        var infos = new InfoCalls(store, gate, streams) { Gateway = gateway };
        var watch = new WatchStream(store, live);
        var gets = new GetCalls(store, gate, streams, watch);
        var actions = new ActionCalls(store, gate);
        (string Name, GrpcHandler Handler)[] flight =
        [
            ("Handshake", gate.Open(gate.Handshake)),
            ("ListFlights", infos.ListFlights),
            ("GetFlightInfo", infos.GetFlightInfo),
            ("PollFlightInfo", infos.PollFlightInfo),
            ("GetSchema", infos.GetSchema),
            ("DoGet", gets.DoGet),
            ("DoPut", new PutCalls(store, gate).DoPut),
            ("DoExchange", new ExchangeCalls(store, gate, settings.AnonymousPatience).DoExchange),
            ("DoAction", actions.DoAction),
            ("ListActions", gate.Open(actions.ListActions)),
        ];
        var methods = new Dictionary<string, GrpcHandler>(StringComparer.Ordinal);
        foreach ((string name, GrpcHandler handler) in flight)
            methods.Add(Prefix + name, MeasuredCall.Of(name, handler));
        foreach ((string path, GrpcHandler handler) in new HealthCalls(Service).Methods())
            methods.Add(path, gate.Open(handler));
        var reflection = new ReflectionCalls(FlightReflection.Descriptor, HealthReflection.Descriptor,
            ReflectionReflection.Descriptor, ArrowcidReflection.Descriptor);
        foreach ((string path, GrpcHandler handler) in reflection.Methods()) methods.Add(path, gate.Open(handler));
        return new GrpcServer(methods, settings with { LimitOf = FlightLimits.Of });
    }
}
