using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary><c>GET /v1/watch</c>: puts as they come, as server-sent events. An event's id is the cursor after it, so a
/// browser that comes again goes on where it was. A watcher that is slow lags; nothing is kept for it.</summary>
internal sealed class WatchApi(HttpService service)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(15);

    public Task Watch(HttpContext context)
    {
        string? names = context.Request.Query["names"];
        var feed = new WatchFeed(service.Store, service.Live, From(context), ApiQuery.FilterOf(context),
            string.IsNullOrEmpty(names) ? null : names, WithPuts(context));
        return EventStream.Run(context, "watching", (stream, ends) => feed.RunAsync(s_beat, page =>
        {
            if (page.Puts.Count == 0) stream.Write(EventStream.Beat);
            foreach (StoreEvent put in page.Puts) stream.Write(Event(put));
            return stream.Send(ends).AsTask();
        }, ends), service.Stopping);
    }

    private static Cursor From(HttpContext context)
    {
        string text = EventStream.From(context);
        if (text.Length == 0) return Cursor.Now;
        return Cursor.TryParse(text, out Cursor from)
            ? from
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                "from, or Last-Event-ID, is now, oldest, or the id of an event");
    }

    private static bool WithPuts(HttpContext context) => context.Request.Query["puts"].ToString() switch
    {
        "" or "true" => true,
        "false" => false,
        _ => throw new ArrowCidException(ErrorCode.InvalidArgument, "puts is true or false"),
    };

    private static byte[] Event(StoreEvent put)
    {
        string kind = JsonNamingPolicy.CamelCase.ConvertName(put.Kind.ToString());
        return EventStream.Event(put.Cursor.ToString(), kind, writer =>
        {
            if (put.Gap is { } gap)
            {
                writer.WriteString("reason", JsonNamingPolicy.CamelCase.ConvertName(gap.Reason.ToString()));
                writer.WriteNumber("lane", gap.Lane);
                writer.WriteNumber("first", gap.First);
                writer.WriteNumber("last", gap.Last);
            }
            else if (put.Kind == StoreEventKind.Name)
            {
                writer.WriteString("name", put.Name);
                writer.WriteString("old", put.OldCid?.ToString());
                writer.WriteString("new", put.NewCid?.ToString());
                writer.WriteString("time", EntryJson.Time(put.Time));
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
        });
    }
}
