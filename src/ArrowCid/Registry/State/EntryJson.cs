using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Registry;

/// <summary>Entries as members of a JSON object, the same wherever one is shown.</summary>
internal static class EntryJson
{
    public static void Write(Utf8JsonWriter writer, StoredEntry entry)
    {
        writer.WriteString("cid", entry.Cid.ToString());
        writer.WriteString("schemaCid", entry.SchemaCid?.ToString());
        writer.WriteNumber("rows", entry.Rows);
        writer.WriteNumber("bytes", entry.ByteLength);
        writer.WriteString("time", entry.Created is { } created ? Time(created) : null);
        writer.WriteString("kind", KindOf(entry));
        WriteDataset(writer, entry);
        WriteFacts(writer, entry);
    }

    /// <summary>The size of a dataset; nothing of another block.</summary>
    public static void WriteDataset(Utf8JsonWriter writer, StoredEntry entry)
    {
        if (entry.Kind != BlockKind.Dataset) return;
        if (entry.BatchCount is { } count) writer.WriteNumber("batches", count);
        else writer.WriteNull("batches");
        writer.WriteNumber("dataBytes", entry.DataByteLength ?? 0);
    }

    public static void WriteFacts(Utf8JsonWriter writer, StoredEntry entry)
    {
        WriteTexts(writer, "names", entry.Names);
        writer.WriteBoolean("isPinned", entry.IsPinned);
        writer.WriteString("expires", entry.Expires is { } end ? Time(end) : null);
        writer.WriteString("producer", entry.Producer);
        WriteTexts(writer, "parents", entry.Parents.Select(parent => parent.ToString()));
        WriteTags(writer, entry);
        writer.WritePropertyName("json");
        if (entry.Json is { } json) writer.WriteRawValue(json, skipInputValidation: true);
        else writer.WriteNullValue();
        WriteTexts(writer, "locations", entry.Locations);
        if (entry.Signed.Count > 0) WriteTexts(writer, "signers", entry.Signers);
        if (entry.Copies.Count > 0) WriteTexts(writer, "copies", entry.Copies.Select(copy => copy.Place));
    }

    public static void WriteTags(Utf8JsonWriter writer, StoredEntry entry)
    {
        writer.WriteStartObject("tags");
        foreach ((string key, string value) in entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    public static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    public static string KindOf(StoredEntry entry) => JsonNamingPolicy.CamelCase.ConvertName(entry.Kind.ToString());

    /// <summary>A time in UTC, to the millisecond.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
