using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>A batch of the watch's table as announcements.</summary>
internal sealed class WatchRows(RecordBatch rows)
{
    public StoreEvent this[int row]
    {
        get
        {
            var kind = Enum.Parse<StoreEventKind>(Required("kind", row), ignoreCase: true);
            Cursor cursor = Cursor.Parse(Required("cursor", row));
            bool isGap = kind == StoreEventKind.Gap, isName = kind == StoreEventKind.Name;
            return new StoreEvent
            {
                Kind = kind,
                Address = isGap || isName ? default : new BlockAddress
                {
                    Cid = Cid.Parse(Required("cid", row)),
                    SchemaCid = Cid.Parse(Required("schemaCid", row)),
                    Rows = rows.Column<long>("rows").Values[row],
                    ByteLength = rows.Column<long>("bytes").Values[row],
                },
                Time = isGap ? default : TimeAt(row),
                Lane = -1,
                Sequence = 0,
                Cursor = cursor,
                Gap = isGap ? GapOf(Required("gap", row)) : null,
                Name = isName ? Required("name", row) : null,
                OldCid = isName ? Optional("oldCid", row) : null,
                NewCid = isName ? Optional("cid", row) : null,
            };
        }
    }

    private DateTimeOffset TimeAt(int row) =>
        DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(rows.Column<long>("time").Values[row]);

    private Cid? Optional(string column, int row) =>
        rows.Column(column).GetString(row) is { } text ? Cid.Parse(text) : null;

    private string Required(string column, int row) => rows.Column(column).GetString(row)
        ?? throw new ArrowCidException(ErrorCode.InvalidData, $"an announcement has no {column}");

    private static WatchGap GapOf(string json)
    {
        using var gap = JsonDocument.Parse(json);
        JsonElement root = gap.RootElement;
        return new WatchGap
        {
            Reason = Enum.Parse<GapReason>(root.GetProperty("reason").GetString()!, ignoreCase: true),
            Lane = root.GetProperty("lane").GetInt32(),
            First = root.GetProperty("first").GetUInt64(),
            Last = root.GetProperty("last").GetUInt64(),
        };
    }
}
