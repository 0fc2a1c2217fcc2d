using System.Globalization;
using ArrowCid.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ArrowCid.Server.Http;

/// <summary>What is served over HTTP.</summary>
internal static class HttpRoutes
{
    private static readonly ApiAnswer s_notModified =
        new(StatusCodes.Status304NotModified, "The caller has the bytes: If-None-Match has their ETag.");

    private static readonly ApiAnswer s_pinned =
        new(StatusCodes.Status202Accepted, "The request, with its id.", FileTypes.Json) { Schema = "PinStatus" };

    /// <summary>Every route there is.</summary>
    public static IReadOnlyList<Route> All(HttpService service)
    {
        var gateway = new Gateway(service.Blocks);
        var routing = new DelegatedRouting(service.Blocks, service);
        var operations = new Operations(service);
        var list = new ListApi(service);
        var relations = new RelationApi(service, list);
        var get = new GetApi(service);
        var sync = new SyncApi(service);
        var channels = new ChannelApi(service);
        return
        [
            new("GET", "/v1/openapi.json", null, RouteKind.Api, operations.OpenApi)
            {
                Document = new("getOpenApi", "Returns this document.", Json("The document.", "OpenApi")),
            },
            new("GET", "/v1/blocks", AccessOperation.List, RouteKind.Api, list.List)
            {
                Document = new("listBlocks", "Lists the blocks that pass a filter; without one, batches and datasets.",
                    Lines("One entry per line.", "Entry")) { Parameters = ApiParameters.List },
            },
            new("POST", "/v1/blocks", AccessOperation.PutBlock, RouteKind.Api, new PutApi(service).Put)
            {
                Document = new("putBlocks", "Stores batches. Nothing is stored if the body is incomplete or does not " +
                    "match Content-Type.", Json("All blocks were stored before.", "Put"),
                    Json("At least one block is new.", "Put") with { Status = StatusCodes.Status201Created })
                {
                    Parameters = ApiParameters.Put,
                    BodyTypes = [FileTypes.ArrowStream, FileTypes.ArrowFile, FileTypes.Parquet, FileTypes.Csv,
                        FileTypes.JsonLines],
                    Errors = [StatusCodes.Status406NotAcceptable, StatusCodes.Status415UnsupportedMediaType],
                },
                Success = StatusCodes.Status201Created,
            },
            new("GET", "/v1/blocks/{cid}", AccessOperation.FetchBlock, RouteKind.Api, get.Get)
            {
                Document = new("getBlock", "Returns a batch, or the batches of a dataset.",
                    new(StatusCodes.Status200OK, "The bytes. X-Arrowcid-Dag is the root of the same bytes as a " +
                        "UnixFS file, if they are over 1 MiB.", GetApi.Types),
                    new(StatusCodes.Status206PartialContent, "A range of the bytes.", GetApi.Types), s_notModified)
                {
                    Parameters = ApiParameters.Get,
                    Errors = [StatusCodes.Status406NotAcceptable, StatusCodes.Status416RangeNotSatisfiable],
                },
            },
            new("PUT", "/v1/blocks/{cid}", AccessOperation.PutBlock, RouteKind.Api, new PutApi(service).PutOne)
            {
                Document = new("putBlock", "Stores a block of any kind. Nothing is stored if the bytes do not hash " +
                    "to the CID.", Json("The block was stored before.", "StoredBlock"),
                    Json("The block is new.", "StoredBlock") with { Status = StatusCodes.Status201Created })
                {
                    BodyTypes = [FileTypes.Bytes],
                },
                Success = StatusCodes.Status201Created,
            },
            new("DELETE", "/v1/blocks/{cid}", AccessOperation.RemoveBlock, RouteKind.Api, list.Remove)
            {
                Document = new("removeBlock", "Removes a block that no name, pin, process or other block keeps.",
                    Json("The block was removed, or would be.", "Removal")) { Parameters = ApiParameters.Remove },
            },
            new("GET", "/v1/blocks/{cid}/info", AccessOperation.List, RouteKind.Api, list.Info)
            {
                Document = new("describeBlock", "Returns the metadata of a block.",
                    Json("The metadata and the fields of the schema.", "Info")),
            },
            new("GET", "/v1/blocks/{cid}/columns", AccessOperation.FetchBlock, RouteKind.Api, list.Columns)
            {
                Document = new("getColumnCids", "Returns the logical fingerprint of a batch or dataset, and the " +
                    "column CIDs: hashes of values, whatever their encoding.", Json("The CIDs.", "Columns")),
            },
            new("GET", "/v1/blocks/{cid}/links", AccessOperation.List, RouteKind.Api, relations.Links)
            {
                Document = new("listLinks", "Returns the schema, parents, children and names of a block.",
                    Json("The links.", "Links")),
            },
            new("GET", "/v1/blocks/{cid}/statements", AccessOperation.List, RouteKind.Api, relations.Statements)
            {
                Document = new("listStatements", "Lists the signed statements about a block.",
                    Lines("One statement per line, with its bytes and its signature.", "SignedStatement")),
            },
            new("GET", "/v1/datasets/{name}.parquet", AccessOperation.ResolveName, RouteKind.Api, get.GetParquet)
            {
                Document = new("getDatasetParquet", "Returns a dataset or batch as one Parquet file, for readers " +
                    "that fetch ranges.",
                    new(StatusCodes.Status200OK, "The file. Content-Location is its path by CID.", FileTypes.Parquet),
                    new(StatusCodes.Status206PartialContent, "A range of the file.", FileTypes.Parquet), s_notModified)
                {
                    Parameters = ApiParameters.Dataset,
                    Errors = [StatusCodes.Status406NotAcceptable, StatusCodes.Status410Gone,
                        StatusCodes.Status416RangeNotSatisfiable],
                },
            },
            new("POST", "/v1/blocks/{cid}/tags", AccessOperation.Annotate, RouteKind.Api, list.Tag)
            {
                Document = new("setTags", "Sets tags; null deletes one.", Json("All tags of the block.", "Tags"))
                {
                    BodyTypes = [FileTypes.Json], BodySchema = "TagChanges",
                },
            },
            new("GET", "/v1/names", AccessOperation.List, RouteKind.Api, list.Names)
            {
                Document = new("listNames", "Lists all names.", Lines("One name per line.", "Name")),
            },
            new("GET", "/v1/names/{name}", AccessOperation.ResolveName, RouteKind.Api, list.Name)
            {
                Document = new("resolveName", "Returns the CID that a name points to.", Json("The name.", "Name")),
            },
            new("PUT", "/v1/names/{name}", AccessOperation.CreateName, RouteKind.Api, list.SetName)
            {
                Document = new("setName", "Points a name to a block. A name that exists, or begins with arrowcid., " +
                    "needs the scope admin.", Json("The change.", "Name"))
                {
                    BodyTypes = [FileTypes.Json], BodySchema = "NameTarget",
                },
            },
            new("DELETE", "/v1/names/{name}", AccessOperation.ChangeName, RouteKind.Api, list.RemoveName)
            {
                Document = new("removeName", "Deletes a name; the block stays.",
                    new ApiAnswer(StatusCodes.Status204NoContent, "The name was deleted.")),
                Success = StatusCodes.Status204NoContent,
            },
            new("GET", "/v1/history/{name}", AccessOperation.List, RouteKind.Api, relations.History)
            {
                Document = new("listNameHistory", "Lists what a name pointed to, oldest first.",
                    Lines("One change per line; cid is null where the name was deleted.", "Name")),
            },
            new("GET", "/v1/places", AccessOperation.ReadConfiguration, RouteKind.Api, relations.Places)
            {
                Document = new("listPlaces", "Lists the places of copies.", Lines("One place per line.", "Place")),
            },
            new("GET", "/v1/audit", AccessOperation.ReadAudit, RouteKind.Api, new AuditApi(service).Get)
            {
                Document = new("getAudit", "Lists who put, named, pinned and removed what, oldest first.",
                    new ApiAnswer(StatusCodes.Status200OK, "One entry per line, or an Arrow stream.", AuditApi.Types)
                    {
                        Schema = "AuditEntry",
                    })
                {
                    Parameters = AuditApi.Parameters, Errors = [StatusCodes.Status406NotAcceptable],
                },
            },
            new("GET", "/v1/watch", AccessOperation.List, RouteKind.Api, new WatchApi(service).Watch)
            {
                Document = new("watch", "Streams puts as server-sent events: new, again, gap, name, end. The id of " +
                    "an event is the cursor after it; Last-Event-ID continues there.",
                    new ApiAnswer(StatusCodes.Status200OK, "Events.", "text/event-stream"))
                {
                    Parameters = ApiParameters.Watch, Errors = [StatusCodes.Status410Gone],
                },
                IsEndless = true,
            },
            new("POST", "/v1/sync", AccessOperation.List, RouteKind.Api, sync.Open)
            {
                Document = new("openSync", "Opens a session of sync and answers the messages of the body. Pushing " +
                    "needs the scope put.",
                    new ApiAnswer(StatusCodes.Status201Created, "Messages; Location is the session.", FileTypes.Sync))
                {
                    BodyTypes = [FileTypes.Sync], Errors = [StatusCodes.Status415UnsupportedMediaType],
                },
                Success = StatusCodes.Status201Created,
                ServesReadOnly = true,
            },
            new("POST", "/v1/sync/{id}", AccessOperation.List, RouteKind.Api, sync.Continue)
            {
                Document = new("continueSync", "Answers further messages of a session of sync.",
                    new ApiAnswer(StatusCodes.Status200OK, "Messages.", FileTypes.Sync))
                {
                    BodyTypes = [FileTypes.Sync],
                    Errors = [StatusCodes.Status415UnsupportedMediaType],
                },
                ServesReadOnly = true,
            },
            new("DELETE", "/v1/sync/{id}", AccessOperation.List, RouteKind.Api, sync.End)
            {
                Document = new("endSync", "Ends a session of sync.",
                    new ApiAnswer(StatusCodes.Status204NoContent, "The session was ended.")),
                Success = StatusCodes.Status204NoContent,
                ServesReadOnly = true,
            },
            new("GET", "/v1/sync/sum", AccessOperation.List, RouteKind.Api, sync.Sum)
            {
                Document = new("sumSync", "Returns the number and the sum of the blocks and facts that pass a " +
                    "filter: two stores with equal sums are in step.", Json("The sums.", "SyncSums"))
                {
                    Parameters = ApiParameters.SyncSum,
                },
            },
            new("GET", "/v1/channels", AccessOperation.List, RouteKind.Api, channels.List)
            {
                Document = new("listChannels", "Lists the channels.", Lines("One channel per line.", "Channel")),
            },
            new("POST", "/v1/channels", AccessOperation.ManageChannel, RouteKind.Api, channels.Create)
            {
                Document = new("createChannel", "Creates a channel.",
                    Json("The channel.", "Channel") with { Status = StatusCodes.Status201Created })
                {
                    BodyTypes = [FileTypes.Json], BodySchema = "NewChannel",
                },
                Success = StatusCodes.Status201Created,
            },
            new("GET", "/v1/channels/{channel}/messages", AccessOperation.List, RouteKind.Api, channels.Read)
            {
                Document = new("readChannel", "Streams the messages of a channel as server-sent events, each after " +
                    "all that it follows. The id of an event is the cursor after it; Last-Event-ID continues there.",
                    new ApiAnswer(StatusCodes.Status200OK, "Events.", "text/event-stream"))
                {
                    Parameters = ApiParameters.Channel,
                },
                IsEndless = true,
            },
            new("POST", "/v1/channels/{channel}/messages", AccessOperation.PublishMessage, RouteKind.Api,
                channels.Publish)
            {
                Document = new("publishMessage", "Publishes a message without a signature, in an open channel.",
                    Json("The message.", "PublishedMessage") with { Status = StatusCodes.Status201Created })
                {
                    BodyTypes = [FileTypes.Json], BodySchema = "NewMessage",
                },
                Success = StatusCodes.Status201Created,
            },
            new("POST", "/v1/channels/{channel}/exchange", AccessOperation.PublishMessage, RouteKind.Api,
                channels.Exchange)
            {
                Document = new("exchangeMessages", "Takes in the lists of another participant and returns the answers.",
                    new ApiAnswer(StatusCodes.Status200OK, "Lists.", ChannelApi.ExchangeType))
                {
                    BodyTypes = [ChannelApi.ExchangeType],
                },
            },
            new("GET", "/ipfs/{cid}/{**path}", AccessOperation.FetchBlock, RouteKind.Gateway, gateway.Serve)
            {
                Document = new("getIpfs", "Returns a block, a CAR or a file: the trustless gateway of IPFS.",
                    new(StatusCodes.Status200OK, "The bytes.", GatewayRequest.Types),
                    new(StatusCodes.Status206PartialContent, "A range of the bytes.", GatewayRequest.Types),
                    s_notModified)
                {
                    Parameters = ApiParameters.Gateway,
                    Errors = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable,
                        StatusCodes.Status410Gone, StatusCodes.Status412PreconditionFailed,
                        StatusCodes.Status416RangeNotSatisfiable],
                },
            },
            new("GET", "/routing/v1/providers/{cid}", AccessOperation.FetchBlock, RouteKind.Gateway, routing.Providers)
            {
                Document = new("findProviders", "Returns the providers of a block: this server, if it is stored, and " +
                    "others that are recorded to have a copy.",
                    new ApiAnswer(StatusCodes.Status200OK, "The providers; as JSON lines, one provider per line.",
                        FileTypes.Json, FileTypes.JsonLines) { Schema = "Providers" })
                {
                    Parameters = ApiParameters.Routing, Errors = [StatusCodes.Status422UnprocessableEntity],
                },
            },
            new("GET", "/health", null, RouteKind.Operation, Operations.Health)
            {
                Document = new("getHealth", "Answers while the process runs.", Text("The process runs.")),
            },
            new("GET", "/ready", null, RouteKind.Operation, Operations.Ready)
            {
                Document = new("getReadiness", "Answers 200 while the store can be used.", Text("The store is ready.")),
            },
            new("GET", "/metrics", AccessOperation.List, RouteKind.Operation, operations.Figures)
            {
                Document = new("getMetrics", "Returns the metrics in the text format of Prometheus.",
                    Text("The metrics.")),
            },
            new("GET", "/config", AccessOperation.ReadConfiguration, RouteKind.Operation, operations.Configuration)
            {
                Document = new("getConfiguration", "Returns the server's settings and where each comes from.",
                    Json("The settings.", "Configuration")),
            },
            .. Page.Routes,
            .. service.Pinning is null ? [] : PinRoutes(new PinApi(service, routing)),
        ];
    }

    private static IReadOnlyList<Route> PinRoutes(PinApi pins) =>
    [
        new("GET", "/v1/pinning/pins", AccessOperation.List, RouteKind.Pinning, pins.List)
        {
            Document = new("listPins", "Lists pin requests, the latest first (IPFS Pinning Service API).",
                Json("The requests.", "PinResults")) { Parameters = ApiParameters.Pins },
        },
        new("POST", "/v1/pinning/pins", AccessOperation.Pin, RouteKind.Pinning, pins.Add)
        {
            Document = new("addPin", "Asks to fetch a block with everything beneath it, and to keep it.", s_pinned)
            {
                BodyTypes = [FileTypes.Json], BodySchema = "Pin",
            },
            Success = StatusCodes.Status202Accepted,
        },
        new("GET", "/v1/pinning/pins/{requestid}", AccessOperation.List, RouteKind.Pinning, pins.Get)
        {
            Document = new("getPin", "Returns a pin request.", Json("The request.", "PinStatus")),
        },
        new("POST", "/v1/pinning/pins/{requestid}", AccessOperation.Pin, RouteKind.Pinning, pins.Replace)
        {
            Document = new("replacePin", "Replaces a pin request; blocks that both need stay.", s_pinned)
            {
                BodyTypes = [FileTypes.Json], BodySchema = "Pin",
            },
            Success = StatusCodes.Status202Accepted,
        },
        new("DELETE", "/v1/pinning/pins/{requestid}", AccessOperation.Pin, RouteKind.Pinning, pins.Remove)
        {
            Document = new("removePin", "Removes a pin request; its blocks stay until they are collected.",
                new ApiAnswer(StatusCodes.Status202Accepted, "The request was removed.")),
            Success = StatusCodes.Status202Accepted,
        },
    ];

    /// <summary>Maps the routes of some kinds.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <param name="service">What the routes share.</param>
    /// <param name="pipeline">What each request passes before its route.</param>
    /// <param name="kinds">The kinds.</param>
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, HttpService service,
        Func<RequestDelegate, RequestDelegate> pipeline, params RouteKind[] kinds)
    {
        RouteGroupBuilder group = endpoints.MapGroup("");
        foreach (IGrouping<string, Route> same in All(service).Where(route => kinds.Contains(route.Kind))
            .GroupBy(route => route.Pattern))
        {
            // Paths such as /health may be the host's own: a route of the host comes first.
            int order = same.First().Kind is RouteKind.Operation or RouteKind.Page ? 1 : 0;
            foreach (Route route in same)
            {
                string[] methods = route.Method == "GET" ? ["GET", "HEAD"] : [route.Method];
                group.MapMethods(route.Pattern, methods, pipeline(new RoutePipeline(route, service).Serve))
                    .WithMetadata(route).WithOrder(order);
                if (route.IsEndless) continue;
                service.Metrics.Expect(CallerConnection.Http, route.Pattern,
                    route.Success.ToString(CultureInfo.InvariantCulture));
            }

            Route first = same.First();
            group.MapMethods(same.Key, ["OPTIONS"], context => Preflight(context, first, service))
                .WithMetadata(first).WithOrder(order);
        }

        return group;
    }

    /// <summary>Answers paths under <c>/v1</c> that are no route as the API answers errors.</summary>
    public static async Task Unknown(HttpContext context, RequestDelegate next)
    {
        Endpoint? endpoint = context.GetEndpoint();
        bool isOurs = endpoint?.Metadata.GetMetadata<Route>() is not null;
        if (isOurs || !context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        HttpResponse response = context.Response;
        // Where there is an endpoint it answers another method, and sets the status and Allow.
        if (endpoint is null) response.StatusCode = StatusCodes.Status404NotFound;
        else await next(context).ConfigureAwait(false);
        if (response.HasStarted) return;
        string message = response.StatusCode == StatusCodes.Status405MethodNotAllowed
            ? $"{context.Request.Method} is not a method of this route; {response.Headers.Allow} are"
            : "there is no such route; /v1/openapi.json lists all";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await HttpErrors.WriteJson(response, ErrorCode.InvalidArgument, message).ConfigureAwait(false);
    }

    /// <summary>What a browser asks before it sends what a page wants to.</summary>
    private static Task Preflight(HttpContext context, Route route, HttpService service)
    {
        HttpResponse response = context.Response;
        response.StatusCode = StatusCodes.Status204NoContent;
        string origin = context.Request.Headers.Origin.ToString();
        if (route.Kind == RouteKind.Gateway) Cors.Open(response);
        else if (service.Origins.IsOrigin(origin) && service.Origins.IsHost(context.Request.Host))
            Cors.Allow(response, origin);
        return Task.CompletedTask;
    }

    private static ApiAnswer Json(string description, string schema) =>
        new(StatusCodes.Status200OK, description, FileTypes.Json) { Schema = schema };

    private static ApiAnswer Lines(string description, string schema) =>
        new(StatusCodes.Status200OK, description, FileTypes.JsonLines) { Schema = schema };

    private static ApiAnswer Text(string description) => new(StatusCodes.Status200OK, description, "text/plain");
}
