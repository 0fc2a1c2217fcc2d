using System.Runtime.CompilerServices;
using ArrowCid.Registry;
using Npgsql;
using NpgsqlTypes;

namespace ArrowCid.Postgres;

/// <summary>The tables that are derived from the log of facts.</summary>
internal static class PoolFold
{
    private const int PageRows = 1000;

    /// <summary>Makes the tables again.</summary>
    public static Task<long> RebuildAsync(PoolDatabase database, CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            _ = await PoolRows.ExecuteAsync(connection,
                "lock table fact_group, word, name, name_history in exclusive mode", [], token);
            await RenumberAsync(connection, token);
            foreach (string table in (string[])["word", "name", "name_history"])
                _ = await PoolRows.ExecuteAsync(connection, $"delete from {table}", [], token);
            long words = 0;
            await foreach (List<(FactGroup Group, ulong Xid, long Seq)> page in ReadAsync(connection, token))
            {
                List<FactWord> last = FactWord.Fold(page.SelectMany(each =>
                    each.Group.Facts.SelectMany(fact => FactWord.Of(each.Group.Stamp, fact))));
                words += last.Count;
                _ = await FactTable.UpsertAsync(connection, last, token);
                foreach ((FactGroup group, ulong xid, long seq) in page)
                {
                    foreach (NameFact name in group.Facts.OfType<NameFact>())
                        await ApplyAsync(connection, group.Stamp, name, xid, seq, token);
                }
            }

            return words;
        }, end);

    /// <summary>The groups of the log, in order.</summary>
    public static async IAsyncEnumerable<List<(FactGroup Group, ulong Xid, long Seq)>> ReadAsync(
        NpgsqlConnection connection, [EnumeratorCancellation] CancellationToken end)
    {
        (ulong Xid, long Seq) last = (0, 0);
        while (true)
        {
            List<(ulong Xid, long Seq, byte[] Facts)> rows = await PoolRows.QueryAsync(connection,
                "select xid, seq, facts from fact_group where (xid, seq) > ($1, $2) order by xid, seq limit $3",
                [last.Xid, last.Seq, PageRows],
                row => (row.GetFieldValue<ulong>(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2)), end);
            if (rows.Count == 0) yield break;
            yield return [.. rows.SelectMany(row => FactReader.Read(row.Facts, ulong.MaxValue, _ => { })
                .Select(group => (group, row.Xid, row.Seq)))];
            last = (rows[^1].Xid, rows[^1].Seq);
        }
    }

    /// <summary>Gives rows of the log that another server numbered, in a backup that was restored here, the number of
    /// this transaction: members would not read them before this server has reached theirs.</summary>
    public static async Task RenumberAsync(NpgsqlConnection connection, CancellationToken end)
    {
        foreach (string table in (string[])["fact_group", "name_history"])
        {
            _ = await PoolRows.ExecuteAsync(connection,
                $"update {table} set xid = pg_current_xact_id() where xid > pg_current_xact_id()", [], end);
        }

        _ = await PoolRows.ExecuteAsync(connection, "delete from follower where xid >= pg_current_xact_id()", [], end);
    }

    /// <summary>Adds a change of a name to the log, if it is not there.</summary>
    /// <returns>Whether it was added.</returns>
    public static async Task<bool> AddAsync(NpgsqlConnection connection, long member, FactStamp stamp, NameFact fact,
        CancellationToken end)
    {
        List<(ulong Xid, long Seq)> added = await PoolRows.QueryAsync(connection, """
            insert into fact_group (member, facts) select $1, $2 where not exists (
              select from name_history where name = $3 and stamp_time = $4 and stamp_writer = $5)
            returning xid, seq
            """, [member, FactWriter.Write([new FactGroup(stamp, [fact])], out _), fact.Name, (long)stamp.Time,
                stamp.WriterId], row => (row.GetFieldValue<ulong>(0), row.GetInt64(1)), end);
        if (added.Count == 0) return false;
        await ApplyAsync(connection, stamp, fact, added[0].Xid, added[0].Seq, end);
        return true;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, FactStamp stamp, NameFact fact, ulong xid,
        long seq, CancellationToken end)
    {
        object[] values =
        [
            fact.Name, (long)stamp.Time, stamp.WriterId,
            PoolRows.Nullable(NpgsqlDbType.Bytea, fact.Target is { } target ? PoolRows.BytesOf(target) : null),
            PoolRows.Nullable(NpgsqlDbType.Bigint, (long?)fact.Target?.Codec),
        ];
        _ = await PoolRows.ExecuteAsync(connection, """
            insert into name (name, stamp_time, stamp_writer, target, codec) values ($1, $2, $3, $4, $5)
            on conflict (name) do update set stamp_time = excluded.stamp_time, stamp_writer = excluded.stamp_writer,
              target = excluded.target, codec = excluded.codec
            where (excluded.stamp_time, excluded.stamp_writer) > (name.stamp_time, name.stamp_writer)
            """, values, end);
        _ = await PoolRows.ExecuteAsync(connection, """
            insert into name_history (name, stamp_time, stamp_writer, target, codec, previous_time, previous_writer,
              xid, seq) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing
            """,
            [
                .. values.Select(value => value is NpgsqlParameter parameter ? parameter.Clone() : value),
                PoolRows.Nullable(NpgsqlDbType.Bigint, (long?)fact.Previous?.Time),
                PoolRows.Nullable(NpgsqlDbType.Uuid, fact.Previous?.WriterId), xid, seq,
            ], end);
    }
}
