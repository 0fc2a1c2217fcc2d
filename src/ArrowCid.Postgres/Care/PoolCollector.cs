using ArrowCid.Transfer.Backends;
using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>Removes what nothing keeps, with the steps C1 to C8 of POOL.md.</summary>
internal sealed class PoolCollector(PoolDatabase database, ObjectStore objects, PoolCollectOptions options,
    Func<PoolStep, Task> onStep)
{
    private const int MostAtOnce = 2000;

    private const string Fence = "select pg_advisory_xact_lock(hashtext('arrowcid.pool'), hashtext(current_schema()))";

    // A mark that is not a digest: it is there as long as all the others are. The table of marks is not logged, and
    // empty after a crash of the server, which must not look like a pool without roots.
    private static readonly byte[] s_sentinel = [];

    // Whether an object has a block that is kept by now, in this statement's own snapshot.
    private const string IsClaimed = """
        exists (select from place p where p.key = object.key and (
          exists (select from claim c where c.digest = p.digest and c.at > $2)
          or exists (select from name n where n.target = p.digest)
          or exists (select from word w where w.digest = p.digest and w.kind = 8 and w.text = '\x31')
          or exists (select from word w where w.digest = p.digest and w.kind = 6
            and to_timestamp(w.number / 1000.0) > clock_timestamp())
          or exists (select from hold h join member m on m.id = h.member
            where h.digest = p.digest and m.lease_until > clock_timestamp())))
        """;

    // A live object with a block that needs one of which no object is live.
    private const string IsHollow = """
        exists (select from place p join link l on l.parent = p.digest where p.key = o.key
          and not exists (select from place q join object r on r.key = q.key
            where q.digest = l.child and r.state = 'L'))
        """;

    /// <summary>Collects.</summary>
    public async Task<PoolCollectResult> RunAsync(CancellationToken end)
    {
        if (options.DryRun) return await ForecastAsync(end);
        (long epoch, DateTime since) = await OpenAsync(end);
        await onStep(PoolStep.C1);
        await MarkAsync(epoch, since, end);
        await onStep(PoolStep.C2);
        (long dead, long deadBytes) = await KillUnmarkedAsync(epoch, since, end);
        (long hollow, long hollowBytes) = await KillHollowAsync(epoch, since, end);
        await onStep(PoolStep.C4);
        (long deleted, long deletedBytes) = await DeleteAsync(end);
        await CloseAsync(epoch, since, end);
        await onStep(PoolStep.C8);
        return new PoolCollectResult
        {
            Dead = dead + hollow,
            DeadBytes = deadBytes + hollowBytes,
            Deleted = deleted,
            DeletedBytes = deletedBytes,
            IsDryRun = false,
        };
    }

    /// <summary>C1: waits out every transaction that claims blocks. Those that begin later see the open sweep, and
    /// claim everything that they need.</summary>
    private Task<(long Epoch, DateTime Since)> OpenAsync(CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            _ = await PoolRows.ExecuteAsync(connection, Fence, [], token);
            return (await PoolRows.QueryAsync(connection, """
                update sweep set epoch = epoch + 1, is_open = true, opened = clock_timestamp()
                returning epoch, least(opened, clock_timestamp() - $1)
                """, [options.OlderThan], row => (row.GetInt64(0), row.GetDateTime(1)), token))[0];
        }, end);

    /// <summary>Roots and all that they need, and the blocks in the same objects, which stay with them.</summary>
    private static string KeptSince(string since) => $"""
        with recursive kept(digest) as (
          select digest from root({since})
          union
          select n.digest from kept k cross join lateral (
            select l.child as digest from link l where l.parent = k.digest
            union all
            select q.digest from place p join object o on o.key = p.key and o.state in ('U', 'L')
            join place q on q.key = p.key where p.digest = k.digest) n)
        """;

    /// <summary>Enters a sweep that goes on: a collection that a later one has superseded removes nothing more,
    /// because the later one may have closed the sweep.</summary>
    private static async Task<bool> EnterAsync(NpgsqlConnection connection, long epoch, CancellationToken end)
    {
        _ = await PoolRows.ExecuteAsync(connection, Fence.Replace("xact_lock", "xact_lock_shared",
            StringComparison.Ordinal), [], end);
        return (await PoolRows.QueryAsync(connection, "select is_open and epoch = $1 from sweep", [epoch],
            row => row.GetBoolean(0), end))[0];
    }

    /// <summary>C2, of one snapshot.</summary>
    private Task<int> MarkAsync(long epoch, DateTime since, CancellationToken end) =>
        database.TransactAsync((connection, token) => PoolRows.ExecuteAsync(connection,
            $"""
            insert into mark (epoch, digest) {KeptSince("$1")}
            select $2, digest from kept union select $2, $3 on conflict do nothing
            """, [since, epoch, s_sentinel], token), end);

    /// <summary>C3 and C4: candidates are locked, and then checked again in a second statement, which sees what was
    /// committed before the locks were there. What comes later waits for the locks, and finds the objects
    /// dead.</summary>
    private async Task<(long Objects, long Bytes)> KillUnmarkedAsync(long epoch, DateTime since, CancellationToken end)
    {
        long all = 0, bytes = 0;
        string last = "";
        while (true)
        {
            string from = last;
            (string? Last, long[] Killed) step = await database.TransactAsync(async (connection, token) =>
            {
                if (!await EnterAsync(connection, epoch, token)) return (null, []);
                List<string> keys = await PoolRows.QueryAsync(connection, """
                    select o.key from object o where o.state = 'L' and o.since <= $1 and o.key > $2
                      and not exists (select from place p join mark m on m.digest = p.digest and m.epoch = $3
                        where p.key = o.key)
                      and exists (select from mark m where m.epoch = $3 and m.digest = $5)
                    order by o.key limit $4 for update skip locked
                    """, [since, from, epoch, MostAtOnce, s_sentinel], row => row.GetString(0), token);
                await onStep(PoolStep.C3);
                return (keys.Count == 0 ? null : keys[^1], await KillAsync(connection, keys, since, token));
            }, end);
            all += step.Killed.Length;
            bytes += step.Killed.Sum();
            if (step.Last is null) return (all, bytes);
            last = step.Last;
        }
    }

    /// <summary>What was not removed because it was locked, by a claim that failed in the end, may need blocks that
    /// were removed. It goes too, so that with the sweep closed whatever is live is whole.</summary>
    private async Task<(long Objects, long Bytes)> KillHollowAsync(long epoch, DateTime since,
        CancellationToken end)
    {
        long all = 0, bytes = 0;
        while (true)
        {
            long[] killed = await database.TransactAsync(async (connection, token) =>
            {
                if (!await EnterAsync(connection, epoch, token)) return [];
                List<string> keys = await PoolRows.QueryAsync(connection, $"""
                    select o.key from object o where o.state = 'L' and {IsHollow}
                    order by o.key limit $1 for update of o skip locked
                    """, [MostAtOnce], row => row.GetString(0), token);
                return await KillAsync(connection, keys, since, token);
            }, end);
            if (killed.Length == 0) return (all, bytes);
            all += killed.Length;
            bytes += killed.Sum();
        }
    }

    private static async Task<long[]> KillAsync(NpgsqlConnection connection, List<string> keys, DateTime since,
        CancellationToken end) => keys.Count == 0 ? [] : [.. await PoolRows.QueryAsync(connection, $"""
            update object set state = 'D', since = clock_timestamp()
            where key = any ($1) and state = 'L' and not {IsClaimed} returning bytes
            """, [keys.ToArray(), since], row => row.GetInt64(0), end)];

    /// <summary>C5 to C7. An object is in state X before it is deleted, so that no push revives it meanwhile. One that
    /// is not there any more counts as deleted.</summary>
    private async Task<(long Objects, long Bytes)> DeleteAsync(CancellationToken end)
    {
        long all = 0, bytes = 0;
        while (true)
        {
            // What a push has left that died: no push of a living member is in state U for so long.
            _ = await database.TransactAsync((connection, token) => PoolRows.ExecuteAsync(connection, """
                update object set state = 'X', since = clock_timestamp() where key in (
                  select o.key from object o where
                    (o.state = 'D' and o.since <= clock_timestamp() - $1)
                    or (o.state = 'U' and o.since <= clock_timestamp() - $2 and not exists (
                      select from member m where m.id = o.member and m.lease_until > clock_timestamp()))
                  order by o.key limit $3 for update skip locked)
                """, [options.KeepDead, options.OlderThan, MostAtOnce], token), end);
            await onStep(PoolStep.C5);
            List<(string Key, long Bytes)> doomed = await database.RunAsync((connection, token) =>
                PoolRows.QueryAsync(connection, "select key, bytes from object where state = 'X' order by key limit $1",
                    [MostAtOnce], row => (row.GetString(0), row.GetInt64(1)), token), end);
            if (doomed.Count == 0) return (all, bytes);
            foreach ((string key, _) in doomed)
            {
                await objects.DeleteAsync(key, end);
                await onStep(PoolStep.C6);
            }

            all += await ForgetAsync([.. doomed.Select(each => each.Key)], end);
            bytes += doomed.Sum(each => each.Bytes);
            await onStep(PoolStep.C7);
        }
    }

    /// <summary>C7: no push is between its rows and its links while the links of blocks that are gone are
    /// deleted.</summary>
    private Task<int> ForgetAsync(string[] keys, CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            _ = await PoolRows.ExecuteAsync(connection, Fence, [], token);
            List<byte[]> digests = await PoolRows.QueryAsync(connection,
                "delete from place where key = any ($1) returning digest", [keys],
                row => row.GetFieldValue<byte[]>(0), token);
            byte[][] gone = [.. digests];
            foreach (string table in (string[])["link where parent", "block where digest"])
            {
                string column = table.Split(' ')[^1];
                _ = await PoolRows.ExecuteAsync(connection, $"""
                    delete from {table} = any ($1) and not exists (select from place p where p.digest = {column})
                    """, [gone], token);
            }

            return await PoolRows.ExecuteAsync(connection, "delete from object where key = any ($1) and state = 'X'",
                [keys], token);
        }, end);

    /// <summary>C8: the sweep is closed where nothing live lacks what it needs, and where no later collection has
    /// opened it again.</summary>
    private Task<int> CloseAsync(long epoch, DateTime since, CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            _ = await PoolRows.ExecuteAsync(connection, Fence, [], token);
            _ = await PoolRows.ExecuteAsync(connection, $"""
                update sweep set is_open = false where epoch = $1
                  and not exists (select from object o where o.state = 'L' and {IsHollow})
                """, [epoch], token);
            _ = await PoolRows.ExecuteAsync(connection, "delete from mark where epoch <= $1", [epoch], token);
            // Another collection may count claims for longer.
            _ = await PoolRows.ExecuteAsync(connection,
                "delete from claim where at < least($1, clock_timestamp() - interval '7 days')", [since], token);
            return await PoolRows.ExecuteAsync(connection,
                "delete from member where lease_until < clock_timestamp() - interval '1 day'", [], token);
        }, end);

    /// <summary>What a collection would do now.</summary>
    private Task<PoolCollectResult> ForecastAsync(CancellationToken end) => database.RunAsync(
        async (connection, token) => (await PoolRows.QueryAsync(connection, $"""
            {KeptSince("clock_timestamp() - $1")},
            candidate as (
              select o.key, o.bytes, 'L' as was from object o
              where o.state = 'L' and o.since <= clock_timestamp() - $1 and not exists (
                select from place p join kept k on k.digest = p.digest where p.key = o.key)
              union all
              select o.key, o.bytes, 'D' from object o where o.state = 'X'
                or (o.state = 'D' and o.since <= clock_timestamp() - $2)
                or (o.state = 'U' and o.since <= clock_timestamp() - $1 and not exists (
                  select from member m where m.id = o.member and m.lease_until > clock_timestamp())))
            select count(*) filter (where was = 'L'), coalesce(sum(bytes) filter (where was = 'L'), 0)::bigint,
              count(*) filter (where was = 'D' or $2 <= interval '0'),
              coalesce(sum(bytes) filter (where was = 'D' or $2 <= interval '0'), 0)::bigint
            from candidate
            """, [options.OlderThan, options.KeepDead], row => new PoolCollectResult
        {
            Dead = row.GetInt64(0),
            DeadBytes = row.GetInt64(1),
            Deleted = row.GetInt64(2),
            DeletedBytes = row.GetInt64(3),
            IsDryRun = true,
        }, token))[0], end);
}
