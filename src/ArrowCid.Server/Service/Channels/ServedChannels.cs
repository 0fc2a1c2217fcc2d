using System.Text;
using System.Text.Json;
using ArrowCid.Signing;
using ArrowCid.Sync;

namespace ArrowCid.Server.Service;

/// <summary>The channels of a store as a server answers for them, over every protocol. A channel that was asked for
/// stays open.</summary>
internal sealed class ServedChannels(CidStore store) : IDisposable
{
    private const int MaxOpen = 256, BodyDepth = 4;

    private readonly Dictionary<Cid, MessageChannel> _open = [];
    private readonly Lock _gate = new();
    private bool _isClosed;

    /// <summary>The JSON object of each channel.</summary>
    public IEnumerable<byte[]> List() => MessageChannel.List(store).Select(one => Json(one.Name, one.Cid));

    /// <summary>Opens a channel.</summary>
    /// <param name="nameOrCid">Its name or id.</param>
    public MessageChannel Find(string nameOrCid)
    {
        Cid? known = store.Names.Resolve(MessageChannel.NamePrefix + nameOrCid) ??
            (Cid.TryParse(nameOrCid, out Cid cid) ? cid : null);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (known is { } id && _open.TryGetValue(id, out MessageChannel? open)) return open;
            if (_open.Count >= MaxOpen)
                throw new ArrowCidException(ErrorCode.ResourceExhausted, $"over {MaxOpen} channels are open");
            if (nameOrCid.Length == 0) throw Invalid("the channel is missing");
            var channel = MessageChannel.Open(store, nameOrCid);
            _open[channel.Cid] = channel;
            return channel;
        }
    }

    /// <summary>Creates a channel as a JSON object describes it.</summary>
    /// <returns>The JSON object of the channel.</returns>
    public byte[] Create(ReadOnlyMemory<byte> json)
    {
        JsonElement body = Parse(json);
        string name = Text(body, "name") ?? throw Invalid("name is missing");
        var options = new ChannelOptions
        {
            IsOpen = body.TryGetProperty("open", out JsonElement open) && open.ValueKind == JsonValueKind.True,
            Writers = [.. Texts(body, "writers").Select(PublicKey.Parse)],
            Keep = body.TryGetProperty("keepMs", out JsonElement keep) && keep.ValueKind == JsonValueKind.Number &&
                keep.TryGetInt64(out long span) && span >= 0 && span <= TimeSpan.MaxValue.TotalMilliseconds
                ? TimeSpan.FromMilliseconds(span) : null,
        };
        using var channel = MessageChannel.Create(store, name, options);
        return Json(name, channel.Cid);
    }

    /// <summary>Publishes a message as a JSON object describes it.</summary>
    /// <returns>The JSON object of the message's id.</returns>
    public static byte[] Publish(MessageChannel channel, ReadOnlyMemory<byte> json) =>
        Publish(channel, Parse(json));

    /// <summary>As <see cref="Publish(MessageChannel, ReadOnlyMemory{byte})"/>, in the channel that the object
    /// names.</summary>
    public byte[] Publish(ReadOnlyMemory<byte> json)
    {
        JsonElement body = Parse(json);
        return Publish(Find(Text(body, "channel") ?? ""), body);
    }

    /// <summary>Takes in the lists of a participant.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="frames">The lists, each after its length.</param>
    /// <returns>The answers.</returns>
    public static IReadOnlyList<byte[]> Exchange(MessageChannel channel, ReadOnlyMemory<byte> frames)
    {
        List<byte[]> lists;
        try
        {
            lists = SyncFrames.Read(frames);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.InvalidData)
        {
            throw Invalid("lists have their lengths in front");
        }

        return channel.Sync.Take([.. lists.Select(list => (ReadOnlyMemory<byte>)list)]);
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

    private static byte[] Publish(MessageChannel channel, JsonElement body)
    {
        string? text = Text(body, "text");
        Cid[] contents = [.. Texts(body, "contents").Select(Cid.Parse)];
        if (text is null == (contents.Length == 0)) throw Invalid("the body has contents, or a text");
        Cid sent = text is null
            ? channel.Publish(contents, [.. Texts(body, "hints")]) : channel.PublishBytes(Encoding.UTF8.GetBytes(text));
        return JsonObject.Bytes(writer => writer.WriteString("cid", sent.ToString()));
    }

    private static byte[] Json(string name, Cid cid) => JsonObject.Bytes(writer =>
    {
        writer.WriteString("name", name);
        writer.WriteString("cid", cid.ToString());
    });

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

    private static JsonElement Parse(ReadOnlyMemory<byte> json)
    {
        JsonElement root = StrictJson.Parse(json, BodyDepth, out string? error);
        if (error is not null) throw Invalid($"the body is not JSON: {error}");
        return root.ValueKind == JsonValueKind.Object ? root : throw Invalid("the body is not a JSON object");
    }

    private static ArrowCidException Invalid(string rule) => new(ErrorCode.InvalidArgument, rule);
}
