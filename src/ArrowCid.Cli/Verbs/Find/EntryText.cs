using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>Entries as lines.</summary>
internal static class EntryText
{
    public static string Line(StoredEntry entry, bool isAligned = false)
    {
        if (isAligned) return Aligned(entry.Cid, entry.Rows, entry.ByteLength, entry.Created);
        string time = entry.Created is { } created ? ListVerb.Time(created) : "absent";
        return string.Create(CultureInfo.InvariantCulture,
            $"{entry.Cid}  {entry.Rows}  {entry.ByteLength}  {time}");
    }

    /// <summary>The line of names above lines for a terminal.</summary>
    public static string Head { get; } = $"{"CID",-59}  {"ROWS",13}  {"SIZE",10}  TIME";

    /// <summary>A block as a line for a terminal: aligned below <see cref="Head"/>, whatever comes after it.</summary>
    public static string Aligned(Cid cid, long rows, long bytes, DateTimeOffset? time) => string.Create(
        CultureInfo.InvariantCulture,
        $"{cid.ToString(),-59}  {rows,13:N0}  {SizeText.Of(bytes),10}  " +
        $"{(time is { } made ? ListVerb.Time(made) : "absent")}");

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
        facts.AddRange(entry.Copies.Select(copy => $"place={Quoted(copy.Place)}"));
        facts.AddRange(entry.Signers.Select(signer => $"signer={Quoted(signer)}"));
        if (entry.Expires is { } end) facts.Add($"expires={ListVerb.Time(end)}");
        return string.Join("  ", facts);
    }

    private static string Quoted(string text) => "\"" + CommandError.Visible(text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)) + "\"";
}
