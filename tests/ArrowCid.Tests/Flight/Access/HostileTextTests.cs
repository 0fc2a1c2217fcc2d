using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.Server;
using ArrowCid.Tests.Flight.Http;
using Google.Protobuf;
using Grpc.Core;
using Xunit.Abstractions;

namespace ArrowCid.Tests.Flight.Access;

/// <summary>Changed JSON and tokens on every route and action: whatever comes is answered, and never as a fault of the
/// server's own.</summary>
[SuppressMessage("Design", "CA1001", Justification = "DisposeAsync, which xunit calls, disposes of the channel.")]
public sealed class HostileTextTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Requests = 1500;

    private static readonly string[] s_fragments =
    [
        "\\ud800", "\\udc00x", "\"\\ud800\":1,", "\"\\uD83D\\uD83D\"", "\\u0000", "\u0000", "\u009b", "\u202e", "\ufeff", "\"cid\":null,", "\"cid\":\"\",",
        "\"name\":\"a\",\"name\":\"b\",", "\"tags\":{\"a\":\"1\",\"a\":\"2\"},", "\"tags\":[],", "\"tags\":{\"\":\"\"},", "[", "]", "{", "}", ",", ":", "\"", "\\",
        "null", "true", "1e999", "-1", "99999999999999999999", "0.1", "253402300799", "253402300800", "9223372036854775807", "1e308", "\"exp\":1e17,",
        "%ff", "%2F", "../", "@", "''", "\"expires\":\"9999-12-31T23:59:59Z\",", "\"expires\":\"never\",", "\"asOf\":\"0001-01-01\",", "\"from\":\"x\",",
        "\"watch\":true,", "\"rows\":4294967296,", "\"columns\":[\"\"],", "\"json\":{\"a\":1,\"a\":2},", "\"json\":\"\\ud800\",", "\"filter\":\"(((\",",
        "\"cids\":[null],", "\"cids\":[\"\\udfff\"],", "\"expected\":1,", "\"crit\":[],", "\"alg\":null,", "\"scope\":\"\\udead\",", "\"sub\":\"\\ud800\",",
        "\"aud\":[\"\\ud800\"],", "\"nbf\":-62135596800,", "\"nbf\":253402300799,", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ];

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private ServedStore _served = null!;
    private FlightChannel _channel = null!;
    private Random _random = null!;
    private Cid _cid;

    public async Task InitializeAsync()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        _random = new Random(seed);
        _served = await ServedStore.Start(served =>
        {
            string file = Path.Combine(served.Directory, "keys.pem");
            File.WriteAllText(file, _key.ExportSubjectPublicKeyInfoPem());
            return new CidServerOptions { Flight = ServedStore.Any, Http = ServedStore.Any, SigningKeys = file, Audience = "us" };
        });
        _channel = new FlightChannel(_served.Flight);
        _cid = _served.Store.Put(ServedStore.Numbers(3)).Cid;
        _ = _served.Store.Names.Set("n", _cid);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _served.DisposeAsync();
        _key.Dispose();
    }

    [Fact]
    public async Task Changed_JSON_is_answered_by_every_route_that_reads_it()
    {
        for (int i = 0; i < Requests; i++)
        {
            (string method, string path) = Pick(("PUT", "/v1/names/n"), ("PUT", "/v1/names/other"), ("POST", $"/v1/blocks/{_cid}/tags"), ("POST", "/v1/blocks"));
            byte[] body = Change(Pick($$"""{"cid": "{{_cid}}", "expected": null}""", $$"""{"cid": "{{_cid}}"}""", """{"k": "v", "l": null}""", "{}"));
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(body) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", path == "/v1/blocks" ? "application/x-ndjson" : "application/json");
            using HttpResponseMessage answer = await _served.Owner.SendAsync(request);
            Assert.True((int)answer.StatusCode < 500, $"{method} {path} {Show(body)}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task Changed_queries_are_answered_by_every_route()
    {
        string[] names = ["filter", "limit", "format", "from", "dryRun", "force", "name", "tag", "producer", "expires", "pin", "parent", "about", "rowsPerBlock", "types"];
        for (int i = 0; i < Requests; i++)
        {
            string path = Pick("/v1/blocks", $"/v1/blocks/{_cid}", "/v1/blocks/@n", "/v1/blocks/@n/info", "/v1/names", "/v1/watch", $"/ipfs/{_cid}");
            string value = Encoding.UTF8.GetString(Change(Pick("rows > 1", "csv", "7d", "true", "10", "a=b", "", $"{_cid}", "{}")));
            string query = $"{Pick(names)}={(_random.Next(4) == 0 ? value.Replace(' ', '+') : Uri.EscapeDataString(value.Replace("\ufffd", "")))}";
            string method = Pick("GET", "GET", "POST");
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"{path}?{new string([.. query.Where(c => c is > ' ' and <= '~' and not '#')])}", UriKind.Relative));
            if (method == "POST")
            {
                request.Content = new StringContent("a\n1\n");
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
            }

            using HttpResponseMessage answer = await _served.Owner.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.True((int)answer.StatusCode < 500, $"{method} {path}?{query}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task Changed_tokens_are_refused_or_taken_signed_or_not()
    {
        for (int i = 0; i < Requests; i++)
        {
            string token = Token(Change("""{"alg":"ES256","typ":"JWT"}"""), Change("""{"sub":"a","scope":"read","aud":"us","exp":4000000000,"nbf":1}"""), _random.Next(3));
            if (i % 2 == 0)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, Pick("/v1/names", $"/v1/blocks/{_cid}", "/metrics", $"/ipfs/{_cid}?format=raw"));
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
                using HttpResponseMessage answer = await _served.Client.SendAsync(request);
                Assert.True((int)answer.StatusCode is 200 or 400 or 401 or 403, $"{token}: {answer.StatusCode}");
            }
            else
            {
                StatusCode status = await FlightCall.StatusAsync(_channel, FlightCall.Service + "ListFlights", token, new Criteria());
                Assert.True(status is StatusCode.OK or StatusCode.Unauthenticated or StatusCode.PermissionDenied, $"{token}: {status}");
            }
        }
    }

    [Fact]
    public async Task Token_that_never_expires_is_taken()
    {
        foreach (string expires in new[] { "253402300799", "253402300799.5", "4000000000" })
        {
            string claims = $$"""{"sub":"a","scope":"read","aud":"us","exp":{{expires}}}""";
            string token = Token("""{"alg":"ES256"}"""u8.ToArray(), Encoding.UTF8.GetBytes(claims), 0);
            using HttpClient client = _served.Connect(token);
            using HttpResponseMessage answer = await client.Send("GET", "/v1/names");
            Assert.Equal(expires.Contains('.') ? 401 : 200, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task Changed_bodies_of_actions_and_tickets_are_answered_and_no_fault()
    {
        string[] actions = ["describe", "resolve", "verify", "find-missing", "export", "where", "put-facts", "tag", "name", "pin", "unpin", "remove",
            "CancelFlightInfo", "RenewFlightEndpoint", "SetSessionOptions", "GetSessionOptions", "CloseSession"];
        for (int i = 0; i < Requests; i++)
        {
            byte[] body = Change(Pick($$"""{"cid": "{{_cid}}", "name": "n", "key": "k", "value": "v", "tags": {"a": "b"} }""", $$"""{"cids": ["{{_cid}}"]}""",
                $"{_cid}", """{"name": "n"}""", """{"filter": "rows > 1", "limit": 3}""", """["name", "n"]""", $$"""{"name": "m", "cid": "{{_cid}}", "expected": null}"""));
            ByteString bytes = ByteString.CopyFrom(body);
            (string method, IMessage message) = _random.Next(8) switch
            {
                0 => ("DoGet", new Ticket { Ticket_ = bytes }),
                1 => ("GetFlightInfo", Command(bytes)),
                2 => ("ListFlights", new Criteria { Expression = bytes }),
                3 => ("DoExchange", new FlightData { AppMetadata = bytes }),
                4 => ("DoPut", new FlightData { FlightDescriptor = Command(bytes) }),
                5 => ("Handshake", new HandshakeRequest { Payload = bytes }),
                _ => ("DoAction", (IMessage)new ArrowCid.Flight.Protocol.Action { Type = Pick(actions), Body = bytes }),
            };
            StatusCode status = await FlightCall.StatusAsync(_channel, FlightCall.Service + method, _served.Token, message);
            Assert.False(status is StatusCode.Unknown or StatusCode.Internal, $"{method} {message} {Show(body)}: {status}");
        }
    }

    [Fact]
    public async Task Command_without_a_command_is_an_invalid_argument()
    {
        var descriptor = new FlightDescriptor { Type = FlightDescriptor.Types.DescriptorType.Cmd, Path = { "x" } };
        Assert.Equal(StatusCode.InvalidArgument, await FlightCall.StatusAsync(_channel, FlightCall.Service + "DoPut", _served.Token,
            new FlightData { FlightDescriptor = descriptor }));
        Assert.Equal(StatusCode.InvalidArgument, await FlightCall.StatusAsync(_channel, FlightCall.Service + "GetFlightInfo", _served.Token, descriptor));
    }

    [Fact]
    public async Task Exchange_refuses_a_batch_that_asks_for_nothing()
    {
        var schema = new FlightData { DataHeader = ByteString.CopyFromUtf8("schema") };
        FlightData batch = new() { DataHeader = ByteString.CopyFromUtf8("batch"), DataBody = ByteString.CopyFromUtf8("body") };
        FlightData asking = new() { AppMetadata = ByteString.CopyFromUtf8($"{_cid}"), DataBody = ByteString.CopyFromUtf8("body") };
        Assert.Equal(StatusCode.InvalidArgument, await FlightCall.StatusAsync(_channel, FlightCall.Service + "DoExchange", null, schema, batch));
        Assert.Equal(StatusCode.OK, await FlightCall.StatusAsync(_channel, FlightCall.Service + "DoExchange", null, schema, asking));
    }

    [Fact]
    public async Task Command_of_Flight_SQL_is_unimplemented_and_says_that_there_is_no_SQL()
    {
        var any = new Google.Protobuf.WellKnownTypes.Any { TypeUrl = "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery" };
        foreach ((string method, IMessage message) in new (string, IMessage)[]
        {
            ("GetFlightInfo", Command(any.ToByteString())), ("DoGet", new Ticket { Ticket_ = any.ToByteString() }),
            ("DoAction", new ArrowCid.Flight.Protocol.Action { Type = "CreatePreparedStatement" }),
        })
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                using RawCall call = await FlightCall.OpenAsync(_channel, FlightCall.Service + method, _served.Token, message);
                _ = await FlightCall.MessagesAsync(call);
            });
            Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
            Assert.Contains("no SQL here", error.Message);
        }
    }

    [Fact]
    public async Task Handshake_takes_a_token_as_it_is_and_in_a_message()
    {
        ByteString whole = ByteString.CopyFromUtf8(_served.Token), wrong = ByteString.CopyFromUtf8("a-wrong-token-0123456789");
        foreach (ByteString payload in new[] { whole, new BasicAuth { Username = "me", Password = _served.Token }.ToByteString(), new BasicAuth { Password = _served.Token }.ToByteString() })
        {
            using RawCall call = await FlightCall.OpenAsync(_channel, FlightCall.Service + "Handshake", null, new HandshakeRequest { Payload = payload });
            byte[] answer = Assert.Single(await FlightCall.MessagesAsync(call));
            Assert.Equal(whole, HandshakeResponse.Parser.ParseFrom(answer).Payload);
        }

        Assert.Equal(StatusCode.Unauthenticated, await FlightCall.StatusAsync(_channel, FlightCall.Service + "Handshake", null, new HandshakeRequest { Payload = wrong }));
    }

    private static FlightDescriptor Command(ByteString command) =>
        new() { Type = FlightDescriptor.Types.DescriptorType.Cmd, Cmd = command };

    private T Pick<T>(params T[] from) => from[_random.Next(from.Length)];

    private string Token(byte[] header, byte[] claims, int signing)
    {
        string text = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(claims)}";
        return signing switch
        {
            0 => $"{text}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}",
            1 => $"{text}.AAAA",
            _ => $"{text}.",
        };
    }

    /// <summary>A text that is changed in up to three places, or not at all.</summary>
    private byte[] Change(string text)
    {
        List<byte> bytes = [.. Encoding.UTF8.GetBytes(text)];
        for (int changes = _random.Next(4); changes > 0; changes--)
        {
            int at = _random.Next(bytes.Count + 1);
            switch (_random.Next(6))
            {
                case 0 when bytes.Count > 0:
                    bytes.RemoveRange(at / 2, _random.Next(bytes.Count - (at / 2)));
                    break;
                case 1:
                    bytes.InsertRange(at, [(byte)_random.Next(256), (byte)_random.Next(256)]);
                    break;
                case 2 when bytes.Count > 0:
                    bytes[_random.Next(bytes.Count)] = (byte)_random.Next(256);
                    break;
                case 3:
                    // Right after a brace a member is one.
                    int brace = bytes.IndexOf((byte)'{');
                    bytes.InsertRange(brace + 1, Encoding.UTF8.GetBytes(Pick(s_fragments)));
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(s_fragments)));
                    break;
            }
        }

        return [.. bytes];
    }

    private static string Show(byte[] body) => $"{Encoding.Latin1.GetString(body)} ({Convert.ToHexStringLower(body)})";
}
