using System.Collections.Frozen;
using System.Globalization;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Service;

/// <summary>Who may call, in gRPC's words.</summary>
internal sealed class FlightGate(Guard guard)
{
    // What a call needs before its first message is read, where the message may ask for more. Those that are not here
    // are for anyone, or their message decides.
    private static readonly FrozenDictionary<string, AccessOperation> s_operations =
        new Dictionary<string, AccessOperation>
        {
            [FlightCalls.Prefix + "GetFlightInfo"] = AccessOperation.FetchBlock,
            [FlightCalls.Prefix + "PollFlightInfo"] = AccessOperation.FetchBlock,
            [FlightCalls.Prefix + "GetSchema"] = AccessOperation.FetchBlock,
            [FlightCalls.Prefix + "DoGet"] = AccessOperation.FetchBlock,
            [FlightCalls.Prefix + "DoExchange"] = AccessOperation.FetchBlock,
            [FlightCalls.Prefix + "ListFlights"] = AccessOperation.List,
            [FlightCalls.Prefix + "DoPut"] = AccessOperation.PutBlock,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Lets a call begin. It counts for its client, also where anyone may make it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="path"><c>/package.Service/Method</c>.</param>
    /// <returns>What ends it.</returns>
    /// <exception cref="GrpcException">It may not begin, or the client has too many calls.</exception>
    public Permit Enter(HttpContext http, string path)
    {
        if (!s_operations.TryGetValue(path, out AccessOperation operation))
        {
            Permit open = guard.EnterOpen(http, ProtocolOf(http));
            return open.IsGiven ? open : throw TooMany(open);
        }

        AccessNeed need = AccessRules.NeedOf(operation);
        Permit permit = guard.Enter(http, need, ProtocolOf(http), path[FlightCalls.Prefix.Length..]);
        if (permit.IsGiven) return permit;
        throw permit.Decision.IsAllowed ? TooMany(permit) : Refused(permit.Decision, need);
    }

    /// <summary>Whether a caller may do anything, so that more than a small message is read of it.</summary>
    public bool IsKnown(HttpContext http) => guard.IsAllowed(http, AccessNeed.Fetch, ProtocolOf(http))
        || guard.IsAllowed(http, AccessNeed.Put, ProtocolOf(http));

    /// <summary>Whether a caller shows neither a token nor a certificate that counts.</summary>
    public static bool IsAnonymous(HttpContext http) => !CallerAuthentication.CallerOf(http).HasCredentials;

    /// <summary>Asks for more than the call began with.</summary>
    public void Require(GrpcCall call, AccessNeed need, string target)
    {
        AccessDecision decision = guard.Decide(call.Http, need, ProtocolOf(call.Http), target);
        if (!decision.IsAllowed) throw Refused(decision, need);
    }

    /// <summary>Whether a caller may do something, without a line in the log.</summary>
    public bool IsAllowed(GrpcCall call, AccessNeed need) => guard.IsAllowed(call.Http, need, ProtocolOf(call.Http));

    /// <summary>Whom limits count a call for that was let in to list.</summary>
    public string ClientOf(GrpcCall call) =>
        guard.Decide(call.Http, AccessNeed.List, ProtocolOf(call.Http), "sync").Client;

    /// <summary>Returns what the caller may change.</summary>
    public CallerRights RightsOf(GrpcCall call, CidStore store, string target) =>
        guard.RightsOf(call.Http, store, ProtocolOf(call.Http), target);

    /// <summary>Handshake: a token is shown, and is the token of the calls to come.</summary>
    public async Task Handshake(GrpcCall call, IAsyncStreamReader<HandshakeRequest> requests,
        IServerStreamWriter<HandshakeResponse> responses)
    {
        while (await requests.MoveNext(call.Cancel).ConfigureAwait(false))
        {
            HandshakeRequest request = requests.Current;
            if (request.Payload.IsEmpty) continue;
            string shown = TokenOf(request.Payload);
            await CallerAuthentication.AuthenticateCallerAsync(call.Http, shown).ConfigureAwait(false);
            Require(call, AccessNeed.List, nameof(Handshake));
            await responses.WriteAsync(new HandshakeResponse
            {
                ProtocolVersion = request.ProtocolVersion,
                Payload = ByteString.CopyFromUtf8(shown),
            }).ConfigureAwait(false);
            return;
        }

        Require(call, AccessNeed.List, nameof(Handshake));
        if (Credentials.Of(call.Http).Token is { Length: > 0 } token)
            call.Http.Response.Headers[HeaderNames.Authorization] = $"Bearer {token}";
    }

    /// <summary>Returns the token in a handshake: the password of a BasicAuth message, or the payload itself. A token
    /// is printable, and a message begins with a tag, which is not.</summary>
    private static string TokenOf(ByteString payload)
    {
        const byte FirstPrintable = 0x21, LastPrintable = 0x7E;
        return payload.Span.IndexOfAnyExceptInRange(FirstPrintable, LastPrintable) < 0
            ? payload.ToStringUtf8()
            : GrpcReader.Parse(BasicAuth.Parser, payload.Span).Password;
    }

    /// <summary>A caller that may be a page of a browser is one of HTTP: pages are not programs of this
    /// machine.</summary>
    private static string ProtocolOf(HttpContext http) =>
        http.Features.Get<CallKind>() is { IsNative: true } ? CallerConnection.Flight : CallerConnection.Http;

    private static GrpcException TooMany(in Permit permit) =>
        new(StatusCode.Unavailable, string.Create(CultureInfo.InvariantCulture,
            $"too many calls of this client; try again in {permit.RetryAfter.TotalSeconds:0.###} s"));

    private static GrpcException Refused(AccessDecision decision, AccessNeed need) =>
        new(decision.Refusal is Refusal.SmallScope or Refusal.Role
            ? StatusCode.PermissionDenied
            : StatusCode.Unauthenticated, decision.Message(need));
}
