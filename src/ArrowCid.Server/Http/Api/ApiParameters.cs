using ArrowCid.Server.Pinning;

namespace ArrowCid.Server.Http;

/// <summary>The parameters of the routes, as the OpenAPI document describes them.</summary>
internal static class ApiParameters
{
    private static readonly ApiParameter s_name = new("name",
        "A name. Its slashes may be encoded or not.")
    {
        In = "path",
        Example = "\"latest\"",
    };

    private static readonly ApiParameter s_dataset = new("name",
        "The name or CID of a dataset or batch. Slashes of a name may be encoded or not.")
    {
        In = "path",
        Example = "\"latest\"",
    };

    private static readonly ApiParameter s_cid = new("cid", "A CID, or @ and a name, which needs the scope read. " +
        "Slashes of a name may be encoded or not; in a name that ends in /info, /tags, /columns, /links or " +
        "/statements that slash must be encoded.")
    {
        In = "path",
        Example = "\"@latest\"",
    };

    private static readonly ApiParameter s_plainCid = new("cid", "A CID.") { In = "path", Example = "\"bafkqaaa\"" };

    private static readonly ApiParameter s_channel = new("channel",
        "The id of a channel, or its name where that has no slash.")
    {
        In = "path",
        Example = "\"telemetry\"",
    };

    private static readonly ApiParameter s_request = new("requestid", "The id of a pin request.") { In = "path" };

    private static readonly ApiParameter s_session = new("id", "The id of a session of sync.") { In = "path" };

    private static readonly ApiParameter s_path = new("path",
        "A path below the CID, whose slashes are not encoded; it may be empty.")
    {
        In = "path",
        Example = "\"\"",
    };

    private static readonly ApiParameter s_filter = new("filter", "Only blocks that pass this filter.")
    {
        Example = "\"rows > 0\"",
    };

    private static readonly ApiParameter s_columns = new("columns", "Only these top-level columns, in this order, " +
        "separated by commas. A comma or backslash in a name has a backslash before it.")
    {
        IsList = true,
        Example = "[\"n\"]",
    };

    /// <summary>The parameters of <c>GET /v1/blocks</c>.</summary>
    public static IReadOnlyList<ApiParameter> List { get; } =
    [
        s_filter,
        new("limit", "The largest number of lines.")
        {
            Type = "integer", Default = $"{ListApi.DefaultLimit}", Limits = (1, ListApi.MaxLimit), Example = "10",
        },
    ];

    /// <summary>The parameters of <c>POST /v1/blocks</c> that are metadata of the blocks.</summary>
    public static IReadOnlyList<ApiParameter> Metadata { get; } =
    [
        new("tag", "A tag of the blocks: KEY=VALUE.") { IsRepeated = true, Example = "[\"desk=rates\"]" },
        new("name", "A name for the one batch. A name that exists needs the scope admin.") { Example = "\"latest\"" },
        new("producer", "The person or program that made the batches.") { Example = "\"etl\"" },
        new("expires", "A duration such as 7d, a date or time, or never. " +
            "For a block that is stored already it needs the scope admin.") { Example = "\"7d\"" },
        new("pin", "Whether to pin the blocks, which needs the scope admin.") { Type = "boolean", Default = "false" },
        new("parent", "The CID of a block that the batches were made from.") { IsRepeated = true },
        new("about", "Any JSON.") { Example = "\"{}\"" },
    ];

    /// <summary>The parameters of <c>POST /v1/blocks</c>.</summary>
    public static IReadOnlyList<ApiParameter> Put { get; } =
    [
        .. Metadata,
        new("rowsPerBlock", "The number of rows of each block; by default as in the body.")
        {
            Type = "integer", Limits = (1, PutApi.MaxRows), Example = "65536",
        },
        new("types", "Types of columns of CSV and JSON lines: COLUMN=TYPE, separated by commas.")
        {
            Example = "\"price=float64\"",
        },
    ];

    /// <summary>The parameters of <c>GET /v1/blocks/{cid}</c>.</summary>
    public static IReadOnlyList<ApiParameter> Get { get; } =
    [
        new("format", "The form of the answer; takes precedence over Accept.")
        {
            Values = GetApi.FormatNames, Default = "\"arrow\"", Example = "\"csv\"",
        },
        s_columns with { Description = $"{s_columns.Description} Not for car." },
    ];

    /// <summary>The parameters of <c>GET /v1/sync/sum</c>.</summary>
    public static IReadOnlyList<ApiParameter> SyncSum { get; } = [s_filter];

    /// <summary>The parameters of <c>GET /v1/datasets/{name}.parquet</c>.</summary>
    public static IReadOnlyList<ApiParameter> Dataset { get; } = [s_columns];

    /// <summary>The parameters of <c>DELETE /v1/blocks/{cid}</c>.</summary>
    public static IReadOnlyList<ApiParameter> Remove { get; } =
    [
        new("dryRun", "Whether to report the result without removing the block.")
        {
            Type = "boolean", Default = "false",
        },
        new("force", "Whether to remove a block that is to be copied to a place first.")
        {
            Type = "boolean", Default = "false",
        },
    ];

    /// <summary>The parameters of <c>GET /v1/watch</c>.</summary>
    public static IReadOnlyList<ApiParameter> Watch { get; } =
    [
        new("from", "The start: now, oldest, or the id of an event.") { Default = "\"now\"", Example = "\"oldest\"" },
        s_filter,
        new("names", "A pattern of names, whose changes are sent as events 'name': name, old, new, time. Default: " +
            "none.")
        {
            Example = "\"prices/*\"",
        },
        new("puts", "Whether puts are sent.") { Type = "boolean", Default = "true" },
        new("Last-Event-ID", "The id of the last received event; takes precedence over from.") { In = "header" },
    ];

    /// <summary>The parameters of <c>GET /v1/channels/{channel}/messages</c>.</summary>
    public static IReadOnlyList<ApiParameter> Channel { get; } =
    [
        new("from", "The start: now, oldest, or the id of an event.") { Default = "\"now\"", Example = "\"oldest\"" },
        new("Last-Event-ID", "The id of the last received event; takes precedence over from.") { In = "header" },
    ];

    /// <summary>The parameters of the gateway.</summary>
    public static IReadOnlyList<ApiParameter> Gateway { get; } =
    [
        new("format", "The form of the answer; takes precedence over Accept. By default the bytes of a file.")
        {
            Values = ["raw", "car", "dag-cbor"], Example = "\"raw\"",
        },
        new("filename", "The file name in Content-Disposition."),
        new("download", "Whether a browser saves the answer as a file.") { Type = "boolean", Default = "false" },
        new("dag-scope", "The blocks of a CAR.") { Values = ["block", "entity", "all"], Default = "\"all\"" },
        new("entity-bytes", "The bytes of a file that the blocks of a CAR contain: FROM:TO or FROM:*."),
        new("car-version", "The version of a CAR.") { Values = ["1"] },
        new("car-order", "The order of the blocks of a CAR.") { Values = ["dfs", "unk"] },
        new("car-dups", "Whether a CAR repeats a block: y or n.") { Values = ["y", "n"], Default = "\"n\"" },
    ];

    /// <summary>The parameters of delegated routing.</summary>
    public static IReadOnlyList<ApiParameter> Routing { get; } =
    [
        new("filter-protocols", "Only providers with one of these protocols, separated by commas.") { IsList = true },
        new("filter-addrs", "Only addresses with one of these protocols, separated by commas.") { IsList = true },
    ];

    /// <summary>The parameters of <c>GET /v1/pinning/pins</c>.</summary>
    public static IReadOnlyList<ApiParameter> Pins { get; } =
    [
        new("cid", "Only requests for these CIDs, at most 10.") { IsRepeated = true },
        new("name", "Only requests with this name."),
        new("match", "How the name is compared.")
        {
            Values = ["exact", "iexact", "partial", "ipartial"], Default = "\"exact\"",
        },
        new("status", "Only requests in these states: queued, pinning, pinned, failed. Without any filter: pinned.")
        {
            IsRepeated = true, Example = "[\"pinned\"]",
        },
        new("before", "Only requests of before this time (RFC 3339).") { Example = "\"2999-01-01T00:00:00Z\"" },
        new("after", "Only requests of after this time (RFC 3339).") { Example = "\"2020-01-01T00:00:00Z\"" },
        new("limit", "The largest number of requests.")
        {
            Type = "integer", Default = $"{PinFilter.DefaultLimit}", Limits = (1, PinFilter.MaxLimit), Example = "10",
        },
        new("meta", "Only requests with these metadata: a JSON object of texts.") { Example = "\"{}\"" },
    ];

    /// <summary>The path parameters of a route, in the order of its pattern.</summary>
    public static IEnumerable<ApiParameter> OfPath(Route route) => OpenApiDocument.PathOf(route).Split('/')
        .Where(part => part.StartsWith('{')).Select(part => part switch
        {
            "{cid}" => route.Kind == RouteKind.Api ? s_cid : s_plainCid,
            "{name}" => s_name,
            "{name}.parquet" => s_dataset,
            "{path}" => s_path,
            "{channel}" => s_channel,
            "{requestid}" => s_request,
            "{id}" => s_session,
            _ => throw new InvalidOperationException($"no description of {part}"),
        });
}
