using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ArrowCid.Server.Http;

/// <summary>Answers that are streams of server-sent events. The id of an event is the cursor after it, so that a
/// browser that comes again goes on where it was.</summary>
internal static class EventStream
{
    /// <summary>A comment that tells a client and the proxies between that the stream is alive.</summary>
    public static ReadOnlySpan<byte> Beat => ": beat\n\n"u8;

    /// <summary>Where a client wants to go on: its last event, else the parameter <c>from</c>; empty where it gives
    /// neither.</summary>
    public static string From(HttpContext context)
    {
        string text = context.Request.Headers["Last-Event-ID"].ToString();
        return text.Length > 0 ? text : context.Request.Query["from"].ToString();
    }

    /// <summary>Sends the head of the answer at once, then events, until the client goes away or the server ends: that
    /// is an event too, after which the client comes again.</summary>
    /// <param name="context">The request.</param>
    /// <param name="word">What the stream does, for people.</param>
    /// <param name="send">Sends events until its token ends.</param>
    /// <param name="stopping">Ends when the server stops.</param>
    public static async Task Run(HttpContext context, string word, Func<PipeStream, CancellationToken, Task> send,
        CancellationToken stopping)
    {
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        var stream = new PipeStream(response.BodyWriter);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await response.StartAsync(ends.Token).ConfigureAwait(false);
            // The headers go at once: a client that has them knows that it misses nothing.
            stream.Write(Encoding.ASCII.GetBytes($": {word}\n\n"));
            await stream.Send(ends.Token).ConfigureAwait(false);
            await send(stream, ends.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested
            && !context.RequestAborted.IsCancellationRequested)
        {
            // The client comes again with the last id.
            stream.Write("event: end\ndata: {}\n\n"u8);
            await stream.Send(context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>The bytes of an event.</summary>
    public static byte[] Event(string id, string kind, Action<Utf8JsonWriter> members) =>
        [.. Encoding.ASCII.GetBytes($"id: {id}\nevent: {kind}\ndata: "), .. JsonObject.Bytes(members), .. "\n\n"u8];
}
