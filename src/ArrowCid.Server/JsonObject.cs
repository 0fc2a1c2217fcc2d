using System.Text.Encodings.Web;
using System.Text.Json;

namespace ArrowCid.Server;

/// <summary>A JSON object's bytes, as answers and app_metadata have them.</summary>
internal static class JsonObject
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The object with the members that are written.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> members)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, s_json))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
