namespace ArrowCid.Postgres;

/// <summary>The state of a pool.</summary>
public sealed record PoolStatus
{
    /// <summary>The id of the pool.</summary>
    public required Guid Id { get; init; }

    /// <summary>The version of its tables.</summary>
    public required int Version { get; init; }

    /// <summary>Where its blocks are.</summary>
    public required string Blocks { get; init; }

    /// <summary>The number of blocks that are live, in packs or alone.</summary>
    public required long BlockCount { get; init; }

    /// <summary>The number of names.</summary>
    public required long NameCount { get; init; }

    /// <summary>The number of groups of facts in the log, as the database estimates it.</summary>
    public required long FactGroups { get; init; }

    /// <summary>The number of objects and their bytes, by state: <c>uploading</c>, <c>live</c>, <c>dead</c>,
    /// <c>deleting</c>.</summary>
    public required IReadOnlyDictionary<string, (long Count, long ByteLength)> Objects { get; init; }

    /// <summary>The members whose lease runs.</summary>
    public required IReadOnlyList<PoolMemberStatus> Members { get; init; }

    /// <summary>Whether a collection is in progress, or one that died waits for the next.</summary>
    public required bool IsSweeping { get; init; }

    /// <summary>The age of the oldest open transaction of the database, behind which no member reads on.</summary>
    public required TimeSpan OldestTransaction { get; init; }

    internal static Task<PoolStatus> ReadAsync(Pool pool, CancellationToken end) =>
        pool.Database.RunAsync(async (connection, token) =>
        {
            List<PoolMemberStatus> members = await PoolRows.QueryAsync(connection, """
                select m.id, m.host, m.joined, f.xid, f.seq, (
                  select count(*) from (select from fact_group g where (g.xid, g.seq) > (f.xid, f.seq) limit 100000) g)
                from member m left join follower f on f.store = m.store
                where m.lease_until > clock_timestamp() order by m.id
                """, [], row => new PoolMemberStatus
            {
                Id = row.GetInt64(0),
                Host = row.GetString(1),
                Joined = row.GetFieldValue<DateTimeOffset>(2),
                Lag = row.IsDBNull(3) ? null : row.GetInt64(5),
            }, token);
            var objects = new Dictionary<string, (long, long)>(StringComparer.Ordinal);
            foreach ((char state, long count, long bytes) in await PoolRows.QueryAsync(connection,
                "select state, count(*), sum(bytes)::bigint from object group by state order by state", [],
                row => (row.GetChar(0), row.GetInt64(1), row.GetInt64(2)), token))
            {
                string word = state switch { 'U' => "uploading", 'L' => "live", 'D' => "dead", _ => "deleting" };
                objects.Add(word, (count, bytes));
            }

            return (await PoolRows.QueryAsync(connection, """
                select v.version,
                  (select count(distinct p.digest) from place p join object o on o.key = p.key where o.state = 'L'),
                  (select count(*) from name n where n.target is not null),
                  (select greatest(reltuples, 0)::bigint from pg_class where oid = 'fact_group'::regclass),
                  (select is_open from sweep),
                  coalesce((select max(clock_timestamp() - xact_start) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()
                      and backend_type = 'client backend'), interval '0')
                from version v
                """, [], row => new PoolStatus
            {
                Id = pool.Id,
                Version = row.GetInt32(0),
                Blocks = pool.Objects.Name,
                BlockCount = row.GetInt64(1),
                NameCount = row.GetInt64(2),
                FactGroups = row.GetInt64(3),
                Objects = objects,
                Members = members,
                IsSweeping = row.GetBoolean(4),
                OldestTransaction = row.GetTimeSpan(5),
            }, token))[0];
        }, end);
}
