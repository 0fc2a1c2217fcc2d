using System.Net;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server;
using ArrowCid.Server.Grpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.ProcessTests.Flight.Scenarios;

/// <summary>
/// A Flight service of the tests' own over our gRPC, where the Arrow project's integration scenarios ask for what a store
/// is not: sessions that keep something, endpoints that end, queries that run.
/// </summary>
internal sealed class ScenarioServer : IAsyncDisposable
{
    private readonly WebApplication _host;

    private ScenarioServer(WebApplication host) => _host = host;

    public Uri Address => new(_host.Urls.Single().Replace("http://", "grpc://", StringComparison.Ordinal));

    public static async Task<ScenarioServer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        ServerListening.Configure(builder.WebHost, new CidServerOptions { Flight = new IPEndPoint(IPAddress.Loopback, 0), Http = null });
        GrpcSettings? settings = null;
        builder.Services.AddSingleton(_ => new PipeCallRunner(settings!));
        builder.Services.BindAllOverPipes();
        builder.Services.AddSingleton<ScenarioCalls>();
        WebApplication host = builder.Build();
        settings = new GrpcSettings
        {
            StallPatience = TimeSpan.FromMinutes(1),
            Log = NullLogger.Instance,
            Stopping = host.Lifetime.ApplicationStopping,
        };
        host.MapGrpcService<ScenarioCalls>();
        await host.StartAsync();
        return new ScenarioServer(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
    }

    /// <summary>The scenarios as methods of the service.</summary>
    private sealed class ScenarioCalls : FlightService.FlightServiceBase
    {
        private readonly UploadScenario _uploads = new();
        private readonly InfoScenarios _infos;
        private readonly ActionScenarios _actions;

        public ScenarioCalls() => _actions = new ActionScenarios(_infos = new InfoScenarios(_uploads));

        public override Task Handshake(IAsyncStreamReader<HandshakeRequest> requestStream,
            IServerStreamWriter<HandshakeResponse> responseStream, ServerCallContext context) =>
            _actions.Handshake(requestStream, responseStream);

        public override Task ListActions(Empty request, IServerStreamWriter<ActionType> responseStream, ServerCallContext context) =>
            ActionScenarios.ListActions(responseStream);

        public override Task DoAction(ArrowCid.Flight.Protocol.Action request, IServerStreamWriter<Result> responseStream,
            ServerCallContext context) => _actions.DoAction(GrpcCall.Of(context), request, responseStream);

        public override Task<FlightInfo> GetFlightInfo(FlightDescriptor request, ServerCallContext context) =>
            Task.FromResult(_infos.GetFlightInfo(GrpcCall.Of(context), request));

        public override Task<PollInfo> PollFlightInfo(FlightDescriptor request, ServerCallContext context) =>
            Task.FromResult(InfoScenarios.PollFlightInfo(request));

        public override Task DoGet(Ticket request, IServerStreamWriter<FlightData> responseStream, ServerCallContext context) =>
            _infos.DoGet(GrpcCall.Of(context), request.Ticket_.ToStringUtf8());

        public override Task DoPut(IAsyncStreamReader<FlightData> requestStream,
            IServerStreamWriter<ArrowCid.Flight.Protocol.PutResult> responseStream, ServerCallContext context) =>
            _uploads.DoPut(GrpcCall.Of(context));

        public override Task DoExchange(IAsyncStreamReader<FlightData> requestStream,
            IServerStreamWriter<FlightData> responseStream, ServerCallContext context) =>
            UploadScenario.DoExchange(GrpcCall.Of(context));
    }
}
