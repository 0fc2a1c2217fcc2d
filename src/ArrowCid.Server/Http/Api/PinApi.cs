using System.Globalization;
using System.Text.Json;
using ArrowCid.Server.Pinning;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>The IPFS Pinning Service API, version 1.0.0.</summary>
internal sealed class PinApi(HttpService service, DelegatedRouting routing)
{
    /// <summary>Answers <c>GET /pins</c>.</summary>
    public async Task List(HttpContext context)
    {
        var filter = PinFilter.Read(context.Request.Query);
        PinRequest[] found = [.. service.Pins.List().Where(filter.Passes)];
        context.Response.Headers.CacheControl = "no-store";
        await HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteNumber("count", found.Length);
            writer.WriteStartArray("results");
            foreach (PinRequest request in found.Take(filter.Limit))
            {
                writer.WriteStartObject();
                WriteMembers(writer, request, context);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }).ConfigureAwait(false);
    }

    /// <summary>Answers <c>GET /pins/{requestid}</c>.</summary>
    public Task Get(HttpContext context) => Answer(context, Find(context), StatusCodes.Status200OK);

    /// <summary>Answers <c>POST /pins</c>.</summary>
    public async Task Add(HttpContext context)
    {
        PinRequest asked = await PinBody.ReadAsync(context).ConfigureAwait(false);
        await Answer(context, service.Pins.Add(asked), StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    /// <summary>Answers <c>POST /pins/{requestid}</c>.</summary>
    public async Task Replace(HttpContext context)
    {
        PinRequest before = Find(context);
        PinRequest asked = await PinBody.ReadAsync(context).ConfigureAwait(false);
        await Answer(context, service.Pins.Add(asked, before), StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    /// <summary>Answers <c>DELETE /pins/{requestid}</c>.</summary>
    public Task Remove(HttpContext context)
    {
        string id = IdOf(context);
        if (!service.Pins.Remove(id)) throw NotFound(id);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return Task.CompletedTask;
    }

    private PinRequest Find(HttpContext context)
    {
        string id = IdOf(context);
        return service.Pins.Find(id) ?? throw NotFound(id);
    }

    private async Task Answer(HttpContext context, PinRequest request, int status)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        await HttpErrors.WriteJson(context.Response, writer => WriteMembers(writer, request, context))
            .ConfigureAwait(false);
    }

    private void WriteMembers(Utf8JsonWriter writer, PinRequest request, HttpContext context)
    {
        writer.WriteString("requestid", request.Id);
        writer.WriteString("status", request.State switch
        {
            PinState.Queued => "queued",
            PinState.Pinning => "pinning",
            PinState.Pinned => "pinned",
            _ => "failed",
        });
        writer.WriteString("created", DateTimeOffset.FromUnixTimeMilliseconds(request.Created)
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        writer.WriteStartObject("pin");
        writer.WriteString("cid", request.CidText);
        if (request.Name is { } name) writer.WriteString("name", name);
        if (request.Origins.Length > 0)
        {
            writer.WriteStartArray("origins");
            foreach (string origin in request.Origins) writer.WriteStringValue(origin);
            writer.WriteEndArray();
        }

        WriteTexts(writer, "meta", request.Meta);
        writer.WriteEndObject();
        writer.WriteStartArray("delegates");
        // The pipeline has checked the host by which the server was called.
        writer.WriteStringValue(routing.AddressOf(context)!.ToString());
        writer.WriteEndArray();
        var info = new Dictionary<string, string>(StringComparer.Ordinal);
        if (request.Details is { } details) info["status_details"] = details;
        if (request.State == PinState.Pinned)
            info["dag_size"] = request.Bytes.ToString(CultureInfo.InvariantCulture);
        WriteTexts(writer, "info", info);
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> texts)
    {
        if (texts.Count == 0) return;
        writer.WriteStartObject(name);
        foreach ((string key, string value) in texts) writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static string IdOf(HttpContext context) => (string?)context.Request.RouteValues["requestid"] ?? "";

    private static ArrowCidException NotFound(string id) =>
        new(ErrorCode.NameNotFound, $"no pin request '{id}' is here");
}
