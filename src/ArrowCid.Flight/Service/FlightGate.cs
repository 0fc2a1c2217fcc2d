using System.Globalization;
using System.Text;
using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using ArrowCid.Flight.Protocol;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Flight.Service;

/// <summary>Who may call, in gRPC's words.</summary>
internal sealed class FlightGate(Guard guard)
{
    /// <summary>Binary metadata with a token, as handshakes of the older kind leave it with clients.</summary>
    public const string TokenHeader = "auth-token-bin";

    /// <summary>How long callers without a token may leave an answer unread; null for any time.</summary>
    public UnreadLimit? Unread { get; init; }

    /// <summary>Lets a call begin.</summary>
    /// <returns>What ends it.</returns>
    /// <exception cref="GrpcException">It may not.</exception>
    public Permit Enter(GrpcCall call, AccessNeed need, string target)
    {
        Prepare(call);
        Permit permit = guard.Enter(call.Http, need, Peer.Flight, target);
        if (permit.IsGiven) return permit;
        if (!permit.Decision.IsAllowed) throw Refused(permit.Decision, need);
        throw TooMany(permit);
    }

    /// <summary>Lets a call begin that anyone may make, or whose message decides what it needs. It counts for the
    /// client all the same.</summary>
    /// <returns>What ends it.</returns>
    /// <exception cref="GrpcException">The client has too many calls.</exception>
    public Permit EnterOpen(GrpcCall call)
    {
        Prepare(call);
        Permit permit = guard.EnterOpen(call.Http, Peer.Flight);
        return permit.IsGiven ? permit : throw TooMany(permit);
    }

    /// <summary>Whether a caller may do anything, so that more than a small message is read of it.</summary>
    public bool IsKnown(GrpcCall call) => guard.IsAllowed(call.Http, AccessNeed.Fetch, Peer.Flight)
        || guard.IsAllowed(call.Http, AccessNeed.Put, Peer.Flight);

    /// <summary>Whether a caller shows neither a token nor a certificate.</summary>
    public static bool IsAnonymous(GrpcCall call) =>
        call.Http.Connection.ClientCertificate is null
        && !call.Http.Request.Headers.ContainsKey(HeaderNames.Authorization);

    /// <summary>Makes a call one that anyone may make.</summary>
    public GrpcHandler Open(GrpcHandler handler) => async call =>
    {
        using Permit permit = EnterOpen(call);
        await handler(call).ConfigureAwait(false);
    };

    /// <summary>Asks for more than the call began with.</summary>
    public void Require(GrpcCall call, AccessNeed need, string target)
    {
        AccessDecision decision = guard.Decide(call.Http, need, Peer.Flight, target);
        if (!decision.IsAllowed) throw Refused(decision, need);
    }

    /// <summary>Returns what the caller may change.</summary>
    public CallerRights RightsOf(GrpcCall call, CidStore store, string target) =>
        guard.RightsOf(call.Http, store, Peer.Flight, target);

    /// <summary>Handshake: a token is shown, and is the token of the calls to come.</summary>
    public async Task Handshake(GrpcCall call)
    {
        while (await call.Reader.MessageAsync(HandshakeRequest.Parser, call.Cancel).ConfigureAwait(false) is
            { } request)
        {
            if (request.Payload.IsEmpty) continue;
            string shown = TokenOf(request.Payload);
            call.Http.Request.Headers[HeaderNames.Authorization] =
                "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($":{shown}"));
            Require(call, AccessNeed.List, nameof(Handshake));
            await call.Writer.WriteAsync(new HandshakeResponse
            {
                ProtocolVersion = request.ProtocolVersion,
                Payload = ByteString.CopyFromUtf8(shown),
            }, call.Cancel).ConfigureAwait(false);
            await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
            return;
        }

        Require(call, AccessNeed.List, nameof(Handshake));
        if (Credentials.FromHeader(call.Header(HeaderNames.Authorization)).Token is { Length: > 0 } token)
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

    private void Prepare(GrpcCall call)
    {
        TakeTokenHeader(call);
        if (Unread is { } limit && IsAnonymous(call)) call.Writer.Unread = (limit, () => Reset(call.Http));
    }

    /// <summary>Ends a call whose answer is not read. A status would come after bytes that nobody reads.</summary>
    private static void Reset(HttpContext http)
    {
        const int CancelStream = 8;
        if (http.Features.Get<IHttpResetFeature>() is { } stream) stream.Reset(CancelStream);
        else http.Abort();
    }

    private static void TakeTokenHeader(GrpcCall call)
    {
        bool hasToken = call.Http.Request.Headers.ContainsKey(HeaderNames.Authorization);
        if (!hasToken && call.BinaryHeader(TokenHeader) is { } token)
            call.Http.Request.Headers[HeaderNames.Authorization] = $"Bearer {Encoding.UTF8.GetString(token)}";
    }

    private static GrpcException TooMany(in Permit permit) =>
        new(GrpcStatus.Unavailable, string.Create(CultureInfo.InvariantCulture,
            $"too many calls of this client; try again in {permit.RetryAfter.TotalSeconds:0.###} s"));

    private static GrpcException Refused(AccessDecision decision, AccessNeed need) =>
        new(decision.Refusal == Refusal.SmallScope ? GrpcStatus.PermissionDenied : GrpcStatus.Unauthenticated,
            decision.Message(need));
}
