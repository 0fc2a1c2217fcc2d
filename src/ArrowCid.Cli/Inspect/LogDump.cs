using System.Globalization;
using System.Text;
using System.Text.Json;
using ArrowCid.Cli.Verbs;
using ArrowCid.Storage;

namespace ArrowCid.Cli.Inspect;

/// <summary><c>log dump</c>: a line a record, and its bytes on request.</summary>
internal static class LogDump
{
    private const int BytesOfALine = 16;

    public static int Run(string? directory, LogFrom from, int? lane, bool hex, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        // Damage has no number: it is shown where what comes before it is.
        bool isShown = false;
        int current = -1;
        foreach (LogEntry entry in store.Blocks.Listing.Log(lane ?? from.Lane))
        {
            if (entry.Lane != current) (current, isShown) = (entry.Lane, from.First(entry.Lane) <= 1);
            if (entry.State != LogEntryState.Damaged) isShown = entry.Header.Sequence >= from.First(entry.Lane);
            if (!isShown) continue;
            if (json) output.JsonLine(writer => WriteMembers(writer, in entry, store, hex));
            else output.Line(Line(in entry));
            if (hex && !json) Hex(output, store, in entry);
        }

        return 0;
    }

    private static string State(in LogEntry entry) => entry.State switch
    {
        LogEntryState.Damaged => "damaged",
        LogEntryState.Left => "left",
        LogEntryState.Beyond => "beyond",
        _ => entry.IsLinked ? "ok" : "unlinked",
    };

    private static string Kind(in LogEntry entry) => entry.Header.RecordKind.ToString().ToLowerInvariant();

    private static string? CidOf(in LogEntry entry) => entry.State == LogEntryState.Damaged ||
        entry.Header.RecordKind == RecordKind.Pad
        ? null
        : Cid.FromSha256(entry.Header.Codec, entry.Header.Digest).ToString();

    private static string Line(in LogEntry entry)
    {
        if (entry.State == LogEntryState.Damaged)
            return string.Create(CultureInfo.InvariantCulture,
                $"{entry.Lane}-?  damaged  -  -  {entry.Bytes}  -  {entry.Place}");
        RecordHeader header = entry.Header;
        return string.Create(CultureInfo.InvariantCulture,
            $"{entry.Lane}-{header.Sequence}  {State(in entry)}  {Kind(in entry)}  {CidOf(in entry) ?? "-"}  " +
            $"{header.PayloadLength}  {header.Rows}  {entry.Place}");
    }

    private static void WriteMembers(Utf8JsonWriter writer, in LogEntry entry, CidStore store, bool hex)
    {
        writer.WriteNumber("lane", entry.Lane);
        if (entry.State != LogEntryState.Damaged) writer.WriteNumber("number", entry.Header.Sequence);
        writer.WriteString("state", State(in entry));
        writer.WriteString("segment", entry.Segment);
        writer.WriteNumber("offset", entry.Offset);
        writer.WriteNumber("recordBytes", entry.Bytes);
        if (entry.State != LogEntryState.Damaged)
        {
            RecordHeader header = entry.Header;
            writer.WriteString("kind", Kind(in entry));
            if (CidOf(in entry) is { } cid) writer.WriteString("cid", cid);
            writer.WriteNumber("bytes", header.PayloadLength);
            writer.WriteNumber("rows", header.Rows);
            writer.WriteNumber("flags", header.Flags);
            writer.WriteString("crc", header.Crc.ToString("x8", CultureInfo.InvariantCulture));
            writer.WriteString("previousCrc", header.PreviousCrc.ToString("x8", CultureInfo.InvariantCulture));
            writer.WriteString("time", ListVerb.Time(header.ToInfo().Time));
        }

        if (hex) writer.WriteString("hex", Convert.ToHexStringLower(Bytes(store, in entry)));
    }

    private static void Hex(Output output, CidStore store, in LogEntry entry)
    {
        byte[] bytes = Bytes(store, in entry);
        var line = new StringBuilder();
        for (int at = 0; at < bytes.Length; at += BytesOfALine)
        {
            ReadOnlySpan<byte> part = bytes.AsSpan(at, Math.Min(BytesOfALine, bytes.Length - at));
            line.Clear().Append(CultureInfo.InvariantCulture, $"    {entry.Offset + at:x8}  ");
            foreach (byte b in part) line.Append(CultureInfo.InvariantCulture, $"{b:x2} ");
            line.Append(' ', ((BytesOfALine - part.Length) * 3) + 1);
            foreach (byte b in part) line.Append(b is >= 0x20 and < 0x7f ? (char)b : '.');
            output.Line(line.ToString());
        }
    }

    /// <summary>From the file itself: what cannot be read as a record is shown too.</summary>
    private static byte[] Bytes(CidStore store, in LogEntry entry)
    {
        using FileStream file = new(Path.Combine(store.Directory, entry.Segment), FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[Math.Min(entry.Bytes, Math.Max(0, file.Length - entry.Offset))];
        file.Position = entry.Offset;
        file.ReadExactly(bytes);
        return bytes;
    }
}
