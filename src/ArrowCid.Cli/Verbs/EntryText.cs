using System.Globalization;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>Entries as lines and as JSON.</summary>
internal static class EntryText
{
    /// <summary>Oldest first; what was never put comes last.</summary>
    public static IEnumerable<StoredEntry> InOrder(IEnumerable<StoredEntry> entries) =>
        entries.OrderBy(entry => entry.Created ?? DateTimeOffset.MaxValue);

    public static string Line(StoredEntry entry)
    {
        string time = entry.Created is { } created ? ListVerb.Time(created) : "absent";
        return string.Create(CultureInfo.InvariantCulture,
            $"{entry.Cid}  {entry.Rows}  {entry.ByteLength}  {time}");
    }

    /// <summary>The facts in the words of the filter language, each of which a filter could ask for.</summary>
    public static string Facts(StoredEntry entry)
    {
        var facts = new List<string>();
        if (entry.Kind is not (BlockKind.Batch or BlockKind.Unknown)) facts.Add($"kind={KindOf(entry)}");
        facts.AddRange(entry.Names.Select(name => $"name={Quoted(name)}"));
        if (entry.IsPinned) facts.Add("pinned");
        if (entry.Producer is { } producer) facts.Add($"producer={Quoted(producer)}");
        facts.AddRange(entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag =>
            $"tag.{(tag.Key.All(char.IsAsciiLetterOrDigit) ? tag.Key : Quoted(tag.Key))}={Quoted(tag.Value)}"));
        facts.AddRange(entry.Parents.Select(parent => $"parent={parent}"));
        if (entry.Expires is { } end) facts.Add($"expires={ListVerb.Time(end)}");
        return string.Join("  ", facts);
    }

    public static void Write(Utf8JsonWriter writer, StoredEntry entry)
    {
        writer.WriteString("cid", entry.Cid.ToString());
        writer.WriteString("schemaCid", entry.SchemaCid?.ToString());
        writer.WriteNumber("rows", entry.Rows);
        writer.WriteNumber("bytes", entry.ByteLength);
        writer.WriteString("time", entry.Created is { } created ? ListVerb.Time(created) : null);
        writer.WriteString("kind", KindOf(entry));
        WriteFacts(writer, entry);
    }

    public static void WriteFacts(Utf8JsonWriter writer, StoredEntry entry)
    {
        WriteTexts(writer, "names", entry.Names);
        writer.WriteBoolean("isPinned", entry.IsPinned);
        writer.WriteString("expires", entry.Expires is { } end ? ListVerb.Time(end) : null);
        writer.WriteString("producer", entry.Producer);
        WriteTexts(writer, "parents", entry.Parents.Select(parent => parent.ToString()));
        WriteTags(writer, entry);
        writer.WritePropertyName("json");
        if (entry.Json is { } json) writer.WriteRawValue(json, skipInputValidation: true);
        else writer.WriteNullValue();
        WriteTexts(writer, "locations", entry.Locations);
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

    private static string KindOf(StoredEntry entry) => JsonNamingPolicy.CamelCase.ConvertName(entry.Kind.ToString());

    private static string Quoted(string text) => "\"" + Failure.Visible(text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)) + "\"";
}
