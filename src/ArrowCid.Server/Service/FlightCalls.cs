using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server.Grpc;
using Grpc.Core;

namespace ArrowCid.Server.Service;

/// <summary>The Flight service. DoGet, DoPut and DoExchange read and write the bodies of their messages themselves, by
/// the call's own reader and writer.</summary>
internal sealed class FlightCalls : FlightService.FlightServiceBase
{
    /// <summary>The beginning of the path of every call.</summary>
    public const string Prefix = $"/{FlightNames.Service}/";

    public required FlightGate Gate { get; init; }

    public required InfoCalls Infos { get; init; }

    public required ActionCalls Actions { get; init; }

    public required GetCalls Gets { get; init; }

    public required PutCalls Puts { get; init; }

    public required ExchangeCalls Exchanges { get; init; }

    public override Task Handshake(IAsyncStreamReader<HandshakeRequest> requestStream,
        IServerStreamWriter<HandshakeResponse> responseStream, ServerCallContext context) =>
        Gate.Handshake(GrpcCall.Of(context), requestStream, responseStream);

    public override Task<FlightInfo> GetFlightInfo(FlightDescriptor request, ServerCallContext context) =>
        Task.FromResult(Infos.Describe(GrpcCall.Of(context), request));

    public override Task<PollInfo> PollFlightInfo(FlightDescriptor request, ServerCallContext context) =>
        Task.FromResult(new PollInfo { Info = Infos.Describe(GrpcCall.Of(context), request), Progress = 1 });

    public override Task<SchemaResult> GetSchema(FlightDescriptor request, ServerCallContext context) =>
        Task.FromResult(new SchemaResult { Schema = Infos.Describe(GrpcCall.Of(context), request).Schema });

    public override Task ListFlights(Criteria request, IServerStreamWriter<FlightInfo> responseStream,
        ServerCallContext context) => Infos.ListFlights(GrpcCall.Of(context), request);

    public override Task ListActions(Empty request, IServerStreamWriter<ActionType> responseStream,
        ServerCallContext context) => Actions.ListActions(GrpcCall.Of(context));

    public override Task DoAction(Flight.Protocol.Action request, IServerStreamWriter<Result> responseStream,
        ServerCallContext context) => Actions.DoAction(GrpcCall.Of(context), request);

    public override Task DoGet(Ticket request, IServerStreamWriter<FlightData> responseStream,
        ServerCallContext context) => Gets.DoGet(GrpcCall.Of(context), request);

    public override Task DoPut(IAsyncStreamReader<FlightData> requestStream,
        IServerStreamWriter<Flight.Protocol.PutResult> responseStream, ServerCallContext context) =>
        Puts.DoPut(GrpcCall.Of(context));

    public override Task DoExchange(IAsyncStreamReader<FlightData> requestStream,
        IServerStreamWriter<FlightData> responseStream, ServerCallContext context) =>
        Exchanges.DoExchange(GrpcCall.Of(context));
}
