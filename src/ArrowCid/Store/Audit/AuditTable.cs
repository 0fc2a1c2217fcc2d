using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>The audit trail as a table (<c>AUDIT.md</c>): one row per entry.</summary>
internal static class AuditTable
{
    private const int RowsPerBatch = 1 << 14;

    private static readonly TimestampType s_time = new(TimeUnit.Millisecond, "UTC");

    public static Schema Schema { get; } = new(
        [
            new Field("time", s_time, nullable: false),
            new Field("subject", ArrowType.Utf8, nullable: false),
            new Field("action", ArrowType.Utf8, nullable: false),
            new Field("cid", ArrowType.Utf8),
            new Field("name", ArrowType.Utf8),
            new Field("detail", ArrowType.Utf8),
        ],
        [KeyValuePair.Create("arrowcid:audit", "1")]);

    /// <summary>Entries as batches, each made when it is asked for.</summary>
    public static IEnumerable<RecordBatch> Of(IEnumerable<AuditEntry> entries)
    {
        foreach (AuditEntry[] rows in entries.Chunk(RowsPerBatch))
        {
            var time = new FixedBuilder<long>(s_time);
            BytesBuilder subject = new(), action = new(), cid = new(), name = new(), detail = new();
            foreach (AuditEntry row in rows)
            {
                time.Append(row.Time.ToUnixTimeMilliseconds());
                subject.Append(row.Subject);
                action.Append(WordOf(row.Action));
                cid.Append(row.Cid?.ToString());
                name.Append(row.Name);
                detail.Append(row.Detail);
            }

            yield return new RecordBatch(Schema, rows.Length, time.Build(), subject.Build(), action.Build(),
                cid.Build(), name.Build(), detail.Build());
        }
    }

    /// <summary>Writes an entry as members of a JSON object, of the names of the columns.</summary>
    public static void Write(Utf8JsonWriter writer, AuditEntry entry)
    {
        writer.WriteString("time", EntryJson.Time(entry.Time));
        writer.WriteString("subject", entry.Subject);
        writer.WriteString("action", WordOf(entry.Action));
        writer.WriteString("cid", entry.Cid?.ToString());
        writer.WriteString("name", entry.Name);
        writer.WriteString("detail", entry.Detail);
    }

    /// <summary>The word for an action; a number for one of a later version.</summary>
    public static string WordOf(AuditAction action) => JsonNamingPolicy.CamelCase.ConvertName(action.ToString());
}
