using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Signing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ArrowCid.Server.Http;

/// <summary><c>/v1/channels</c>: messages of channels as server-sent events, publishing in open channels, and the
/// exchange with other participants.</summary>
internal sealed class ChannelApi : IDisposable
{
    /// <summary>The content type of the lists of an exchange, each after its length as 32 bits,
    /// little-endian.</summary>
    public const string ExchangeType = "application/vnd.arrowcid.channel";

    private const int MaxOpen = 256, MaxBody = 16 << 20, MaxJson = 1 << 20, BodyDepth = 4;

    private readonly HttpService _service;
    private readonly Dictionary<Cid, MessageChannel> _open = [];
    private readonly Lock _gate = new();
    private bool _isClosed;

    public ChannelApi(HttpService service)
    {
        _service = service;
        _ = service.Stopping.Register(Dispose);
    }

    public Task List(HttpContext context)
    {
        context.Response.ContentType = FileTypes.JsonLines;
        context.Response.Headers.CacheControl = "no-store";
        var bytes = new MemoryStream();
        foreach ((string name, Cid cid) in MessageChannel.List(_service.Store))
        {
            bytes.Write(JsonObject.Bytes(writer => WriteChannel(writer, name, cid)));
            bytes.WriteByte((byte)'\n');
        }

        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask
            : context.Response.Body.WriteAsync(bytes.ToArray(), context.RequestAborted).AsTask();
    }

    public async Task Create(HttpContext context)
    {
        JsonElement body = await ReadJson(context).ConfigureAwait(false);
        string name = Text(body, "name") ?? throw Invalid("name is missing");
        var options = new ChannelOptions
        {
            IsOpen = body.TryGetProperty("open", out JsonElement open) && open.ValueKind == JsonValueKind.True,
            Writers = [.. Texts(body, "writers").Select(PublicKey.Parse)],
            Keep = body.TryGetProperty("keepMs", out JsonElement keep) && keep.TryGetInt64(out long span)
                ? TimeSpan.FromMilliseconds(span) : null,
        };
        using var channel = MessageChannel.Create(_service.Store, name, options);
        context.Response.StatusCode = StatusCodes.Status201Created;
        await HttpErrors.WriteJson(context.Response, writer => WriteChannel(writer, name, channel.Cid))
            .ConfigureAwait(false);
    }

    public async Task Publish(HttpContext context)
    {
        JsonElement body = await ReadJson(context).ConfigureAwait(false);
        MessageChannel channel = Find(context);
        string? text = Text(body, "text");
        Cid[] contents = [.. Texts(body, "contents").Select(Cid.Parse)];
        if (text is null == (contents.Length == 0)) throw Invalid("the body has contents, or a text");
        Cid sent = text is null
            ? channel.Publish(contents, [.. Texts(body, "hints")]) : channel.PublishBytes(Encoding.UTF8.GetBytes(text));
        context.Response.StatusCode = StatusCodes.Status201Created;
        await HttpErrors.WriteJson(context.Response, writer => writer.WriteString("cid", sent.ToString()))
            .ConfigureAwait(false);
    }

    /// <summary>Messages as they come; the id of an event is the cursor after it.</summary>
    public async Task Read(HttpContext context)
    {
        MessageChannel channel = Find(context);
        string from = context.Request.Headers["Last-Event-ID"].ToString();
        if (from.Length == 0) from = context.Request.Query["from"].ToString();
        ChannelCursor cursor = from.Length == 0 ? ChannelCursor.Now : ChannelCursor.Parse(from);
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        var stream = new PipeStream(response.BodyWriter);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _service.Stopping);
        try
        {
            await response.StartAsync(ends.Token).ConfigureAwait(false);
            stream.Write(": reading\n\n"u8);
            await stream.Send(ends.Token).ConfigureAwait(false);
            await foreach (ChannelMessage message in channel.ReadAsync(cursor, ends.Token).ConfigureAwait(false))
            {
                stream.Write(EventOf(message));
                await stream.Send(ends.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_service.Stopping.IsCancellationRequested
            && !context.RequestAborted.IsCancellationRequested)
        {
            stream.Write("event: end\ndata: {}\n\n"u8);
            await stream.Send(context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>The lists of a participant; the answers are those of this store. An empty body is answered by the
    /// greeting.</summary>
    public async Task Exchange(HttpContext context)
    {
        ReadOnlyMemory<byte> body = await ReadBody(context, MaxBody).ConfigureAwait(false);
        var lists = new List<ReadOnlyMemory<byte>>();
        while (!body.IsEmpty)
        {
            if (body.Length < sizeof(uint)) throw Invalid("a list without its length");
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(body.Span);
            if (length > body.Length - sizeof(uint)) throw Invalid("a list that ends too early");
            lists.Add(body.Slice(sizeof(uint), (int)length));
            body = body[(sizeof(uint) + (int)length)..];
        }

        IReadOnlyList<byte[]> answers = Find(context).Sync.Take(lists);
        context.Response.ContentType = ExchangeType;
        context.Response.Headers.CacheControl = "no-store";
        var output = new MemoryStream();
        byte[] head = new byte[sizeof(uint)];
        foreach (byte[] answer in answers)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)answer.Length);
            output.Write(head);
            output.Write(answer);
        }

        await context.Response.Body.WriteAsync(output.ToArray(), context.RequestAborted).ConfigureAwait(false);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            foreach (MessageChannel channel in _open.Values) channel.Dispose();
            _open.Clear();
        }
    }

    private MessageChannel Find(HttpContext context)
    {
        string text = (string?)context.Request.RouteValues["channel"] ?? "";
        CidStore store = _service.Store;
        Cid? known = store.Names.Resolve(MessageChannel.NamePrefix + text) ??
            (Cid.TryParse(text, out Cid cid) ? cid : null);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (known is { } id && _open.TryGetValue(id, out MessageChannel? open)) return open;
            if (_open.Count >= MaxOpen)
                throw new ArrowCidException(ErrorCode.ResourceExhausted, $"over {MaxOpen} channels are open");
            var channel = MessageChannel.Open(store, text);
            _open[channel.Cid] = channel;
            return channel;
        }
    }

    private static byte[] EventOf(ChannelMessage message)
    {
        var bytes = new MemoryStream();
        bytes.Write(Encoding.ASCII.GetBytes($"id: {message.Cursor}\nevent: message\ndata: "));
        bytes.Write(JsonObject.Bytes(writer =>
        {
            writer.WriteString("cid", message.Cid.ToString());
            writer.WriteString("time", EntryJson.Time(message.At));
            writer.WriteString("writer", message.Writer);
            writer.WriteNumber("sequence", message.Sequence);
            writer.WriteBoolean("signed", message.IsSigned);
            WriteCids(writer, "parents", message.Parents);
            WriteCids(writer, "contents", message.Contents);
            if (message.Bytes is { } content) writer.WriteBase64String("bytes", content.Span);
            if (message.IsLate) writer.WriteBoolean("late", true);
        }));
        bytes.Write("\n\n"u8);
        return bytes.ToArray();
    }

    private static void WriteCids(Utf8JsonWriter writer, string name, IReadOnlyList<Cid> cids)
    {
        writer.WriteStartArray(name);
        foreach (Cid cid in cids) writer.WriteStringValue(cid.ToString());
        writer.WriteEndArray();
    }

    private static void WriteChannel(Utf8JsonWriter writer, string name, Cid cid)
    {
        writer.WriteString("name", name);
        writer.WriteString("cid", cid.ToString());
    }

    private static string? Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    private static IEnumerable<string> Texts(JsonElement body, string name)
    {
        if (!body.TryGetProperty(name, out JsonElement values)) return [];
        bool isList = values.ValueKind == JsonValueKind.Array &&
            values.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String);
        return isList
            ? values.EnumerateArray().Select(one => one.GetString()!) : throw Invalid($"{name} is a list of texts");
    }

    private static async Task<JsonElement> ReadJson(HttpContext context)
    {
        ReadOnlyMemory<byte> body = await ReadBody(context, MaxJson).ConfigureAwait(false);
        JsonElement root = StrictJson.Parse(body, BodyDepth, out string? error);
        if (error is not null) throw Invalid($"the body is not JSON: {error}");
        return root.ValueKind == JsonValueKind.Object ? root : throw Invalid("the body is not a JSON object");
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

    private static ArrowCidException Invalid(string rule) => new(ErrorCode.InvalidArgument, rule);
}
