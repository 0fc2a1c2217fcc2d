using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Native;

/// <summary>A block's metadata, as the JSON object that the header describes.</summary>
internal static unsafe class FactsJson
{
    // The free JSON may have 32 levels, which the store judges; a bound for what is around it is enough here.
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64 };

    // SAFETY: the text is the caller's, ended by a NUL, for the call.

    /// <returns>Null where the caller says nothing.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no such object.</exception>
    public static PutOptions? Read(byte* text) => text is null ? null : Read(Utf8Text.Read(text, "facts_json"));

    private static PutOptions Read(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, s_options);
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw NativeError.Invalid(string.Create(CultureInfo.InvariantCulture,
                $"facts_json is no JSON; line {e.LineNumber + 1}, byte {e.BytePositionInLine}"));
        }
    }

    private static PutOptions Read(JsonElement root)
    {
        Expect(root, JsonValueKind.Object, "facts_json", "an object");
        Dictionary<string, string?>? tags = null;
        List<Cid>? parents = null;
        List<string>? locations = null;
        string? producer = null, data = null, name = null;
        DateTimeOffset? expires = null;
        bool pin = false;
        foreach (JsonProperty each in root.EnumerateObject())
        {
            JsonElement value = each.Value;
            switch (each.Name)
            {
                case "tags": tags = Tags(value); break;
                case "producer": producer = value.ValueKind == JsonValueKind.Null ? "" : Text(value, each.Name); break;
                case "parents": parents = Texts(value, each.Name).ConvertAll(Parent); break;
                case "data": data = value.GetRawText(); break;
                case "expires": expires = Time(value); break;
                case "locations": locations = Texts(value, each.Name); break;
                case "pin":
                    if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                        throw NativeError.Invalid("'pin' of facts_json is not true or false");
                    pin = value.GetBoolean();
                    break;
                case "name": name = Text(value, each.Name); break;
                default:
                    throw NativeError.Invalid(
                        $"facts_json has the key '{each.Name}'; it takes tags, producer, parents, " +
                        "data, expires, locations, pin and name");
            }
        }

        return new PutOptions
        {
            Tags = tags,
            Producer = producer,
            Parents = parents,
            Json = data,
            Expires = expires,
            Locations = locations,
            Pin = pin,
            Name = name,
        };
    }

    private static Dictionary<string, string?> Tags(JsonElement value)
    {
        Expect(value, JsonValueKind.Object, "tags", "an object of texts");
        var tags = new Dictionary<string, string?>();
        foreach (JsonProperty tag in value.EnumerateObject())
            tags[tag.Name] = tag.Value.ValueKind == JsonValueKind.Null ? null : Text(tag.Value, $"tags.{tag.Name}");
        return tags;
    }

    public static Cid Parent(string text) => Cid.TryParse(text, out Cid parent)
        ? parent
        : throw NativeError.Invalid($"'{text}' in parents is no CID");

    private static DateTimeOffset Time(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null) return DateTimeOffset.MaxValue;
        return value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out DateTimeOffset time)
            ? time
            : throw NativeError.Invalid(
                "'expires' of facts_json is no time such as \"2026-12-01T00:00:00Z\", nor null");
    }

    private static List<string> Texts(JsonElement value, string name)
    {
        Expect(value, JsonValueKind.Array, name, "an array of texts");
        return [.. value.EnumerateArray().Select(each => Text(each, name))];
    }

    public static string Text(JsonElement value, string name)
    {
        Expect(value, JsonValueKind.String, name, "a text");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NativeError.Invalid($"'{name}' is no text of Unicode");
        }
    }

    private static void Expect(JsonElement value, JsonValueKind kind, string name, string what)
    {
        if (value.ValueKind != kind) throw NativeError.Invalid($"'{name}' is not {what}, but {value.ValueKind}");
    }
}
