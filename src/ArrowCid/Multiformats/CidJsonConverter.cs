using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArrowCid;

/// <summary>
/// A CID in JSON as a string of its canonical text; also as a property's name. <c>default(Cid)</c> is <c>null</c>.
/// Reading takes any text that <see cref="Cid.Parse(string)"/> takes; anything else is a <see cref="JsonException"/>.
/// </summary>
public sealed class CidJsonConverter : JsonConverter<Cid>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override Cid Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? default : ReadText(ref reader, JsonTokenType.String);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Cid value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value.IsDefault) writer.WriteNullValue();
        else WriteText(writer, value, static (writer, text) => writer.WriteStringValue(text));
    }

    /// <inheritdoc/>
    public override Cid ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert,
        JsonSerializerOptions options) =>
        ReadText(ref reader, JsonTokenType.PropertyName);

    /// <inheritdoc/>
    /// <exception cref="JsonException">The value is <c>default(Cid)</c>, which has no name.</exception>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, Cid value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value.IsDefault) throw new JsonException("default(Cid) cannot be the name of a property.");
        WriteText(writer, value, static (writer, text) => writer.WritePropertyName(text));
    }

    internal static Cid ReadText(ref Utf8JsonReader reader, JsonTokenType expected)
    {
        if (reader.TokenType != expected)
        {
            throw new JsonException($"A CID is a JSON string here, not {reader.TokenType}.");
        }

        if (!reader.HasValueSequence && !reader.ValueIsEscaped) return Parse(reader.ValueSpan);
        // The longest escape is six bytes for a character.
        long length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (length > 6 * Cid.MaxTextLength) throw Invalid(CidError.TooLong, $"{length} bytes");
        byte[] text = new byte[length];
        return Parse(text.AsSpan(0, reader.CopyString(text)));
    }

    internal static void WriteText(Utf8JsonWriter writer, Cid value, WriteUtf8 write)
    {
        // The canonical text of the longest CID is 1,673 characters.
        Span<byte> text = stackalloc byte[value.ByteLength <= 64 ? 128 : 2048];
        _ = value.TryFormat(text, out int length);
        write(writer, text[..length]);
    }

    internal delegate void WriteUtf8(Utf8JsonWriter writer, ReadOnlySpan<byte> text);

    private static Cid Parse(ReadOnlySpan<byte> text) =>
        Cid.TryParse(text, out Cid cid, out CidError error) ? cid : throw Invalid(error, Cid.ShortenUtf8(text));

    private static JsonException Invalid(CidError error, string shown)
    {
        string message = $"Not a CID: {Cid.Describe(error)}: {shown}";
        return new JsonException(message, new ArrowCidException(ErrorCode.InvalidCid, message));
    }
}
