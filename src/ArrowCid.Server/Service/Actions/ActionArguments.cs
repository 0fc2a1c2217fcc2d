using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Server.Access;

namespace ArrowCid.Server.Service;

/// <summary>What an action is given: a JSON object, or a CID's text alone.</summary>
internal sealed class ActionArguments
{
    private readonly JsonElement _object;

    /// <param name="body">What the caller sent.</param>
    /// <param name="isRead">Whether the members are wanted; else there is only <see cref="Body"/>.</param>
    public ActionArguments(ReadOnlyMemory<byte> body, bool isRead = true)
    {
        Body = body;
        if (!isRead) return;
        bool isObject = body.IsEmpty || body.Span[0] == (byte)'{';
        if (isObject)
        {
            _object = FlightRequest.JsonOf(body.IsEmpty ? "{}"u8 : body.Span);
            return;
        }

        var cid = ArrowCid.Cid.Parse(FlightRequest.Text(body.Span).Trim());
        _object = FlightRequest.JsonOf(JsonObject.Bytes(writer => writer.WriteString("cid", cid.ToString())));
    }

    /// <summary>The body as the caller sent it.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>What the caller may change; for actions that change something.</summary>
    public required Func<CallerRights> Rights { get; init; }

    public bool Has(string name) => _object.TryGetProperty(name, out _);

    /// <summary>A text, or null where it is null or not given.</summary>
    public string? Text(string name)
    {
        if (!_object.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Refused($"'{name}' is not a text");
    }

    /// <summary>A switch; false where it is null or not given.</summary>
    public bool Flag(string name)
    {
        if (!_object.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return false;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Refused($"'{name}' is not true or false");
    }

    /// <summary>A span as a whole number of milliseconds, from 0 to 2^31 - 1; null where it is null or not
    /// given.</summary>
    public TimeSpan? Milliseconds(string name)
    {
        if (!_object.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int span) && span >= 0
            ? TimeSpan.FromMilliseconds(span) : throw Refused($"'{name}' is not a number of milliseconds");
    }

    public string Required(string name) => Text(name) ?? throw Refused($"'{name}' is missing");

    public Cid Cid() => ArrowCid.Cid.Parse(Required("cid"));

    public BlockMetadata Facts()
    {
        Dictionary<string, string?>? tags = null;
        if (_object.TryGetProperty("tags", out JsonElement given) && given.ValueKind != JsonValueKind.Null)
        {
            if (given.ValueKind != JsonValueKind.Object) throw Refused("'tags' is not an object");
            tags = given.EnumerateObject().ToDictionary(tag => tag.Name, tag => tag.Value.ValueKind switch
            {
                JsonValueKind.String => tag.Value.GetString(),
                JsonValueKind.Null => null,
                _ => throw Refused($"the tag '{tag.Name}' is not a text"),
            });
        }

        DateTimeOffset? expires = null;
        if (Text("expires") is { } text)
            expires = Filter.TryParseTime(text, out DateTimeOffset at) ? at : throw Refused("'expires' is not a time");
        return new BlockMetadata
        {
            Tags = tags,
            Producer = Text("producer"),
            Json = _object.TryGetProperty("json", out JsonElement json) ? json.GetRawText() : null,
            Expires = expires,
        };
    }

    private static ArrowCidException Refused(string why) => new(ErrorCode.InvalidArgument, why);
}
