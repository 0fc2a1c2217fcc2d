using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>Lists blocks and names with their metadata, changes the metadata, and deletes.</summary>
internal sealed class ListApi(HttpService service)
{
    /// <summary>The limit of a listing: the largest, and the default.</summary>
    public const int MaxLimit = 1_000_000, DefaultLimit = 1000;

    private const int LinesAtOnce = 64;
    private const int MostBody = 256 << 10, BodyDepth = 8;

    /// <summary><c>GET /v1/blocks</c>: entries that pass a filter, a JSON object a line.</summary>
    public async Task List(HttpContext context)
    {
        Filter? filter = ApiQuery.FilterOf(context);
        int limit = ApiQuery.Number(context, "limit", DefaultLimit, MaxLimit);
        IEnumerable<StoredEntry> entries = filter is null
            ? service.Store.Query().Where(entry => entry.Kind is BlockKind.Batch or BlockKind.Dataset)
            : service.Store.Query(filter);
        await Lines(context, entries.Take(limit), EntryJson.Write).ConfigureAwait(false);
    }

    /// <summary><c>GET /v1/blocks/{cid}/info</c>.</summary>
    public async Task Info(HttpContext context)
    {
        Cid cid = ApiQuery.CidOf(context, service.Store);
        StoredEntry entry = service.Store.Metadata.Get(cid) ?? throw NotHere(cid);
        Cid? dag = null;
        Schema? schema = null;
        if (entry.IsPresent && entry.ByteLength > LargeBlock.LeafBytes)
        {
            using ServedBlock? block = service.Blocks.TryOpen(cid);
            dag = block?.Dag;
        }

        if (entry.Kind is BlockKind.Batch or BlockKind.Dataset)
        {
            Cid batch = entry.Kind == BlockKind.Dataset && service.Store.Datasets.TryGet(cid) is [var first, ..]
                ? first
                : cid;
            using BatchLease? lease = batch == cid && entry.Kind == BlockKind.Dataset
                ? null
                : service.Store.TryGet(batch);
            schema = lease?.View.Schema;
        }

        await HttpErrors.WriteJson(context.Response, writer =>
        {
            EntryJson.Write(writer, entry);
            writer.WriteString("dag", (dag ?? entry.Cid).ToString());
            if (schema is not null) WriteFields(writer, schema);
        }).ConfigureAwait(false);
    }

    /// <summary><c>GET /v1/blocks/{cid}/columns</c>: the logical fingerprint and the column CIDs.</summary>
    public async Task Columns(HttpContext context)
    {
        Cid cid = ApiQuery.CidOf(context, service.Store);
        if (service.Store.Metadata.Get(cid) is not { IsPresent: true } entry) throw NotHere(cid);
        if (entry.Kind is not (BlockKind.Batch or BlockKind.Dataset)) throw Invalid($"{cid} is no batch or dataset");
        LogicalFingerprint found = await Task.Run(() => service.Store.Metadata.GetFingerprint(cid),
            context.RequestAborted).ConfigureAwait(false);
        await HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteString("cid", cid.ToString());
            writer.WriteString("fingerprint", found.Text);
            writer.WriteNumber("rows", found.Rows);
            writer.WriteStartArray("columns");
            foreach ((string name, Cid column) in found.Columns)
            {
                writer.WriteStartObject();
                writer.WriteString("name", name);
                writer.WriteString("cid", column.ToString());
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }).ConfigureAwait(false);
    }

    /// <summary><c>POST /v1/blocks/{cid}/tags</c>: an object of tags; null takes one away.</summary>
    public async Task Tag(HttpContext context)
    {
        Cid cid = ApiQuery.CidOf(context, service.Store);
        var tags = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (JsonProperty member in (await Body(context).ConfigureAwait(false)).EnumerateObject())
        {
            tags[member.Name] = member.Value.ValueKind switch
            {
                JsonValueKind.String => member.Value.GetString(),
                JsonValueKind.Null => null,
                _ => throw Invalid($"the tag '{member.Name}' is not a text"),
            };
        }

        if (service.Store.Metadata.Get(cid) is not { IsPresent: true }) throw NotHere(cid);
        service.Store.Metadata.Set(cid, new BlockMetadata { Tags = tags });
        StoredEntry? entry = service.Store.Metadata.Get(cid);
        await HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteString("cid", cid.ToString());
            if (entry is not null) EntryJson.WriteTags(writer, entry);
        }).ConfigureAwait(false);
    }

    /// <summary><c>DELETE /v1/blocks/{cid}</c>: removes a block that nothing keeps; with <c>?dryRun=true</c> it
    /// only says what would be, and with <c>?force=true</c> the backlog of a place does not keep it.</summary>
    public async Task Remove(HttpContext context)
    {
        Cid cid = ApiQuery.CidOf(context, service.Store);
        bool isDryRun = Flag("dryRun");
        RemoveResult result = service.Store.Retention.Remove([cid], isDryRun, Flag("force"));
        if (result.Kept is [{ Reasons: { } reasons }])
        {
            if (reasons.All(reason => reason.Kind == KeepKind.NotHere)) throw NotHere(cid);
            string words = string.Join("; ", reasons.Select(each => Remedy.Join(each.ToString(), each.Remedy)));
            throw new GatewayException(409, $"{cid} stays: {words}", ErrorCode.InvalidArgument);
        }

        await HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteString("cid", cid.ToString());
            writer.WriteBoolean("isRemoved", !isDryRun);
            writer.WriteBoolean("isDryRun", isDryRun);
            writer.WriteNumber("bytes", result.ByteLength);
        }).ConfigureAwait(false);

        bool Flag(string name) => context.Request.Query[name].ToString() switch
        {
            "" or "false" => false,
            "true" => true,
            _ => throw Invalid($"{name} is true or false"),
        };
    }

    /// <summary><c>GET /v1/names</c>.</summary>
    public Task Names(HttpContext context) => Lines(context, service.Store.Names.List(), WriteName);

    /// <summary><c>GET /v1/names/{name}</c>.</summary>
    public async Task Name(HttpContext context)
    {
        string name = NameOf(context);
        Cid cid = service.Store.Names.Resolve(name)
            ?? throw new ArrowCidException(ErrorCode.NameNotFound, $"no name '{name}'");
        await HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteString("name", name);
            writer.WriteString("cid", cid.ToString());
        }).ConfigureAwait(false);
    }

    /// <summary><c>PUT /v1/names/{name}</c>: <c>{"cid": …, "expected": …}</c>. With <c>expected</c> the name changes
    /// only where it points to that block, or, where it is null, where there is no such name.</summary>
    public async Task SetName(HttpContext context)
    {
        string name = NameOf(context);
        var expected = new NameExpectation(IsAny: true, null);
        JsonElement body = await Body(context).ConfigureAwait(false);
        Cid cid = body.TryGetProperty("cid", out JsonElement to) ? CidOf(to) : throw Invalid("cid is missing");
        foreach (JsonProperty member in body.EnumerateObject())
        {
            if (member.Name == "expected")
                expected = new(IsAny: false, member.Value.ValueKind == JsonValueKind.Null ? null : CidOf(member.Value));
            else if (member.Name != "cid")
                throw Invalid($"'{member.Name}' is not a member of this body; cid and expected are");
        }

        NameChange change = service.RightsOf(context).SetName(name, cid, expected)!.Value;
        await HttpErrors.WriteJson(context.Response, writer => WriteName(writer, change)).ConfigureAwait(false);
    }

    /// <summary><c>DELETE /v1/names/{name}</c>: the block stays.</summary>
    public Task RemoveName(HttpContext context)
    {
        string name = NameOf(context);
        if (!service.Store.Names.Remove(name))
            throw new ArrowCidException(ErrorCode.NameNotFound, $"no name '{name}'");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Answers with one JSON object per line.</summary>
    public async Task Lines<T>(HttpContext context, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        HttpResponse response = context.Response;
        response.ContentType = FileTypes.JsonLines;
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var stream = new PipeStream(response.BodyWriter);
        int lines = 0;
        foreach (T item in items)
        {
            stream.Write(JsonObject.Bytes(writer => write(writer, item)));
            stream.Write("\n"u8);
            if (++lines % LinesAtOnce != 0) continue;
            await stream.Send(context.RequestAborted).ConfigureAwait(false);
            service.Stopping.ThrowIfCancellationRequested();
        }

        await stream.Send(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Writes a change of a name.</summary>
    public static void WriteName(Utf8JsonWriter writer, NameChange change)
    {
        writer.WriteString("name", change.Name);
        writer.WriteString("cid", change.Cid?.ToString());
        writer.WriteString("time", EntryJson.Time(change.Time));
    }

    private static void WriteFields(Utf8JsonWriter writer, Schema schema)
    {
        writer.WriteStartArray("fields");
        foreach (Field field in schema.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("name", field.Name);
            writer.WriteString("type", field.Type.ToString());
            writer.WriteBoolean("nullable", field.IsNullable);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string NameOf(HttpContext context) => PathNames.NameOf(context);

    private static Cid CidOf(JsonElement text) => text.ValueKind == JsonValueKind.String
        ? Cid.Parse(text.GetString()!)
        : throw Invalid("a CID is a text");

    private static async Task<JsonElement> Body(HttpContext context)
    {
        if (context.Request.ContentLength > MostBody)
            throw new ArrowCidException(ErrorCode.TooLarge, $"the body has at most {MostBody} bytes");
        using var bytes = new MemoryStream();
        byte[] piece = new byte[16 << 10];
        int n;
        while ((n = await context.Request.Body.ReadAsync(piece, context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            if (bytes.Length + n > MostBody)
                throw new ArrowCidException(ErrorCode.TooLarge, $"the body has at most {MostBody} bytes");
            bytes.Write(piece, 0, n);
        }

        JsonElement root = StrictJson.Parse(bytes.ToArray(), BodyDepth, out string? error);
        if (error is not null) throw Invalid($"the body is not JSON: {error}");
        return root.ValueKind == JsonValueKind.Object ? root : throw Invalid("the body is not a JSON object");
    }

    private static ArrowCidException Invalid(string rule) => new(ErrorCode.InvalidArgument, rule);

    /// <summary>What is not here cannot be tagged or removed, whatever became of its bytes.</summary>
    private static ArrowCidException NotHere(Cid cid) => new(ErrorCode.BlockNotFound, $"no block {cid} is here");
}
