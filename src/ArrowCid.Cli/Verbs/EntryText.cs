using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>Entries as lines.</summary>
internal static class EntryText
{
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
        if (entry.Kind is not (BlockKind.Batch or BlockKind.Unknown)) facts.Add($"kind={EntryJson.KindOf(entry)}");
        facts.AddRange(entry.Names.Select(name => $"name={Quoted(name)}"));
        if (entry.IsPinned) facts.Add("pinned");
        if (entry.Producer is { } producer) facts.Add($"producer={Quoted(producer)}");
        facts.AddRange(entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag =>
            $"tag.{(tag.Key.All(char.IsAsciiLetterOrDigit) ? tag.Key : Quoted(tag.Key))}={Quoted(tag.Value)}"));
        facts.AddRange(entry.Parents.Select(parent => $"parent={parent}"));
        if (entry.Expires is { } end) facts.Add($"expires={ListVerb.Time(end)}");
        return string.Join("  ", facts);
    }

    private static string Quoted(string text) => "\"" + Failure.Visible(text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)) + "\"";
}
