using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArrowCid;

/// <summary>
/// A CID in JSON as a link of DAG-JSON: an object with the one property <c>/</c>, whose value is the canonical text.
/// <c>default(Cid)</c> is <c>null</c>; anything else is a <see cref="JsonException"/>. Name it in a
/// <see cref="JsonConverterAttribute"/> or add it to <see cref="JsonSerializerOptions.Converters"/>.
/// </summary>
public sealed class CidDagJsonConverter : JsonConverter<Cid>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override Cid Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null) return default;
        bool opens = reader.TokenType == JsonTokenType.StartObject && reader.Read()
            && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("/"u8) && reader.Read();
        if (!opens) throw NotALink();
        Cid cid = CidJsonConverter.ReadText(ref reader, JsonTokenType.String);
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject ? cid : throw NotALink();
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Cid value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value.IsDefault)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        CidJsonConverter.WriteText(writer, value, static (writer, text) => writer.WriteString("/"u8, text));
        writer.WriteEndObject();
    }

    private static JsonException NotALink() => new("A link is an object with the one property \"/\", a CID's text.");
}
