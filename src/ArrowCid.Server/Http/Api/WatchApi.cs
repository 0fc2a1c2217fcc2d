using System.Text;
using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ArrowCid.Server.Http;

/// <summary><c>GET /v1/watch</c>: puts as they come, as server-sent events. An event's id is the cursor after it, so a
/// browser that comes again goes on where it was. A watcher that is slow lags; nothing is kept for it.</summary>
internal sealed class WatchApi(HttpService service)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(15);

    public async Task Watch(HttpContext context)
    {
        var feed = new WatchFeed(service.Store, service.Live, From(context), ApiQuery.FilterOf(context));
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        var stream = new PipeStream(response.BodyWriter);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, service.Stopping);
        try
        {
            await response.StartAsync(ends.Token).ConfigureAwait(false);
            // The headers go at once: a client that has them knows that it misses nothing.
            stream.Write(": watching\n\n"u8);
            await stream.Send(ends.Token).ConfigureAwait(false);
            await feed.RunAsync(s_beat, Send, ends.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (service.Stopping.IsCancellationRequested
            && !context.RequestAborted.IsCancellationRequested)
        {
            // The client comes again with the last id.
            stream.Write("event: end\ndata: {}\n\n"u8);
            await stream.Send(context.RequestAborted).ConfigureAwait(false);
        }

        async Task Send(WatchPage page)
        {
            if (page.Puts.Count == 0) stream.Write(": beat\n\n"u8);
            foreach (StoreEvent put in page.Puts) stream.Write(Event(put));
            await stream.Send(ends.Token).ConfigureAwait(false);
        }
    }

    private static Cursor From(HttpContext context)
    {
        string text = context.Request.Headers["Last-Event-ID"].ToString();
        if (text.Length == 0) text = context.Request.Query["from"].ToString();
        if (text.Length == 0) return Cursor.Now;
        return Cursor.TryParse(text, out Cursor from)
            ? from
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                "from, or Last-Event-ID, is now, oldest, or the id of an event");
    }

    private static byte[] Event(StoreEvent put)
    {
        string kind = JsonNamingPolicy.CamelCase.ConvertName(put.Kind.ToString());
        using var bytes = new MemoryStream();
        bytes.Write(Encoding.ASCII.GetBytes($"id: {put.Cursor}\nevent: {kind}\ndata: "));
        bytes.Write(JsonObject.Bytes(writer =>
        {
            if (put.Gap is { } gap)
            {
                writer.WriteString("reason", JsonNamingPolicy.CamelCase.ConvertName(gap.Reason.ToString()));
                writer.WriteNumber("lane", gap.Lane);
                writer.WriteNumber("first", gap.First);
                writer.WriteNumber("last", gap.Last);
            }
            else
            {
                writer.WriteString("cid", put.Cid.ToString());
                writer.WriteString("schemaCid", put.SchemaCid.ToString());
                writer.WriteNumber("rows", put.Rows);
                writer.WriteNumber("bytes", put.ByteLength);
                writer.WriteString("time", EntryJson.Time(put.Time));
                writer.WriteNumber("lane", put.Lane);
                writer.WriteNumber("sequence", put.Sequence);
            }
        }));
        bytes.Write("\n\n"u8);
        return bytes.ToArray();
    }
}
