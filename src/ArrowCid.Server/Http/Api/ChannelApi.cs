using ArrowCid.Server.Service;
using ArrowCid.Sync;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary><c>/v1/channels</c>: messages of channels as server-sent events, publishing in open channels, and the
/// exchange with other participants.</summary>
internal sealed class ChannelApi(HttpService service)
{
    /// <summary>The content type of the lists of an exchange, each after its length as 32 bits,
    /// little-endian.</summary>
    public const string ExchangeType = "application/vnd.arrowcid.channel";

    private const int MaxBody = 16 << 20, MaxJson = 1 << 20;

    public Task List(HttpContext context)
    {
        context.Response.ContentType = FileTypes.JsonLines;
        context.Response.Headers.CacheControl = "no-store";
        var bytes = new MemoryStream();
        foreach (byte[] channel in service.Channels.List())
        {
            bytes.Write(channel);
            bytes.WriteByte((byte)'\n');
        }

        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask
            : context.Response.Body.WriteAsync(bytes.ToArray(), context.RequestAborted).AsTask();
    }

    public async Task Create(HttpContext context) =>
        await Created(context, service.Channels.Create(await ReadBody(context, MaxJson).ConfigureAwait(false)))
            .ConfigureAwait(false);

    public async Task Publish(HttpContext context)
    {
        ReadOnlyMemory<byte> body = await ReadBody(context, MaxJson).ConfigureAwait(false);
        await Created(context, ServedChannels.Publish(Find(context), body)).ConfigureAwait(false);
    }

    /// <summary>Messages as they come; the id of an event is the cursor after it.</summary>
    public Task Read(HttpContext context)
    {
        MessageChannel channel = Find(context);
        string from = EventStream.From(context);
        ChannelCursor cursor = from.Length == 0 ? ChannelCursor.Now : ChannelCursor.Parse(from);
        return EventStream.Run(context, "reading", async (stream, ends) =>
        {
            await foreach (ChannelMessage message in channel.ReadAsync(cursor, null, ends).ConfigureAwait(false))
            {
                stream.Write(EventStream.Event(message.Cursor.ToString(), "message",
                    writer => ChannelJson.Write(writer, message)));
                await stream.Send(ends).ConfigureAwait(false);
            }
        }, service.Stopping);
    }

    /// <summary>The lists of a participant; the answers are those of this store. An empty body is answered by the
    /// greeting.</summary>
    public async Task Exchange(HttpContext context)
    {
        ReadOnlyMemory<byte> body = await ReadBody(context, MaxBody).ConfigureAwait(false);
        IReadOnlyList<byte[]> answers = ServedChannels.Exchange(Find(context), body);
        context.Response.ContentType = ExchangeType;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(SyncFrames.Write(answers), context.RequestAborted)
            .ConfigureAwait(false);
    }

    private MessageChannel Find(HttpContext context) =>
        service.Channels.Find((string?)context.Request.RouteValues["channel"] ?? "");

    private static Task Created(HttpContext context, byte[] json)
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        return HttpErrors.WriteJson(context.Response, json);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBody(HttpContext context, int most)
    {
        var bytes = new MemoryStream();
        byte[] piece = new byte[16 << 10];
        int read;
        while ((read = await context.Request.Body.ReadAsync(piece, context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            if (bytes.Length + read > most)
                throw new ArrowCidException(ErrorCode.TooLarge, $"the body has at most {most} bytes");
            bytes.Write(piece, 0, read);
        }

        return bytes.ToArray();
    }
}
