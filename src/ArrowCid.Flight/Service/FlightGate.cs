using System.Globalization;
using System.Text;
using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Flight.Service;

/// <summary>Who may call, in gRPC's words.</summary>
internal sealed class FlightGate(Guard guard)
{
    /// <summary>Binary metadata with a token, as handshakes of the older kind leave it with clients.</summary>
    public const string TokenHeader = "auth-token-bin";

    /// <summary>Lets a call begin.</summary>
    /// <returns>What ends it.</returns>
    /// <exception cref="GrpcException">It may not.</exception>
    public Permit Enter(GrpcCall call, AccessNeed need, string target)
    {
        TakeTokenHeader(call);
        Permit permit = guard.Enter(call.Http, need, Peer.Flight, target);
        if (permit.IsGiven) return permit;
        if (!permit.Decision.IsAllowed) throw Refused(permit.Decision, need);
        throw new GrpcException(GrpcStatus.Unavailable, string.Create(CultureInfo.InvariantCulture,
            $"too many calls of this client; try again in {permit.RetryAfter.TotalSeconds:0.###} s"));
    }

    /// <summary>Asks for more than the call began with.</summary>
    public void Require(GrpcCall call, AccessNeed need, string target)
    {
        AccessDecision decision = guard.Decide(call.Http, need, Peer.Flight, target);
        if (!decision.IsAllowed) throw Refused(decision, need);
    }

    /// <summary>Handshake: a token is shown, and is the token of the calls to come.</summary>
    public async Task Handshake(GrpcCall call)
    {
        while (await call.Reader.MessageAsync(HandshakeRequest.Parser, call.Cancel).ConfigureAwait(false) is
            { } request)
        {
            if (request.Payload.IsEmpty) continue;
            var basic = GrpcReader.Parse(BasicAuth.Parser, request.Payload.Span);
            string pair = $"{basic.Username}:{basic.Password}";
            call.Http.Request.Headers[HeaderNames.Authorization] =
                "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));
            Require(call, AccessNeed.List, nameof(Handshake));
            await call.Writer.WriteAsync(new HandshakeResponse
            {
                ProtocolVersion = request.ProtocolVersion,
                Payload = Google.Protobuf.ByteString.CopyFromUtf8(basic.Password),
            }, call.Cancel).ConfigureAwait(false);
            await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
            return;
        }

        Require(call, AccessNeed.List, nameof(Handshake));
        if (Credentials.FromHeader(call.Header(HeaderNames.Authorization)).Token is { Length: > 0 } token)
            call.Http.Response.Headers[HeaderNames.Authorization] = $"Bearer {token}";
    }

    private static void TakeTokenHeader(GrpcCall call)
    {
        bool hasToken = call.Http.Request.Headers.ContainsKey(HeaderNames.Authorization);
        if (!hasToken && call.BinaryHeader(TokenHeader) is { } token)
            call.Http.Request.Headers[HeaderNames.Authorization] = $"Bearer {Encoding.UTF8.GetString(token)}";
    }

    private static GrpcException Refused(AccessDecision decision, AccessNeed need) =>
        new(decision.Refusal == Refusal.SmallScope ? GrpcStatus.PermissionDenied : GrpcStatus.Unauthenticated,
            decision.Message(need));
}
