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
            if (kind == StoreEventKind.Gap)
                return new StoreEvent
                {
                    Kind = kind,
                    Address = default,
                    Time = default,
                    Lane = -1,
                    Sequence = 0,
                    Cursor = cursor,
                    Gap = GapOf(Required("gap", row)),
                };
            if (kind == StoreEventKind.Name)
                return new StoreEvent
                {
                    Kind = kind,
                    Address = default,
                    Time = TimeAt(row),
                    Lane = -1,
                    Sequence = 0,
                    Cursor = cursor,
                    Gap = null,
                    Name = Required("name", row),
                    OldCid = Optional("oldCid", row),
                    NewCid = Optional("cid", row),
                };
            var address = new BlockAddress
            {
                Cid = Cid.Parse(Required("cid", row)),
                SchemaCid = Cid.Parse(Required("schemaCid", row)),
                Rows = rows.Column<long>("rows").Values[row],
                ByteLength = rows.Column<long>("bytes").Values[row],
            };
            return new StoreEvent
            {
                Kind = kind,
                Address = address,
                Time = TimeAt(row),
                Lane = -1,
                Sequence = 0,
                Cursor = cursor,
                Gap = null,
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
