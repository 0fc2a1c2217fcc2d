using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server;
using Google.Protobuf;

namespace ArrowCid.Tests.Flight;

/// <summary>Calls of Flight over gRPC-Web, as a page of a browser makes them: HTTP/1.1, trailers in the body.</summary>
public sealed class GrpcWebTests
{
    private const string Page = "https://app.example", Binary = "application/grpc-web+proto", Text = "application/grpc-web-text";

    [Theory]
    [InlineData(Binary)]
    [InlineData(Text)]
    public async Task Batch_comes_whole_when_the_body_is_of_either_kind(string type)
    {
        await using ServedStore server = await Start();
        Cid cid = server.Store.Put(ServedStore.Numbers(100_000)).Cid;
        Answer answer = await CallAsync(server, "DoGet", FlightCall.Ticket($"{cid}"), type);
        Assert.Equal((HttpStatusCode.OK, "0"), (answer.Http, answer.Status));
        Assert.Equal(2, answer.Messages.Count);
        FlightData batch = FlightData.Parser.ParseFrom(answer.Messages[1]);
        Assert.Equal($"{cid}", batch.AppMetadata.ToStringUtf8());
        using BatchLease block = server.Store.TryGet(cid)!;
        Assert.True(block.Block.Span.IndexOf(batch.DataBody.Span) > 0);
    }

    [Theory]
    [InlineData(Binary)]
    [InlineData(Text)]
    public async Task Batch_is_put_when_it_comes_in_a_body_of_either_kind(string type)
    {
        await using ServedStore server = await Start();
        var batch = ServedStore.Sequence(0, 100_000);
        byte[] body = await FlightCall.BytesOf(batch, FlightCall.Path("put", "web"));
        Answer answer = await CallAsync(server, "DoPut", body, type, server.Token);
        Assert.Equal("0", answer.Status);
        Assert.Equal(ArrowCid.Ipc.CanonicalBlock.CidOf(batch), server.Store.Names.Resolve("web"));
    }

    [Fact]
    public async Task Error_has_its_status_and_code_in_the_trailers_when_a_block_is_absent()
    {
        await using ServedStore server = await Start();
        Answer answer = await CallAsync(server, "DoGet", FlightCall.Ticket($"{Cid.Sha256(Multicodec.Raw, "none"u8)}"), Binary);
        Assert.Equal((HttpStatusCode.OK, "5", nameof(ErrorCode.BlockNotFound)), (answer.Http, answer.Status, answer.Code));
    }

    [Theory]
    [InlineData(Binary)]
    [InlineData(Text)]
    public async Task Message_over_the_limit_is_refused_when_it_comes_over_the_web(string type)
    {
        await using ServedStore server = await Start();
        byte[] frame = [0, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3];
        Assert.Equal("8", (await CallAsync(server, "GetFlightInfo", frame, type)).Status);
    }

    [Fact]
    public async Task Anonymous_put_is_for_programs_of_this_machine_when_a_page_asks()
    {
        await using ServedStore server = await Start(allowPut: true);
        byte[] body = await FlightCall.BytesOf(ServedStore.Sequence(0, 3), FlightCall.Path("put"));
        Assert.Equal("16", (await CallAsync(server, "DoPut", body, Binary)).Status);
        Assert.Empty(server.Store.List());
    }

    [Fact]
    public async Task Page_of_a_listed_origin_may_read_the_status_and_others_may_not_call()
    {
        await using ServedStore server = await Start();
        using HttpResponseMessage preflight = await SendAsync(server, HttpMethod.Options, Page, null);
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal([Page], preflight.Headers.GetValues("access-control-allow-origin"));
        Assert.Equal(["POST"], preflight.Headers.GetValues("access-control-allow-methods"));
        Assert.Contains("x-grpc-web", preflight.Headers.GetValues("access-control-allow-headers").Single());
        using HttpResponseMessage called = await SendAsync(server, HttpMethod.Post, Page, []);
        Assert.Equal(HttpStatusCode.OK, called.StatusCode);
        Assert.Equal([Page], called.Headers.GetValues("access-control-allow-origin"));
        string exposed = string.Join(',', called.Headers.GetValues("access-control-expose-headers"));
        Assert.All(["grpc-status", "grpc-message", "arrowcid-error"], name => Assert.Contains(name, exposed));
        using HttpResponseMessage other = await SendAsync(server, HttpMethod.Post, "https://evil.example", []);
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        using HttpResponseMessage asked = await SendAsync(server, HttpMethod.Options, "https://evil.example", null);
        Assert.False(asked.Headers.Contains("access-control-allow-origin"));
        using HttpResponseMessage renamed = await SendAsync(server, HttpMethod.Post, null, [], "evil.example");
        Assert.Equal(HttpStatusCode.MisdirectedRequest, renamed.StatusCode);
    }

    [Fact]
    public async Task Calls_are_not_answered_when_the_option_is_off()
    {
        await using ServedStore server = await ServedStore.Start();
        Answer answer = await CallAsync(server, "ListActions", new Empty(), Binary);
        Assert.Equal(HttpStatusCode.NotFound, answer.Http);
    }

    private static Task<ServedStore> Start(bool allowPut = false) => ServedStore.Start(_ => new CidServerOptions
    {
        Flight = ServedStore.Any,
        Http = ServedStore.Any,
        GrpcWeb = true,
        Origins = [Page],
        AllowAnonymousPut = allowPut,
    });

    private static Task<HttpResponseMessage> SendAsync(ServedStore server, HttpMethod method, string? origin, byte[]? body,
        string? host = null)
    {
        var request = new HttpRequestMessage(method, FlightCall.Service + "ListActions");
        if (origin is not null) request.Headers.TryAddWithoutValidation("origin", origin);
        if (host is not null) request.Headers.Host = host;
        if (body is null)
        {
            request.Headers.TryAddWithoutValidation("access-control-request-method", "POST");
            request.Headers.TryAddWithoutValidation("access-control-request-headers", "content-type,x-grpc-web,authorization");
        }
        else
        {
            request.Content = new ByteArrayContent(Frame(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(Binary);
        }

        return server.Client.SendAsync(request);
    }

    private static Task<Answer> CallAsync(ServedStore server, string method, IMessage message, string type) =>
        CallAsync(server, method, Frame(message.ToByteArray()), type);

    private static async Task<Answer> CallAsync(ServedStore server, string method, byte[] body, string type, string? token = null)
    {
        bool isText = type == Text;
        using var request = new HttpRequestMessage(HttpMethod.Post, FlightCall.Service + method);
        request.Content = new ByteArrayContent(isText ? Encoding.ASCII.GetBytes(Convert.ToBase64String(body)) : body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync();
        var answer = new Answer(response.StatusCode);
        if (response.Headers.TryGetValues("grpc-status", out IEnumerable<string>? status))
        {
            response.Headers.TryGetValues("arrowcid-error", out IEnumerable<string>? code);
            return answer with { Status = status.Single(), Code = code?.Single() ?? "" };
        }

        if (response.StatusCode != HttpStatusCode.OK) return answer;
        if (isText) bytes = [.. bytes.Chunk(4).SelectMany(four => Convert.FromBase64String(Encoding.ASCII.GetString(four)))];
        for (int at = 0; at < bytes.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 1));
            byte[] message = bytes[(at + 5)..(at + 5 + length)];
            if (bytes[at] == 0) answer.Messages.Add(message);
            else answer = answer with { Status = Trailer(message, "grpc-status"), Code = Trailer(message, "arrowcid-error") };
            at += 5 + length;
        }

        return answer;

        static string Trailer(byte[] trailers, string name) => Encoding.ASCII.GetString(trailers).Split("\r\n")
            .FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim() ?? "";
    }

    private static byte[] Frame(byte[] message)
    {
        byte[] frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private sealed record Answer(HttpStatusCode Http)
    {
        public string Status { get; init; } = "";

        public string Code { get; init; } = "";

        public List<byte[]> Messages { get; } = [];
    }
}
