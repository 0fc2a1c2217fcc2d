using System.Text;
using System.Text.Json;
using ArrowCid.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ArrowCid.Flight.Http;

/// <summary><c>GET /v1/watch</c>: puts as they come, as server-sent events. An event's id is the cursor behind it, so a
/// browser that comes again goes on where it was. A watcher that is slow lags; nothing is kept for it.</summary>
internal sealed class WatchApi(HttpService service)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(15);

    public async Task Watch(HttpContext context)
    {
        Filter? filter = ApiQuery.FilterOf(context);
        Cursor from = From(context);
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
            await Send(stream, from, filter, response, ends).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (service.Stopping.IsCancellationRequested
            && !context.RequestAborted.IsCancellationRequested)
        {
            // The client comes again with the last id.
            stream.Write("event: end\ndata: {}\n\n"u8);
            await stream.Send(context.RequestAborted).ConfigureAwait(false);
        }
    }

    private async Task Send(PipeStream stream, Cursor from, Filter? filter, HttpResponse response,
        CancellationTokenSource ends)
    {
        IAsyncEnumerator<Announcement> puts =
            service.Store.WatchAsync(from, ends.Token).GetAsyncEnumerator(ends.Token);
        await using (puts.ConfigureAwait(false))
        {
            Task<bool> next = Task.FromResult(true);
            try
            {
                await response.StartAsync(ends.Token).ConfigureAwait(false);
                // The headers go at once: who waits for them knows then that nothing is missed.
                stream.Write(": watching\n\n"u8);
                await stream.Send(ends.Token).ConfigureAwait(false);
                while (true)
                {
                    next = puts.MoveNextAsync().AsTask();
                    while (!next.IsCompleted && !await Comes(next).ConfigureAwait(false))
                    {
                        stream.Write(": beat\n\n"u8);
                        await stream.Send(ends.Token).ConfigureAwait(false);
                    }

                    if (!await next.ConfigureAwait(false)) return;
                    if (!Passes(filter, puts.Current)) continue;
                    stream.Write(Event(puts.Current));
                    await stream.Send(ends.Token).ConfigureAwait(false);
                }
            }
            finally
            {
                // The watch is let go of only once nobody waits in it.
                await ends.CancelAsync().ConfigureAwait(false);
                await next.ContinueWith(static _ => { }, CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for a while.</summary>
    /// <returns>False where nothing came.</returns>
    private static async Task<bool> Comes(Task<bool> next)
    {
        using var rest = new CancellationTokenSource();
        Task first = await Task.WhenAny(next, Task.Delay(s_beat, rest.Token)).ConfigureAwait(false);
        await rest.CancelAsync().ConfigureAwait(false);
        return first == next;
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

    private bool Passes(Filter? filter, in Announcement put) => filter is null || put.Kind == AnnouncementKind.Gap
        || (service.Store.Describe(put.Cid) is { } entry && filter.Matches(entry, service.Store.Clock.GetUtcNow()));

    private static byte[] Event(Announcement put)
    {
        string kind = JsonNamingPolicy.CamelCase.ConvertName(put.Kind.ToString());
        using var bytes = new MemoryStream();
        bytes.Write(Encoding.ASCII.GetBytes($"id: {put.Cursor}\nevent: {kind}\ndata: "));
        bytes.Write(HttpErrors.Json(writer =>
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
