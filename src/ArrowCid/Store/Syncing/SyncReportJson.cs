using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>The report of a sync as JSON.</summary>
internal static class SyncReportJson
{
    /// <summary>Writes the members of a block of the report.</summary>
    public static void Write(Utf8JsonWriter writer, SyncItem item)
    {
        writer.WriteString("cid", item.Cid.ToString());
        writer.WriteNumber("bytes", item.ByteLength);
        writer.WriteString("outcome", Text(item.Outcome));
    }

    /// <summary>Writes the members of a conflict.</summary>
    public static void Write(Utf8JsonWriter writer, SyncNameConflict conflict)
    {
        writer.WriteString("name", conflict.Name);
        writer.WriteString("here", conflict.Here?.ToString());
        writer.WriteString("there", conflict.There?.ToString());
        writer.WriteString("outcome", "conflict");
    }

    /// <summary>Writes the members of the report itself.</summary>
    public static void Write(Utf8JsonWriter writer, SyncReport report)
    {
        writer.WriteString("peer", report.Peer);
        writer.WriteBoolean("isInStep", report.IsInStep);
        writer.WriteBoolean("isDryRun", report.IsDryRun);
        writer.WriteString("way", Text(report.Way));
        writer.WriteNumber("blocksHere", report.BlocksHere);
        writer.WriteNumber("blocksThere", report.BlocksThere);
        writer.WriteNumber("searchBytes", report.SearchBytes);
        writer.WriteNumber("roundTrips", report.RoundTrips);
        writer.WriteNumber("blocksPulled", report.BlocksPulled);
        writer.WriteNumber("bytesPulled", report.BytesPulled);
        writer.WriteNumber("blocksPushed", report.BlocksPushed);
        writer.WriteNumber("bytesPushed", report.BytesPushed);
        writer.WriteNumber("factsPulled", report.FactsPulled);
        writer.WriteNumber("factsPushed", report.FactsPushed);
        writer.WriteNumber("factsRefused", report.FactsRefused);
        EntryJson.WriteTexts(writer, "namesPulled", report.NamesPulled);
        EntryJson.WriteTexts(writer, "namesPushed", report.NamesPushed);
        EntryJson.WriteTexts(writer, "namesWaiting", report.NamesWaiting);
        writer.WriteNumber("statementsHolding", report.StatementsHolding);
        writer.WriteNumber("statementsBroken", report.StatementsBroken);
        writer.WriteNumber("conflicts", report.Conflicts.Count);
        writer.WriteNumber("removed", report.RemovedBlocks);
    }

    private static string Text<T>(T value) where T : struct, Enum =>
        JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
