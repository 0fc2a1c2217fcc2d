using System.Runtime.CompilerServices;
using ArrowCid.Registry;
using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>Writes a snapshot of a registry into a store: the whole, or the last one with what was written
/// since.</summary>
internal sealed class SnapshotWriter(PoolDatabase database, CidStore store, Guid pool)
{
    // Parts of 5 to 15 MB: each is an object of its own, and is read whole.
    private const int PartRows = 1 << 16;
    private const int LeastBaseRows = 1000;

    private readonly List<SnapshotPart> _parts = [];
    private readonly List<SnapshotRow> _open = [];
    private long _rows;

    /// <summary>Writes.</summary>
    /// <param name="last">The snapshot before; null if there is none.</param>
    /// <param name="end">Ends the call.</param>
    /// <returns>The snapshot, whose parts are in the store, and its new rows.</returns>
    public Task<(SnapshotHead Head, long NewRows)> WriteAsync(SnapshotHead? last, CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            _parts.Clear();
            _open.Clear();
            _ = await PoolRows.ExecuteAsync(connection, "set transaction isolation level repeatable read", [], token);
            ulong below = (await PoolRows.QueryAsync(connection, "select pg_snapshot_xmin(pg_current_snapshot())", [],
                row => row.GetFieldValue<ulong>(0), token))[0];
            if (last is not null && await TryExtendAsync(connection, last, below, token) is { } extended)
                return extended;
            // Names first: a store that joins resolves them while it reads the rest.
            foreach (SnapshotRow row in await ReadNamesAsync(connection, token)) Add(row);
            await foreach (SnapshotRow row in ReadWordsAsync(connection, token)) Add(row);
            long rows = Close();
            return (new SnapshotHead(pool, below - 1, long.MaxValue, rows, 0, [.. _parts]), rows);
        }, end);

    /// <summary>Adds what the log has got since, if that is little.</summary>
    private async Task<(SnapshotHead Head, long NewRows)?> TryExtendAsync(NpgsqlConnection connection,
        SnapshotHead last, ulong below, CancellationToken end)
    {
        long most = Math.Max(LeastBaseRows, last.BaseRows / 2) - last.DeltaRows;
        List<byte[]> payloads = most <= 0 ? [] : await PoolRows.QueryAsync(connection, """
            select facts from fact_group where (xid, seq) > ($1, $2) and xid < $3 order by xid, seq limit $4
            """, [last.Transaction, last.Sequence, below, most + 1], row => row.GetFieldValue<byte[]>(0), end);
        if (most <= 0 || payloads.Count > most) return null;
        List<FactGroup> groups = [.. payloads.SelectMany(each => FactReader.Read(each, ulong.MaxValue, _ => { }))];
        foreach (FactWord word in FactWord.Fold(groups.SelectMany(group =>
            group.Facts.SelectMany(fact => FactWord.Of(group.Stamp, fact)))))
        {
            Add(new SnapshotRow(PoolRows.BytesOf(word.Digest), null, (short)word.Kind, word.Facts));
        }

        foreach (FactGroup group in groups)
        {
            foreach (NameFact name in group.Facts.OfType<NameFact>()) Add(RowOf(group.Stamp, name));
        }

        long rows = Close();
        if (last.DeltaRows + rows > Math.Max(LeastBaseRows, last.BaseRows / 2))
        {
            _parts.Clear();
            return null;
        }

        return (last with
        {
            Transaction = below - 1,
            Sequence = long.MaxValue,
            DeltaRows = last.DeltaRows + rows,
            Parts = [.. last.Parts, .. _parts],
        }, rows);
    }

    private static async IAsyncEnumerable<SnapshotRow> ReadWordsAsync(NpgsqlConnection connection,
        [EnumeratorCancellation] CancellationToken end)
    {
        await using NpgsqlBinaryExporter rows = await connection.BeginBinaryExportAsync(
            "copy (select digest, kind, facts from word order by digest, kind, key) to stdout (format binary)", end);
        while (await rows.StartRowAsync(end) >= 0)
        {
            byte[] digest = await rows.ReadAsync<byte[]>(end);
            short kind = await rows.ReadAsync<short>(end);
            yield return new SnapshotRow(digest, null, kind, await rows.ReadAsync<byte[]>(end));
        }
    }

    private static Task<List<SnapshotRow>> ReadNamesAsync(NpgsqlConnection connection, CancellationToken end) =>
        PoolRows.QueryAsync(connection, """
            select name, stamp_time, stamp_writer, target, codec, previous_time, previous_writer from name_history
            order by name, stamp_time, stamp_writer
            """, [], row => RowOf(PoolRows.StampOf(row.GetInt64(1), row.GetGuid(2)), new NameFact(row.GetString(0),
                row.IsDBNull(3) ? null : PoolRows.CidOf(row.GetFieldValue<byte[]>(3), row.GetInt64(4)),
                row.IsDBNull(5) ? null : PoolRows.StampOf(row.GetInt64(5), row.GetGuid(6)))), end);

    private static SnapshotRow RowOf(FactStamp stamp, NameFact fact) => new(null, fact.Name, (short)FactKind.Name,
        FactWriter.Write([new FactGroup(stamp, [fact])], out _));

    private void Add(SnapshotRow row)
    {
        _open.Add(row);
        if (_open.Count == PartRows) Flush();
    }

    private void Flush()
    {
        if (_open.Count == 0) return;
        byte[] bytes = SnapshotPart.Write(_open);
        _parts.Add(new SnapshotPart(store.PutRaw(bytes).Cid, bytes.Length));
        _rows += _open.Count;
        _open.Clear();
    }

    private long Close()
    {
        Flush();
        long rows = _rows;
        _rows = 0;
        return rows;
    }
}
