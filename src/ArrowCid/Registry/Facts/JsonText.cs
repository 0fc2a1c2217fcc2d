using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>
/// JSON as IPLD's data model and back. Integers from -2^64 to 2^64 - 1 stay integers, other numbers become floats of 64
/// bits. What JSON has no form for is written as dag-json does: a link as <c>{"/":"CID"}</c>, bytes as
/// <c>{"/":{"bytes":"base64"}}</c>.
/// </summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions s_plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = DagCbor.MaxDepth + 4,
    };

    /// <summary>Reads one JSON value.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is none, or beyond a
    /// limit.</exception>
    public static IpldNode Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > FactLimits.MaxJsonBytes * 4)
            throw Refused($"of {text.Length} characters is too long");
        try
        {
            byte[] bytes = new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(text);
            var options = new JsonReaderOptions { MaxDepth = FactLimits.MaxJsonDepth };
            var reader = new Utf8JsonReader(bytes, options);
            _ = reader.Read();
            IpldNode node = ReadNode(ref reader);
            if (reader.Read()) throw Refused("has more than one value");
            return node;
        }
        catch (Exception e) when (e is JsonException or EncoderFallbackException or ArgumentException or
            InvalidOperationException)
        {
            throw Refused($"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes a node without white space; keys stand in dag-cbor's order.</summary>
    public static string Format(IpldNode node)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, s_plain)) Write(writer, node);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static IpldNode ReadNode(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: return IpldNode.Null;
            case JsonTokenType.True: return IpldNode.True;
            case JsonTokenType.False: return IpldNode.False;
            case JsonTokenType.String: return IpldNode.Text(reader.GetString()!);
            case JsonTokenType.Number: return ReadNumber(ref reader);
            case JsonTokenType.StartArray:
                var items = new List<IpldNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(ReadNode(ref reader));
                return IpldNode.List([.. items]);
            default:
                var entries = new List<(string, IpldNode)>();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    string key = reader.GetString()!;
                    _ = reader.Read();
                    entries.Add((key, ReadNode(ref reader)));
                }

                return IpldNode.Map([.. entries]);
        }
    }

    private static IpldNode ReadNumber(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out long whole)) return IpldNode.Integer(whole);
        string text = Encoding.UTF8.GetString(reader.ValueSpan);
        bool isInteger = Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out Int128 large) && large >= IpldNode.MinInteger && large <= IpldNode.MaxInteger;
        if (isInteger) return IpldNode.Integer(large);
        double number = reader.GetDouble();
        return double.IsFinite(number) ? IpldNode.Float(number) : throw Refused($"has a number beyond floats, {text}");
    }

    private static void Write(Utf8JsonWriter writer, IpldNode node)
    {
        switch (node.Kind)
        {
            case IpldKind.Null: writer.WriteNullValue(); break;
            case IpldKind.Bool: writer.WriteBooleanValue(node.AsBool()); break;
            case IpldKind.Integer:
                writer.WriteRawValue(node.AsInteger().ToString(CultureInfo.InvariantCulture));
                break;
            case IpldKind.Float: WriteFloat(writer, node.AsFloat()); break;
            case IpldKind.Text: writer.WriteStringValue(node.AsText()); break;
            case IpldKind.Bytes:
                writer.WriteStartObject();
                writer.WriteStartObject("/");
                writer.WriteString("bytes", Convert.ToBase64String(node.AsBytes().Span).TrimEnd('='));
                writer.WriteEndObject();
                writer.WriteEndObject();
                break;
            case IpldKind.Link:
                writer.WriteStartObject();
                writer.WriteString("/", node.AsLink().ToString());
                writer.WriteEndObject();
                break;
            case IpldKind.List:
                writer.WriteStartArray();
                foreach (IpldNode item in node.Items) Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteStartObject();
                foreach ((string key, IpldNode value) in node.Entries)
                {
                    writer.WritePropertyName(key);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
        }
    }

    /// <summary>A float keeps its point, so that it is read as one again.</summary>
    private static void WriteFloat(Utf8JsonWriter writer, double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        writer.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text);
    }

    private static ArrowCidException Refused(string what, Exception? inner = null) =>
        new(ErrorCode.InvalidArgument, $"the JSON {what}", inner);
}
