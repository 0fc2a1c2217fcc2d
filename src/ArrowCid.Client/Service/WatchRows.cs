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
                return new StoreEvent(kind, default, default, -1, 0, cursor, GapOf(Required("gap", row)));
            var address = new BlockAddress(Cid.Parse(Required("cid", row)), Cid.Parse(Required("schemaCid", row)),
                rows.Column<long>("rows").Values[row], rows.Column<long>("bytes").Values[row]);
            DateTimeOffset time = DateTimeOffset.UnixEpoch +
                TimeSpan.FromMicroseconds(rows.Column<long>("time").Values[row]);
            return new StoreEvent(kind, address, time, -1, 0, cursor, null);
        }
    }

    private string Required(string column, int row) => rows.Column(column).GetString(row)
        ?? throw new ArrowCidException(ErrorCode.InvalidData, $"an announcement has no {column}");

    private static WatchGap GapOf(string json)
    {
        using var gap = JsonDocument.Parse(json);
        JsonElement root = gap.RootElement;
        return new WatchGap(Enum.Parse<GapReason>(root.GetProperty("reason").GetString()!, ignoreCase: true),
            root.GetProperty("lane").GetInt32(), root.GetProperty("first").GetUInt64(),
            root.GetProperty("last").GetUInt64());
    }
}
