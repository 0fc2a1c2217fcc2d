using System.Security.Cryptography;
using System.Text;
using ArrowCid.Flight;
using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Tests.Flight;

/// <summary>Every call and every action without a token, with a wrong one, and with one that is too small; none can be
/// forgotten, for the server itself is asked which there are.</summary>
public sealed class FlightAccessTests
{
    private const string ReadToken = "read-token-0123456789", PutToken = "put-token-0123456789",
        Wrong = "a-wrong-token-0123456789", Flight = FlightCall.Service;

    private static readonly Dictionary<string, AccessNeed?> s_actions = new()
    {
        ["describe"] = AccessNeed.List,
        ["resolve"] = AccessNeed.List,
        ["verify"] = AccessNeed.Fetch,
        ["find-missing"] = AccessNeed.Fetch,
        ["export"] = AccessNeed.Fetch,
        ["where"] = AccessNeed.Fetch,
        ["put-facts"] = AccessNeed.Put,
        ["tag"] = AccessNeed.Put,
        ["name"] = AccessNeed.Admin,
        ["pin"] = AccessNeed.Admin,
        ["unpin"] = AccessNeed.Admin,
        // They keep nothing and say nothing of what is here.
        ["CancelFlightInfo"] = null,
        ["RenewFlightEndpoint"] = null,
        ["SetSessionOptions"] = null,
        ["GetSessionOptions"] = null,
        ["CloseSession"] = null,
    };

    [Fact]
    public async Task No_call_and_no_action_answers_without_the_right_token()
    {
        await using ServedStore server = await ServedStore.Start(Tokens);
        using var channel = new GrpcChannel(server.Flight);
        Cid cid = server.Store.Put(ServedStore.Sequence(0, 3)).Cid;
        List<Case> cases = [.. Calls(cid), .. await Actions(channel, cid)];
        string[] tried = [.. cases.Select(each => each.Path).Distinct().Order()];
        Assert.Equal(Paths(server.Store).Order(), tried);
        foreach (Case each in cases)
        {
            if (each.Need is not { } need)
            {
                await Passes(channel, each, null);
                continue;
            }

            Assert.True(await Status(channel, each, null) == GrpcStatus.Unauthenticated, $"{each.Name}: none");
            Assert.True(await Status(channel, each, Wrong) == GrpcStatus.Unauthenticated, $"{each.Name}: wrong");
            AccessScope least = AccessDecision.Least(need);
            foreach ((string token, AccessScope scope) in new[] { (ReadToken, AccessScope.Read),
                (PutToken, AccessScope.Put), (server.Token, AccessScope.Admin) })
            {
                if (scope >= least) await Passes(channel, each, token);
                else Assert.True(await Status(channel, each, token) == GrpcStatus.PermissionDenied, $"{each.Name}: {scope}");
            }
        }
    }

    [Fact]
    public async Task Who_fetches_on_this_machine_needs_no_token_and_a_wrong_one_is_refused()
    {
        await using ServedStore server = await ServedStore.Start();
        using var channel = new GrpcChannel(server.Flight);
        Cid cid = server.Store.Put(ServedStore.Sequence(0, 3)).Cid;
        foreach (Case each in Calls(cid).Where(each => each.Need == AccessNeed.Fetch))
        {
            await Passes(channel, each, null);
            Assert.Equal(GrpcStatus.Unauthenticated, await Status(channel, each, Wrong));
        }
    }

    private static IEnumerable<Case> Calls(Cid cid)
    {
        FlightDescriptor byCid = FlightCall.Path($"{cid}"), byName = FlightCall.Path("name", "n");
        FlightDescriptor named = FlightCall.Path("put", "n");
        (string Method, AccessNeed Need, IMessage Request)[] flight =
        [
            ("Handshake", AccessNeed.List, new HandshakeRequest()),
            ("ListFlights", AccessNeed.List, new Criteria()),
            ("GetFlightInfo", AccessNeed.Fetch, byCid),
            ("GetFlightInfo", AccessNeed.List, byName),
            ("GetFlightInfo", AccessNeed.List, FlightCall.Path("watch")),
            ("PollFlightInfo", AccessNeed.Fetch, byCid),
            ("PollFlightInfo", AccessNeed.List, byName),
            ("GetSchema", AccessNeed.Fetch, byCid),
            ("GetSchema", AccessNeed.List, byName),
            ("DoGet", AccessNeed.Fetch, FlightCall.Ticket($"{cid}")),
            ("DoGet", AccessNeed.List, FlightCall.Ticket("""{"name": "n"}""")),
            ("DoGet", AccessNeed.List, FlightCall.Ticket("""["watch"]""")),
            ("DoGet", AccessNeed.List, FlightCall.Ticket("""["catalogue"]""")),
            ("DoPut", AccessNeed.Put, new FlightData { FlightDescriptor = FlightCall.Path("put") }),
            ("DoPut", AccessNeed.Admin, new FlightData { FlightDescriptor = named }),
            ("DoExchange", AccessNeed.Fetch, new FlightData { AppMetadata = ByteString.CopyFromUtf8($"{cid}") }),
        ];
        foreach ((string method, AccessNeed need, IMessage request) in flight)
            yield return new Case(Flight + method, $"{method} {request}", need, request);
        yield return new Case(Flight + "ListActions", "ListActions", null, new Empty());
        yield return new Case("/grpc.health.v1.Health/Check", "Check", null, new HealthCheckRequest());
        yield return new Case("/grpc.health.v1.Health/List", "List", null, new HealthListRequest());
        yield return new Case("/grpc.health.v1.Health/Watch", "Watch", null, new HealthCheckRequest());
        foreach (string version in new[] { "v1", "v1alpha" })
        {
            yield return new Case($"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo", version, null,
                new ServerReflectionRequest { ListServices = "" });
        }
    }

    private static async Task<IEnumerable<Case>> Actions(GrpcChannel channel, Cid cid)
    {
        using GrpcClientCall call = await FlightCall.OpenAsync(channel, Flight + "ListActions", null, new Empty());
        string[] names = [.. (await FlightCall.MessagesAsync(call)).Select(ActionType.Parser.ParseFrom).Select(a => a.Type)];
        Assert.Equal(s_actions.Keys.Order(), names.Order());
        string body = $$"""{"cid": "{{cid}}", "cids": [], "name": "n", "key": "k", "value": "v"}""";
        return names.Select(name => new Case(Flight + "DoAction", name, s_actions[name], new ArrowCid.Flight.Protocol.Action
        {
            Type = name,
            Body = s_actions[name] is null ? ByteString.Empty : ByteString.CopyFromUtf8(body),
        }));
    }

    private static IEnumerable<string> Paths(CidStore store)
    {
        using var gate = AccessGate.Open(new AccessSettings(), null, NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var live = new LiveAnnouncements(store, default);
        return FlightCalls.Over(store, guard, live, () => null, new GrpcServerSettings
        {
            StallPatience = TimeSpan.FromMinutes(1),
            Log = NullLogger.Instance,
        }).Paths;
    }

    private static Task<GrpcStatus> Status(GrpcChannel channel, Case each, string? token) =>
        FlightCall.StatusAsync(channel, each.Path, token, each.Request);

    /// <summary>The gate lets it through; what comes of it is another matter.</summary>
    private static async Task Passes(GrpcChannel channel, Case each, string? token)
    {
        GrpcStatus status = await Status(channel, each, token);
        Assert.False(status is GrpcStatus.Unauthenticated or GrpcStatus.PermissionDenied or GrpcStatus.Unimplemented or
            GrpcStatus.Unknown or GrpcStatus.Unavailable, $"{each.Name}: {status}");
    }

    private static CidServerOptions Tokens(ServedStore served)
    {
        string file = Path.Combine(served.Directory, "tokens");
        File.WriteAllText(file, $"reader read sha256:{Hash(ReadToken)}\nputter put sha256:{Hash(PutToken)}\n");
        return new CidServerOptions
        {
            Flight = ServedStore.Any,
            Http = null,
            TokenFile = file,
            AnonymousRead = AnonymousRead.Never,
        };

        static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }

    private sealed record Case(string Path, string Name, AccessNeed? Need, IMessage Request);
}
