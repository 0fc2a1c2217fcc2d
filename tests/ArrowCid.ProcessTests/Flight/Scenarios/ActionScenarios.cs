using System.Collections.Concurrent;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server.Grpc;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.ProcessTests.Flight.Scenarios;

/// <summary>Actions: who one is after a handshake, what ends and renews, and sessions.</summary>
internal sealed class ActionScenarios(InfoScenarios infos)
{
    private const string Cookie = "arrow_flight_session_id", Invalid = "lol_invalid";

    private readonly ConcurrentDictionary<string, string> _users = new();
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, SessionOptionValue>> _sessions = new();

    public async Task Handshake(IAsyncStreamReader<HandshakeRequest> requests, IServerStreamWriter<HandshakeResponse> responses)
    {
        if (!await requests.MoveNext()) throw new GrpcException(StatusCode.Unauthenticated, "nobody is named");
        BasicAuth who = BasicAuth.Parser.ParseFrom(requests.Current.Payload);
        if ((who.Username, who.Password) != ("arrow", "flight"))
            throw new GrpcException(StatusCode.Unauthenticated, "another name and password");
        string token = Guid.NewGuid().ToString();
        _users[token] = who.Username;
        await responses.WriteAsync(new HandshakeResponse { Payload = ByteString.CopyFromUtf8(token) });
    }

    public static async Task ListActions(IServerStreamWriter<ActionType> responses)
    {
        foreach (string name in new[] { "CancelFlightInfo", "RenewFlightEndpoint" })
            await responses.WriteAsync(new ActionType { Type = name, Description = name });
    }

    public async Task DoAction(GrpcCall call, ArrowCid.Flight.Protocol.Action action, IServerStreamWriter<Result> responses)
    {
        ByteString body = action.Type switch
        {
            "" => ByteString.CopyFromUtf8(User(call)),
            "CancelFlightInfo" => infos.Cancel(CancelFlightInfoRequest.Parser.ParseFrom(action.Body).Info).ToByteString(),
            "RenewFlightEndpoint" => infos.Renew(RenewFlightEndpointRequest.Parser.ParseFrom(action.Body).Endpoint).ToByteString(),
            "SetSessionOptions" => SetOptions(call, SetSessionOptionsRequest.Parser.ParseFrom(action.Body)).ToByteString(),
            "GetSessionOptions" => new GetSessionOptionsResult { SessionOptions = { Session(call) } }.ToByteString(),
            "CloseSession" => Close(call).ToByteString(),
            _ => throw new GrpcException(StatusCode.Unimplemented, $"no action {action.Type}"),
        };
        await responses.WriteAsync(new Result { Body = body });
    }

    private string User(GrpcCall call) =>
        call.BinaryHeader("auth-token-bin") is { } token && _users.TryGetValue(System.Text.Encoding.UTF8.GetString(token), out string? user)
            ? user
            : throw new GrpcException(StatusCode.Unauthenticated, "no handshake");

    private SetSessionOptionsResult SetOptions(GrpcCall call, SetSessionOptionsRequest request)
    {
        string id = IdOf(call) ?? Guid.NewGuid().ToString();
        call.Http.Response.Headers.SetCookie = $"{Cookie}={id}";
        ConcurrentDictionary<string, SessionOptionValue> session = _sessions.GetOrAdd(id, _ => new());
        var result = new SetSessionOptionsResult();
        foreach ((string name, SessionOptionValue value) in request.SessionOptions)
        {
            SetSessionOptionsResult.Types.ErrorValue error = name == Invalid ? SetSessionOptionsResult.Types.ErrorValue.InvalidName
                : value.OptionValueCase == SessionOptionValue.OptionValueOneofCase.StringValue && value.StringValue == Invalid
                    ? SetSessionOptionsResult.Types.ErrorValue.InvalidValue
                    : SetSessionOptionsResult.Types.ErrorValue.Unspecified;
            if (error != SetSessionOptionsResult.Types.ErrorValue.Unspecified) result.Errors[name] = new() { Value = error };
            else if (value.OptionValueCase == SessionOptionValue.OptionValueOneofCase.None) session.TryRemove(name, out _);
            else session[name] = value;
        }

        return result;
    }

    private CloseSessionResult Close(GrpcCall call)
    {
        _ = Session(call);
        _sessions.TryRemove(IdOf(call)!, out _);
        return new CloseSessionResult { Status = CloseSessionResult.Types.Status.Closed };
    }

    private ConcurrentDictionary<string, SessionOptionValue> Session(GrpcCall call) =>
        IdOf(call) is { } id && _sessions.TryGetValue(id, out ConcurrentDictionary<string, SessionOptionValue>? session)
            ? session
            : throw new GrpcException(StatusCode.InvalidArgument, "no session");

    private static string? IdOf(GrpcCall call) => call.Http.Request.Cookies[Cookie];
}
