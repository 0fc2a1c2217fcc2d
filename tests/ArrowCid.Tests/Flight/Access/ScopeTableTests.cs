using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.Registry;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Server.Http;
using ArrowCid.Tests.Flight.Http;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Tests.Flight.Access;

/// <summary>Every operation with every scope, over HTTP and over Flight, on one server.</summary>
[SuppressMessage("Design", "CA1001", Justification = "DisposeAsync, which xunit calls, disposes of the channel.")]
public sealed class ScopeTableTests : IAsyncLifetime
{
    private const string ReadToken = "read-token-0123456789", PutToken = "put-token-0123456789", Wrong = "a-wrong-token-0123456789";

    private ServedStore _served = null!;
    private FlightChannel _channel = null!;
    private Cid _cid;
    private Func<string?, HttpClient> _connect = null!;
    private int _names;

    private enum Outcome
    {
        Passes,
        Unauthenticated,
        Denied,
    }

    public Task InitializeAsync() => Start(AnonymousRead.Loopback);

    private async Task Start(AnonymousRead anonymous)
    {
        _served = await ServedStore.Start(served =>
        {
            string file = Path.Combine(served.Directory, "tokens");
            File.WriteAllText(file, $"reader read sha256:{Hash(ReadToken)}\nputter put sha256:{Hash(PutToken)}\n");
            return new CidServerOptions
            {
                Flight = ServedStore.Any,
                Http = ServedStore.Any,
                TokenFile = file,
                AnonymousRead = anonymous,
                Pinning = new PinningOptions(),
            };
        });
        _channel = new FlightChannel(_served.Flight);
        _connect = _served.Connect;
        _cid = _served.Store.Put(ServedStore.Numbers(3)).Cid;

        static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _served.DisposeAsync();
    }

    [Fact]
    public void Table_has_every_route_and_call_and_action()
    {
        using var gate = new AccessGate(new AccessSettings(), NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var service = new HttpService(_served.Store, guard, new OriginRules([], []), NullLogger.Instance, default)
        {
            Pinning = new PinningOptions(),
        };
        IEnumerable<string> routes = HttpRoutes.All(service).Select(route => $"{route.Method} {route.Pattern}");
        Assert.Equal(routes.Order(), ScopeTable.Rows.Where(row => row.Http is not null).Select(row => row.Http!.Pattern).Distinct().Order());
        Assert.Equal(_served.FlightPaths.Order(), ScopeTable.Rows.Where(row => row.Flight is not null).Select(row => row.Flight!.Path).Distinct().Order());
    }

    [Fact]
    public async Task Table_has_every_action_that_the_server_lists()
    {
        using RawCall call = await FlightCall.OpenAsync(_channel, FlightCall.Service + "ListActions", null, new Empty());
        IEnumerable<string> listed = (await FlightCall.MessagesAsync(call)).Select(bytes => ActionType.Parser.ParseFrom(bytes).Type);
        Assert.Equal(listed.Order(), ScopeTable.Rows.Select(row => row.Flight?.Action).OfType<string>().Distinct().Order());
    }

    [Theory]
    [InlineData(AnonymousRead.Loopback)]
    [InlineData(AnonymousRead.Never)]
    public async Task Operation_needs_the_same_scope_over_HTTP_and_Flight(AnonymousRead anonymous)
    {
        if (anonymous != AnonymousRead.Loopback)
        {
            await DisposeAsync();
            await Start(anonymous);
        }

        await CheckAsync(ScopeTable.Rows, anonymous);
    }

    [Theory]
    [InlineData(AnonymousRead.Loopback)]
    [InlineData(AnonymousRead.Never)]
    public async Task Operation_needs_the_same_scope_in_a_host_that_authenticates_everyone_as_an_administrator(AnonymousRead anonymous)
    {
        await using ForeignHost host = await ForeignHost.StartAsync(options => (options.Store, options.TokenFile, options.AnonymousRead,
            options.Pinning) = (_served.Store, Path.Combine(_served.Directory, "tokens"), anonymous, new PinningOptions()));
        _channel.Dispose();
        _channel = new FlightChannel(host.Flight);
        _connect = host.Connect;
        ScopeRow[] rows =
        [
            .. ScopeTable.Rows.Select(row => row with
            {
                Http = row.Operation.StartsWith("page ") ? null : row.Http,
                Flight = row.Flight?.Path.StartsWith(FlightCall.Service) == true ? row.Flight : null,
            }),
        ];
        Assert.True(rows.Count(row => row.Http is not null) > 20 && rows.Count(row => row.Flight is not null) > 20);
        await CheckAsync(rows, anonymous);
    }

    private async Task CheckAsync(IEnumerable<ScopeRow> rows, AnonymousRead anonymous)
    {
        var wrong = new List<string>();
        foreach (ScopeRow row in rows)
        {
            foreach ((string? token, AccessScope scope) in Callers())
            {
                Outcome expected = Expected(row.Asks, token, scope, anonymous);
                foreach (bool isHttp in new[] { true, false })
                {
                    if (isHttp ? row.Http is null : row.Flight is null) continue;
                    var names = new ScopeNames(_cid, $"old-{++_names}", $"new-{++_names}");
                    _ = _served.Store.Names.Set(names.Old, _cid);
                    (Outcome outcome, string said) = isHttp ? await Ask(row.Http!, names, token) : await Ask(row.Flight!, names, token);
                    string what = $"{row.Operation} over {(isHttp ? "HTTP" : "Flight")} as {(token == Wrong ? "wrong token" : scope)}";
                    if (outcome != expected) wrong.Add($"{what}: {said}, not {expected}");
                    if (outcome == Outcome.Passes) continue;
                    if (_served.Store.Names.Resolve(names.Old) != _cid || _served.Store.Names.Resolve(names.New) is not null)
                        wrong.Add($"{what}: a name changed");
                    if (scope < AccessScope.Admin && Pinned().Count > 0) wrong.Add($"{what}: a pin");
                }

                // Only an administrator has changed what is reserved or pinned.
                if (_served.Store.Names.Resolve(ScopeTable.Reserved) is not null && scope < AccessScope.Admin) wrong.Add($"{row.Operation}: reserved");
                if (scope != AccessScope.Admin) continue;
                _ = _served.Store.Names.Remove(ScopeTable.Reserved);
                foreach (Cid pin in Pinned()) _ = _served.Store.Retention.Unpin(pin);
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Put_token_cannot_move_a_name_so_that_its_block_is_collected()
    {
        Cid big = _served.Store.Put(ServedStore.Numbers(100_000)).Cid;
        _ = _served.Store.Names.Set("big", big);
        using HttpClient client = _served.Connect(PutToken);
        foreach (string body in new[] { $$"""{"cid": "{{_cid}}"}""", $$"""{"cid": "{{_cid}}", "expected": "{{big}}"}""", $$"""{"cid": "{{_cid}}", "expected": null}""" })
        {
            foreach (string name in new[] { "big", "arrowcid.maintenance" })
            {
                using HttpResponseMessage put = await Send(client, "PUT", $"/v1/names/{name}", body);
                Assert.Equal(HttpStatusCode.Forbidden, put.StatusCode);
                Assert.Contains("\"code\":\"accessDenied\"", await put.Text());
            }
        }

        foreach (string query in new[] { "?name=big", "?name=big&pin=true", "?pin=true", "?name=arrowcid.maintenance" })
        {
            int before = _served.Store.List().Count();
            using HttpResponseMessage post = await Send(client, "POST", $"/v1/blocks{query}", "a\n7\n");
            Assert.Equal(HttpStatusCode.Forbidden, post.StatusCode);
            Assert.Equal(before, _served.Store.List().Count());
        }

        Assert.Equal(StatusCode.PermissionDenied, await PutOverFlight("big"));
        _ = _served.Store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
        Assert.Equal(big, _served.Store.Names.Resolve("big"));
        Assert.True(_served.Store.Contains(big));
        Assert.Null(_served.Store.Names.Resolve("arrowcid.maintenance"));
        Assert.Empty(Pinned());
    }

    [Fact]
    public async Task Put_token_creates_a_name_once_when_many_callers_race()
    {
        const int Callers = 8;
        Cid[] cids = [.. Enumerable.Range(1, Callers).Select(i => _served.Store.Put(ServedStore.Sequence(i, 5)).Cid)];
        using HttpClient client = _served.Connect(PutToken);
        for (int round = 0; round < 10; round++)
        {
            HttpStatusCode[] found = await Task.WhenAll(cids.Select(async cid =>
            {
                using HttpResponseMessage put = await Send(client, "PUT", $"/v1/names/race-{round}", $$"""{"cid": "{{cid}}"}""");
                return put.StatusCode;
            }));
            Assert.Equal(Callers - 1, found.Count(status => status == HttpStatusCode.Forbidden));
            Assert.Single(found, HttpStatusCode.OK);
            Assert.Single(_served.Store.Names.GetHistory($"race-{round}"));
        }
    }

    [Fact]
    public async Task Put_token_sets_an_expiry_only_on_blocks_that_its_put_creates()
    {
        using HttpClient client = _served.Connect(PutToken);
        using HttpResponseMessage made = await Send(client, "POST", "/v1/blocks?expires=7d&name=mine&tag=k=v", "a\n1\n");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Cid mine = _served.Store.Names.Resolve("mine")!.Value;
        StoredEntry entry = _served.Store.Metadata.Get(mine)!;
        Assert.NotNull(entry.Expires);
        Assert.Equal("v", entry.Tags["k"]);
        foreach (string expires in new[] { "1s", "never", "2999-01-01" })
        {
            using HttpResponseMessage again = await Send(client, "POST", $"/v1/blocks?expires={expires}", "a\n1\n");
            Assert.Equal(HttpStatusCode.Forbidden, again.StatusCode);
        }

        Assert.Equal(StatusCode.PermissionDenied, await FlightCall.StatusAsync(_channel, FlightCall.Service + "DoAction", PutToken,
            new ArrowCid.Flight.Protocol.Action
            {
                Type = "put-facts",
                Body = Google.Protobuf.ByteString.CopyFromUtf8($$"""{"cid": "{{mine}}", "expires": "2027-01-01"}"""),
            }));
        Assert.Equal(entry.Expires, _served.Store.Metadata.Get(mine)!.Expires);
    }

    [Fact]
    public async Task Name_is_the_same_refusal_without_a_token_whether_it_exists_or_not()
    {
        _ = _served.Store.Names.Set("here", _cid);
        foreach (string method in new[] { "GET", "HEAD" })
        {
            foreach (string query in new[] { "", "?format=csv" })
            {
                using HttpResponseMessage known = await _served.Client.Send(method, $"/v1/blocks/@here{query}");
                using HttpResponseMessage unknown = await _served.Client.Send(method, $"/v1/blocks/@none{query}");
                Assert.Equal(HttpStatusCode.Unauthorized, known.StatusCode);
                Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
                Assert.Equal(await unknown.Text(), await known.Text());
                Assert.Equal(unknown.Headers.ToString().Split('\n').Where(line => !line.StartsWith("Date")),
                    known.Headers.ToString().Split('\n').Where(line => !line.StartsWith("Date")));
            }
        }

        using HttpClient reader = _served.Connect(ReadToken);
        using HttpResponseMessage read = await reader.Send("GET", "/v1/blocks/@here");
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
    }

    private List<Cid> Pinned() => [.. _served.Store.Query().Where(entry => entry.IsPinned).Select(entry => entry.Cid)];

    private static IEnumerable<(string? Token, AccessScope Scope)> Callers() =>
        [(null, AccessScope.None), (Wrong, AccessScope.None), (ReadToken, AccessScope.Read), (PutToken, AccessScope.Put), ("", AccessScope.Admin)];

    private static Outcome Expected(Asks asks, string? token, AccessScope scope, AnonymousRead anonymous)
    {
        if (asks == Asks.Nothing) return Outcome.Passes;
        if (token == Wrong) return Outcome.Unauthenticated;
        if (token is null) return asks == Asks.Fetch && anonymous != AnonymousRead.Never ? Outcome.Passes : Outcome.Unauthenticated;
        AccessScope least = asks switch
        {
            Asks.Fetch or Asks.Read => AccessScope.Read,
            Asks.Put => AccessScope.Put,
            _ => AccessScope.Admin,
        };
        return scope >= least ? Outcome.Passes : Outcome.Denied;
    }

    private async Task<(Outcome, string)> Ask(HttpAsk ask, ScopeNames names, string? token)
    {
        string[] parts = names.In(ask.Request).Split(' ', 2);
        using HttpClient client = _connect(token == "" ? _served.Token : token);
        using HttpResponseMessage answer = await Send(client, parts[0], parts[1], ask.Body is null ? null : names.In(ask.Body));
        Outcome outcome = answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => Outcome.Unauthenticated,
            HttpStatusCode.Forbidden => Outcome.Denied,
            _ => Outcome.Passes,
        };
        Assert.True((int)answer.StatusCode < 500, $"{ask.Request}: {answer.StatusCode}");
        return (outcome, $"{answer.StatusCode}");
    }

    private async Task<(Outcome, string)> Ask(FlightAsk ask, ScopeNames names, string? token)
    {
        StatusCode status = await FlightCall.StatusAsync(_channel, ask.Path, token == "" ? _served.Token : token, ask.Message(names));
        Assert.False(status is StatusCode.Unknown or StatusCode.Internal or StatusCode.Unimplemented, $"{ask.Path} {ask.Action}: {status}");
        Outcome outcome = status switch
        {
            StatusCode.Unauthenticated => Outcome.Unauthenticated,
            StatusCode.PermissionDenied => Outcome.Denied,
            _ => Outcome.Passes,
        };
        return (outcome, $"{status}");
    }

    private async Task<StatusCode> PutOverFlight(string name)
    {
        try
        {
            using RawCall call = await FlightCall.OpenAsync(_channel, FlightCall.Service + "DoPut", PutToken,
                (writer, cancel) => FlightCall.SendAsync(writer, ServedStore.Numbers(4), FlightCall.Path("put", name), cancel));
            _ = await FlightCall.MessagesAsync(call);
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private static async Task<HttpResponseMessage> Send(HttpClient client, string method, string path, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, body.StartsWith('{') ? "application/json" : "text/csv");
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
