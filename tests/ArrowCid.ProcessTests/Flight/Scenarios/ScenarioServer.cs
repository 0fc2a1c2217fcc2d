using System.Net;
using ArrowCid.Flight;
using ArrowCid.Flight.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.ProcessTests.Flight.Scenarios;

/// <summary>
/// A Flight service of the tests' own over our gRPC, where the Arrow project's integration scenarios ask for what a store
/// is not: sessions that keep something, endpoints that end, queries that run.
/// </summary>
internal sealed class ScenarioServer : IAsyncDisposable
{
    private const string Service = "/arrow.flight.protocol.FlightService/";

    private readonly WebApplication _host;

    private ScenarioServer(WebApplication host) => _host = host;

    public Uri Address => new(_host.Urls.Single().Replace("http://", "grpc://", StringComparison.Ordinal));

    public static async Task<ScenarioServer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        ServerListening.Configure(builder.WebHost, new CidServerOptions { Flight = new IPEndPoint(IPAddress.Loopback, 0), Http = null });
        WebApplication host = builder.Build();
        var uploads = new UploadScenario();
        var infos = new InfoScenarios(uploads);
        var actions = new ActionScenarios(infos);
        var methods = new Dictionary<string, GrpcHandler>
        {
            [Service + "Handshake"] = actions.Handshake,
            [Service + "ListActions"] = ActionScenarios.ListActions,
            [Service + "DoAction"] = actions.DoAction,
            [Service + "GetFlightInfo"] = infos.GetFlightInfo,
            [Service + "PollFlightInfo"] = infos.PollFlightInfo,
            [Service + "DoGet"] = infos.DoGet,
            [Service + "DoPut"] = uploads.DoPut,
            [Service + "DoExchange"] = UploadScenario.DoExchange,
        };
        var server = new GrpcServer(methods, new GrpcServerSettings
        {
            StallPatience = TimeSpan.FromMinutes(1),
            Log = NullLogger.Instance,
            Stopping = host.Lifetime.ApplicationStopping,
        });
        host.Run(server.Serve);
        await host.StartAsync();
        return new ScenarioServer(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
    }
}
