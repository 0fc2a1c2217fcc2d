using ArrowCid.Flight.Protocol;
using Google.Protobuf;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;

namespace ArrowCid.Tests.Flight.Access;

/// <summary>What an operation asks of its caller.</summary>
internal enum Asks
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>Nothing from this machine, unless anonymous reads are off.</summary>
    Fetch,
    Read,
    Put,
    Admin,
}

/// <summary>An HTTP request: <c>{cid}</c> is a stored block, <c>{old}</c> a name that exists, <c>{new}</c> a name that does
/// not, each other in every call.</summary>
internal sealed record HttpAsk(string Pattern, string Request, string? Body = null);

/// <summary>A call of Flight.</summary>
internal sealed record FlightAsk(string Path, Func<ScopeNames, IMessage> Message, string? Action = null);

/// <summary>What a call is about.</summary>
internal sealed record ScopeNames(Cid Cid, string Old, string New)
{
    public string In(string text) => text.Replace("{cid}", $"{Cid}").Replace("{old}", Old).Replace("{new}", New);
}

/// <summary>An operation, over HTTP and Flight where both have it, and the scope that it needs.</summary>
internal sealed record ScopeRow(string Operation, Asks Asks, HttpAsk? Http = null, FlightAsk? Flight = null);

/// <summary>The one list of every route of HTTP and every call and action of Flight with the scope that it needs.</summary>
internal static class ScopeTable
{
    public const string Reserved = "arrowcid.maintenance";

    private const string Other = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", Csv = "a\n{new}\n",
        Empty = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

    public static IReadOnlyList<ScopeRow> Rows { get; } =
    [
        new("fetch a block", Asks.Fetch, Get("/v1/blocks/{cid}"), DoGet("{cid}")),
        new("fetch a block as CSV", Asks.Fetch, Get("/v1/blocks/{cid}", "?format=csv")),
        new("fetch columns of a block", Asks.Fetch, Get("/v1/blocks/{cid}", "?columns=n"),
            DoGet("""{"cids": ["{cid}"], "columns": ["n"]}""")),
        new("fetch its bytes", Asks.Fetch, new("GET /ipfs/{cid}/{**path}", "GET /ipfs/{cid}?format=raw"),
            Call("DoExchange", names => new FlightData { AppMetadata = ByteString.CopyFromUtf8($"{names.Cid}") })),
        new("fetch a block of any kind", Asks.Fetch, null, Act("get-block", "{cid}")),
        new("find a block", Asks.Fetch, Get("/routing/v1/providers/{cid}"), Act("find-missing", """{"cids": ["{cid}"]}""")),
        new("verify a block", Asks.Fetch, null, Act("verify", "{cid}")),
        new("export a block", Asks.Fetch, Get("/v1/blocks/{cid}", "?format=parquet"), Act("export", "{cid}")),
        new("locate the store", Asks.Fetch, null, Act("where", "")),
        new("info of a CID", Asks.Fetch, null, Call("GetFlightInfo", names => FlightCall.Path($"{names.Cid}"))),
        new("poll of a CID", Asks.Fetch, null, Call("PollFlightInfo", names => FlightCall.Path($"{names.Cid}"))),
        new("schema of a CID", Asks.Fetch, null, Call("GetSchema", names => FlightCall.Path($"{names.Cid}"))),

        new("fetch by name", Asks.Read, new("GET /v1/blocks/{cid}", "GET /v1/blocks/@{old}"), DoGet("""{"name": "{old}"}""")),
        new("fetch by a name that does not exist", Asks.Read, new("GET /v1/blocks/{cid}", "GET /v1/blocks/@{new}"),
            DoGet("""{"name": "{new}"}""")),
        new("fetch by name as CSV", Asks.Read, new("GET /v1/blocks/{cid}", "GET /v1/blocks/@{old}?format=csv"),
            DoGet("""["name", "{old}"]""")),
        new("head by name", Asks.Read, new("GET /v1/blocks/{cid}", "HEAD /v1/blocks/@{old}"),
            Call("GetFlightInfo", names => FlightCall.Path("name", names.Old))),
        new("resolve a name", Asks.Read, new("GET /v1/names/{name}", "GET /v1/names/{old}"), Act("resolve", """{"name": "{old}"}""")),
        new("resolve a name that does not exist", Asks.Read, new("GET /v1/names/{name}", "GET /v1/names/{new}"),
            Act("resolve", """{"name": "{new}"}""")),
        new("schema of a name", Asks.Read, null, Call("GetSchema", names => FlightCall.Path(names.Old))),
        new("poll of a name", Asks.Read, null, Call("PollFlightInfo", names => FlightCall.Path(names.Old))),
        new("fetch a dataset as Parquet", Asks.Read, new("GET /v1/datasets/{name}.parquet", "GET /v1/datasets/{old}.parquet")),
        new("fetch a dataset as Parquet by its CID", Asks.Read, new("GET /v1/datasets/{name}.parquet", "HEAD /v1/datasets/{cid}.parquet")),
        new("fetch a dataset that does not exist as Parquet", Asks.Read, new("GET /v1/datasets/{name}.parquet", "GET /v1/datasets/{new}.parquet")),
        new("list blocks", Asks.Read, Get("/v1/blocks"), Call("ListFlights", _ => new Criteria())),
        new("list blocks of any kind", Asks.Read, null, Act("list-blocks", "")),
        new("list names", Asks.Read, Get("/v1/names"), DoGet("""["catalog"]""")),
        new("describe a block", Asks.Read, Get("/v1/blocks/{cid}/info"), Act("describe", "{cid}")),
        new("column CIDs of a block", Asks.Fetch, Get("/v1/blocks/{cid}/columns")),
        new("list the links of a block", Asks.Read, Get("/v1/blocks/{cid}/links")),
        new("list the statements about a block", Asks.Read, Get("/v1/blocks/{cid}/statements")),
        new("list what a name pointed to", Asks.Read, new("GET /v1/history/{name}", "GET /v1/history/{old}")),
        new("watch", Asks.Read, Get("/v1/watch"), DoGet("""["watch"]""")),
        new("info of the watch", Asks.Read, null, Call("GetFlightInfo", _ => FlightCall.Path("watch"))),
        new("open a sync", Asks.Read, new("POST /v1/sync", "POST /v1/sync", ""), Act("sync", "\n")),
        new("go on with a sync", Asks.Read, new("POST /v1/sync/{id}", "POST /v1/sync/00ff", "")),
        new("end a sync", Asks.Read, new("DELETE /v1/sync/{id}", "DELETE /v1/sync/00ff")),
        new("sum of a sync", Asks.Read, Get("/v1/sync/sum")),
        new("read metrics", Asks.Read, Get("/metrics")),
        new("shake hands", Asks.Read, null, Call("Handshake", _ => new HandshakeRequest())),

        new("list channels", Asks.Read, Get("/v1/channels"), Act("channels", "")),
        new("read a channel", Asks.Read, new("GET /v1/channels/{channel}/messages", "GET /v1/channels/none/messages"),
            Act("channel-read", """{"channel": "none", "idleMs": 0}""")),

        new("publish a message", Asks.Put,
            new("POST /v1/channels/{channel}/messages", "POST /v1/channels/none/messages", """{"text": "t"}"""),
            Act("channel-publish", """{"channel": "none", "text": "t"}""")),
        new("exchange messages", Asks.Put, new("POST /v1/channels/{channel}/exchange", "POST /v1/channels/none/exchange", ""),
            Act("channel-exchange", "none\n")),
        new("create a channel", Asks.Admin, new("POST /v1/channels", "POST /v1/channels", """{"name": "{new}", "open": true}"""),
            Act("channel-create", """{"name": "{new}", "open": true}""")),
        new("put", Asks.Put, Post("/v1/blocks"), Put("put")),
        new("put a block of any kind", Asks.Put, new("PUT /v1/blocks/{cid}", $"PUT /v1/blocks/{Empty}", ""),
            Act("put-block", $"{Empty}\n")),
        new("put with a new name", Asks.Put, Post("/v1/blocks", "?name={new}"), Put("put", "{new}")),
        new("put that expires", Asks.Put, Post("/v1/blocks", "?expires=7d"),
            Call("DoPut", _ => new FlightData { FlightDescriptor = Command("""{"expiresAfter": "604800s"}""") })),
        new("tag a block", Asks.Put, new("POST /v1/blocks/{cid}/tags", "POST /v1/blocks/{cid}/tags", """{"k": "v"}"""),
            Act("tag", """{"cid": "{cid}", "key": "k", "value": "v"}""")),
        new("annotate a block", Asks.Put, null, Act("put-facts", """{"cid": "{cid}", "producer": "p"}""")),
        new("create a name", Asks.Put, Name("PUT", "{new}", """{"cid": "{cid}", "expected": null}"""),
            Act("name", """{"name": "{new}", "cid": "{cid}", "expected": null}""")),
        new("create a name, whatever it was", Asks.Put, Name("PUT", "{new}", """{"cid": "{cid}"}"""),
            Act("name", """{"name": "{new}", "cid": "{cid}"}""")),

        new("put with a name that exists", Asks.Admin, Post("/v1/blocks", "?name={old}"), Put("put", "{old}")),
        new("put to a path that is a name that exists", Asks.Admin, null, Put("{old}")),
        new("put that pins", Asks.Admin, Post("/v1/blocks", "?pin=true"),
            Call("DoPut", _ => new FlightData { FlightDescriptor = Command("""{"pin": true}""") })),
        new("put with a reserved name", Asks.Admin, Post("/v1/blocks", $"?name={Reserved}"), Put("put", Reserved)),
        new("expiry of a block that exists", Asks.Admin, null,
            Act("put-facts", """{"cid": "{cid}", "expires": "2999-01-01"}""")),
        new("move a name", Asks.Admin, Name("PUT", "{old}", """{"cid": "{cid}"}"""), Act("name", """{"name": "{old}", "cid": "{cid}"}""")),
        new("move a name that is what is expected", Asks.Admin, Name("PUT", "{old}", """{"cid": "{cid}", "expected": "{cid}"}"""),
            Act("name", """{"name": "{old}", "cid": "{cid}", "expected": "{cid}"}""")),
        new("move a name that is not what is expected", Asks.Admin, Name("PUT", "{old}", $$"""{"cid": "{cid}", "expected": "{{Other}}"}"""),
            Act("name", $$"""{"name": "{old}", "cid": "{cid}", "expected": "{{Other}}"}""")),
        new("create a reserved name", Asks.Admin, Name("PUT", Reserved, """{"cid": "{cid}", "expected": null}"""),
            Act("name", $$"""{"name": "{{Reserved}}", "cid": "{cid}", "expected": null}""")),
        new("remove a name", Asks.Admin, Name("DELETE", "{old}"), Act("name", """{"name": "{old}", "cid": null}""")),
        new("remove a name that is expected", Asks.Admin, null, Act("name", """{"name": "{old}", "cid": null, "expected": "{cid}"}""")),
        new("remove a block", Asks.Admin, new("DELETE /v1/blocks/{cid}", "DELETE /v1/blocks/{cid}?dryRun=true"),
            Act("remove", """{"cid": "{cid}", "dryRun": true}""")),
        new("read the configuration", Asks.Admin, Get("/config")),
        new("list the places", Asks.Admin, Get("/v1/places")),
        new("read the audit trail", Asks.Admin, Get("/v1/audit"), DoGet("""["audit"]""")),
        new("read the audit trail of a subject", Asks.Admin, Get("/v1/audit", "?subject=reader&format=arrow"),
            DoGet("""{"audit": {"subject": "reader"}}""")),
        new("schema of the audit trail", Asks.Admin, null, Call("GetFlightInfo", _ => FlightCall.Path("audit"))),
        new("pin", Asks.Admin, null, Act("pin", "{cid}")),
        new("unpin", Asks.Admin, null, Act("unpin", "{cid}")),

        new("list pin requests", Asks.Read, Get("/v1/pinning/pins")),
        new("read a pin request", Asks.Read, new("GET /v1/pinning/pins/{requestid}", "GET /v1/pinning/pins/00ff")),
        new("add a pin request", Asks.Admin, new("POST /v1/pinning/pins", "POST /v1/pinning/pins", """{"cid": "{cid}"}""")),
        new("replace a pin request", Asks.Admin,
            new("POST /v1/pinning/pins/{requestid}", "POST /v1/pinning/pins/00ff", """{"cid": "{cid}"}""")),
        new("remove a pin request", Asks.Admin, new("DELETE /v1/pinning/pins/{requestid}", "DELETE /v1/pinning/pins/00ff")),

        new("the document", Asks.Nothing, Get("/v1/openapi.json")),
        new("health", Asks.Nothing, Get("/health"), new("/grpc.health.v1.Health/Check", _ => new HealthCheckRequest())),
        new("readiness", Asks.Nothing, Get("/ready")),
        new("watch of health", Asks.Nothing, null, new("/grpc.health.v1.Health/Watch", _ => new HealthCheckRequest())),
        new("reflection", Asks.Nothing, null, Reflection("v1")),
        new("reflection of before", Asks.Nothing, null, Reflection("v1alpha")),
        new("list actions", Asks.Nothing, null, Call("ListActions", _ => new Empty())),
        .. new[] { "/", "/explorer.css", "/explorer.js", "/arrowcid.mjs", "/signing.mjs", "/apache-arrow.js" }
            .Select(page => new ScopeRow($"page {page}", Asks.Nothing, Get(page))),
        .. new[] { "CancelFlightInfo", "RenewFlightEndpoint", "SetSessionOptions", "GetSessionOptions", "CloseSession" }
            .Select(action => new ScopeRow(action, Asks.Nothing, null, Act(action, ""))),
    ];

    private static HttpAsk Get(string pattern, string query = "") => new($"GET {pattern}", $"GET {pattern}{query}");

    private static HttpAsk Post(string pattern, string query = "") => new($"POST {pattern}", $"POST {pattern}{query}", Csv);

    private static HttpAsk Name(string method, string name, string? body = null) =>
        new($"{method} /v1/names/{{name}}", $"{method} /v1/names/{name}", body);

    private static FlightAsk Call(string method, Func<ScopeNames, IMessage> message) => new(FlightCall.Service + method, message);

    private static FlightAsk DoGet(string ticket) => Call("DoGet", names => FlightCall.Ticket(names.In(ticket)));

    private static FlightAsk Put(params string[] path) => Call("DoPut",
        names => new FlightData { FlightDescriptor = FlightCall.Path([.. path.Select(names.In)]) });

    private static FlightAsk Act(string action, string body) => new(FlightCall.Service + "DoAction", names =>
        new ArrowCid.Flight.Protocol.Action { Type = action, Body = ByteString.CopyFromUtf8(names.In(body)) }, action);

    private static FlightAsk Reflection(string version) =>
        new($"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo", _ => new ServerReflectionRequest { ListServices = "" });

    private static FlightDescriptor Command(string json) =>
        new() { Type = FlightDescriptor.Types.DescriptorType.Cmd, Cmd = ByteString.CopyFromUtf8(json) };
}
