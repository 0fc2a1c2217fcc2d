using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Client.Ipfs;

/// <summary>The JSON of the Pinning Service API.</summary>
internal static class PinJson
{
    /// <summary>Writes the body of a request.</summary>
    public static byte[] Write(Cid cid, RemotePinOptions options)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("cid", cid.ToString());
            if (options.Name is { } name) writer.WriteString("name", name);
            if (options.Origins.Count > 0)
            {
                writer.WriteStartArray("origins");
                foreach (string origin in options.Origins) writer.WriteStringValue(origin);
                writer.WriteEndArray();
            }

            if (options.Meta is { Count: > 0 } meta)
            {
                writer.WriteStartObject("meta");
                foreach ((string key, string value) in meta) writer.WriteString(key, value);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <summary>Reads a request.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static RemotePin Read(JsonElement status)
    {
        JsonElement pin = Member(status, "pin", JsonValueKind.Object);
        string cid = Text(pin, "cid");
        return new RemotePin
        {
            RequestId = Text(status, "requestid"),
            Status = Text(status, "status") switch
            {
                "queued" => RemotePinStatus.Queued,
                "pinning" => RemotePinStatus.Pinning,
                "pinned" => RemotePinStatus.Pinned,
                "failed" => RemotePinStatus.Failed,
                var other => throw new FormatException($"there is no status '{other}'"),
            },
            Created = DateTimeOffset.TryParse(Text(status, "created"), CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out DateTimeOffset created)
                ? created
                : throw new FormatException("'created' is no time"),
            Cid = Cid.TryParse(cid, out Cid parsed, out _)
                ? parsed
                : throw new FormatException("'cid' is no CID"),
            Name = pin.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()
                : null,
            Origins = Texts(pin, "origins"),
            Meta = Map(pin, "meta"),
            Delegates = Texts(status, "delegates"),
            Info = Map(status, "info"),
        };
    }

    /// <summary>Reads a list of requests.</summary>
    /// <returns>The requests, and the number of all that pass the filter.</returns>
    /// <exception cref="FormatException">It is none.</exception>
    public static (RemotePin[] Pins, long Count) ReadList(JsonElement root)
    {
        RemotePin[] pins = [.. Member(root, "results", JsonValueKind.Array).EnumerateArray().Select(Read)];
        JsonElement count = Member(root, "count", JsonValueKind.Number);
        return (pins, count.TryGetInt64(out long number) ? number : pins.Length);
    }

    /// <summary>Reads the reason of an error; null where the body has none.</summary>
    public static string? ReasonOf(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            JsonElement error = Member(document.RootElement, "error", JsonValueKind.Object);
            string reason = Text(error, "reason");
            return error.TryGetProperty("details", out JsonElement details) && details.ValueKind == JsonValueKind.String
                ? $"{reason}: {details.GetString()}"
                : reason;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string[] Texts(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.String)
                .Select(each => each.GetString()!)]
            : [];

    private static Dictionary<string, string> Map(JsonElement parent, string name)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!parent.TryGetProperty(name, out JsonElement members) || members.ValueKind != JsonValueKind.Object)
            return map;
        foreach (JsonProperty each in members.EnumerateObject())
        {
            map[each.Name] = each.Value.ValueKind == JsonValueKind.String
                ? each.Value.GetString()!
                : each.Value.GetRawText();
        }

        return map;
    }

    private static string Text(JsonElement parent, string name) =>
        Member(parent, name, JsonValueKind.String).GetString()!;

    private static JsonElement Member(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement member)
        && member.ValueKind == kind
            ? member
            : throw new FormatException($"'{name}' is missing or of another type");
}
