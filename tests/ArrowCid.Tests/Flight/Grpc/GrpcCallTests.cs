using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Flight.Protocol;
using Google.Protobuf;
using Grpc.Reflection.V1Alpha;

namespace ArrowCid.Tests.Flight;

/// <summary>The wire: requests of any bytes end in a gRPC status, never in an HTTP error or a hang.</summary>
public sealed class GrpcCallTests : ServedStoreTests, IDisposable
{
    private const string Flight = "/arrow.flight.protocol.FlightService/";
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task An_unknown_method_is_unimplemented_and_no_http_error()
    {
        Answer answer = await CallAsync("/some.Service/Method", Frame([]));
        Assert.Equal((HttpStatusCode.OK, "12"), (answer.Http, answer.Status));
    }

    [Theory]
    [InlineData("text/plain", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpc+proto", HttpStatusCode.OK)]
    public async Task Only_grpc_is_answered(string type, HttpStatusCode expected) =>
        Assert.Equal(expected, (await CallAsync(Flight + "ListActions", Frame([]), type: type)).Http);

    [Fact]
    public async Task A_get_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Served.FlightHttp, Flight + "DoGet"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using HttpResponseMessage response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    public static TheoryData<string, byte[], string> BrokenRequests => new()
    {
        { "no message", [], "13" },
        { "half a prefix", [0, 0, 0], "13" },
        { "a message that breaks off", [0, 0, 0, 0, 9, 1, 2], "13" },
        { "two messages", [.. Frame([]), .. Frame([])], "13" },
        { "an unknown flag", [7, 0, 0, 0, 0], "13" },
        { "compressed without an encoding", [1, 0, 0, 0, 1, 0], "13" },
        { "a length beyond the limit", [0, 0xFF, 0xFF, 0xFF, 0xFF], "8" },
        { "bytes that are no protobuf", Frame([0xFF, 0xFF, 0xFF]), "3" },
    };

    [Theory]
    [MemberData(nameof(BrokenRequests))]
    public async Task A_broken_request_ends_in_its_status(string what, byte[] body, string status)
    {
        Answer answer = await CallAsync(Flight + "GetFlightInfo", body);
        Assert.True((HttpStatusCode.OK, status) == (answer.Http, answer.Status), $"{what}: {answer}");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_compressed_request_is_read(string encoding)
    {
        Answer answer = await CallAsync("/grpc.health.v1.Health/Check", Compressed(encoding,
            new Grpc.Health.V1.HealthCheckRequest { Service = "arrow.flight.protocol.FlightService" }.ToByteArray()), encoding);
        Assert.Equal("0", answer.Status);
        Assert.Equal(Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving,
            Grpc.Health.V1.HealthCheckResponse.Parser.ParseFrom(answer.Body.AsSpan(5)).Status);
    }

    [Fact]
    public async Task A_request_that_decompresses_to_more_than_the_limit_is_refused()
    {
        byte[] bomb = Compressed("gzip", new byte[(256 << 20) + 1]);
        Assert.True(bomb.Length < 1 << 22);
        Assert.Equal("8", (await CallAsync(Flight + "GetFlightInfo", bomb, "gzip")).Status);
    }

    [Fact]
    public async Task An_unknown_encoding_is_named_with_those_that_are_known()
    {
        Answer answer = await CallAsync(Flight + "GetFlightInfo", [1, 0, 0, 0, 0], "br");
        Assert.Equal(("12", "identity,deflate,gzip"), (answer.Status, answer.AcceptEncoding));
    }

    [Fact]
    public async Task A_call_that_waits_ends_with_its_deadline()
    {
        byte[] request = Frame(new Ticket { Ticket_ = ByteString.CopyFromUtf8("[\"watch\"]") }.ToByteArray());
        try
        {
            Answer answer = await CallAsync(Flight + "DoGet", request, timeout: "200m", token: Served.Token);
            Assert.Equal("4", answer.Status);
        }
        catch (HttpRequestException e)
        {
            // The reset may come before the trailers are read.
            Assert.Equal(8, (e.InnerException as HttpProtocolException)?.ErrorCode);
        }
    }

    [Fact]
    public async Task A_message_of_any_text_comes_over_and_long_ones_are_cut()
    {
        string name = "bäf 100% \u2603" + new string('x', 9000);
        byte[] request = Frame(new FlightDescriptor
        {
            Type = FlightDescriptor.Types.DescriptorType.Path,
            Path = { "name", name },
        }.ToByteArray());
        Answer answer = await CallAsync(Flight + "GetFlightInfo", request, token: Served.Token);
        Assert.NotEqual("0", answer.Status);
        Assert.InRange(answer.Message.Length, 1, 2100);
        Assert.All(answer.Message, c => Assert.InRange(c, ' ', '~'));
    }

    [Theory]
    [InlineData("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")]
    [InlineData("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")]
    public async Task Reflection_names_the_services_and_gives_their_files(string path)
    {
        Answer list = await CallAsync(path, Frame(new ServerReflectionRequest { ListServices = "" }.ToByteArray()));
        var services = ServerReflectionResponse.Parser.ParseFrom(list.Body.AsSpan(5)).ListServicesResponse.Service;
        Assert.Contains("arrow.flight.protocol.FlightService", services.Select(service => service.Name));
        Answer file = await CallAsync(path, Frame(new ServerReflectionRequest
        {
            FileContainingSymbol = "arrow.flight.protocol.FlightService",
        }.ToByteArray()));
        var files = ServerReflectionResponse.Parser.ParseFrom(file.Body.AsSpan(5)).FileDescriptorResponse;
        Assert.Equal(2, files.FileDescriptorProto.Count);
    }

    [Theory]
    [InlineData("grpc.health.v1.Health", "Check Watch")]
    [InlineData("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo")]
    [InlineData("arrow.flight.protocol.FlightService",
        "Handshake ListFlights GetFlightInfo PollFlightInfo GetSchema DoGet DoPut DoExchange DoAction ListActions")]
    public async Task Reflection_lists_every_service_with_its_methods(string service, string methods)
    {
        const string Path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
        Answer list = await CallAsync(Path, Frame(new ServerReflectionRequest { ListServices = "" }.ToByteArray()));
        var services = ServerReflectionResponse.Parser.ParseFrom(list.Body.AsSpan(5)).ListServicesResponse.Service;
        Assert.Contains(service, services.Select(each => each.Name));
        Answer file = await CallAsync(Path, Frame(new ServerReflectionRequest { FileContainingSymbol = service }.ToByteArray()));
        var files = ServerReflectionResponse.Parser.ParseFrom(file.Body.AsSpan(5)).FileDescriptorResponse.FileDescriptorProto
            .Select(Google.Protobuf.Reflection.FileDescriptorProto.Parser.ParseFrom).ToList();
        var found = files.SelectMany(each => each.Service.Select(one => ($"{each.Package}.{one.Name}", one)))
            .Single(each => each.Item1 == service).one;
        Assert.Equal(methods.Split(' '), found.Method.Select(method => method.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("arrow.flight.protocol.FlightService")]
    public async Task Health_is_serving_when_the_service_is_known(string service)
    {
        Answer answer = await CallAsync("/grpc.health.v1.Health/Check",
            Frame(new Grpc.Health.V1.HealthCheckRequest { Service = service }.ToByteArray()));
        Assert.Equal(("0", "08-01"), (answer.Status, BitConverter.ToString(answer.Body[5..])));
    }

    [Fact]
    public async Task Health_is_not_found_when_the_service_is_unknown() => Assert.Equal("5",
        (await CallAsync("/grpc.health.v1.Health/Check", Frame(new Grpc.Health.V1.HealthCheckRequest { Service = "x" }.ToByteArray()))).Status);

    [Fact]
    public async Task Token_in_a_binary_header_is_taken_when_a_proxy_joined_its_values_by_commas()
    {
        string token = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Served.Token)).TrimEnd('=');
        foreach (string header in new[] { token, $"{token},{token}", $" {token} , AAAA" })
            Assert.Equal("0", (await CallAsync(Flight + "ListFlights", Frame([]), binaryToken: header)).Status);
        foreach (string header in new[] { "", ",", "*", "AAAA", $"AAAA,{token}" })
            Assert.Equal("16", (await CallAsync(Flight + "ListFlights", Frame([]), binaryToken: header)).Status);
    }

    private async Task<Answer> CallAsync(string path, byte[] body, string? encoding = null,
        string type = "application/grpc", string? timeout = null, string? token = null, string? binaryToken = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Served.FlightHttp, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null) request.Headers.TryAddWithoutValidation("grpc-encoding", encoding);
        if (timeout is not null) request.Headers.TryAddWithoutValidation("grpc-timeout", timeout);
        if (token is not null) request.Headers.TryAddWithoutValidation("authorization", $"Bearer {token}");
        if (binaryToken is not null) request.Headers.TryAddWithoutValidation("auth-token-bin", binaryToken);
        using HttpResponseMessage response = await _http.SendAsync(request);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync();
        return new Answer(response.StatusCode, Value("grpc-status"), Value("grpc-message"),
            Value("grpc-accept-encoding"), bytes);

        string Value(string name) => response.TrailingHeaders.TryGetValues(name, out IEnumerable<string>? values)
            || response.Headers.TryGetValues(name, out values) ? values.First() : "";
    }

    private static byte[] Frame(byte[] message, byte flag = 0)
    {
        byte[] frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Compressed(string encoding, byte[] message)
    {
        var packed = new MemoryStream();
        using (Stream packer = encoding == "gzip"
            ? new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            packer.Write(message);
        }

        return Frame(packed.ToArray(), flag: 1);
    }

    private sealed record Answer(HttpStatusCode Http, string Status, string Message, string AcceptEncoding, byte[] Body);
}
