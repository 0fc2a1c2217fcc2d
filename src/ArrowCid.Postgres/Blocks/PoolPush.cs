using System.Globalization;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;
using Npgsql;
using NpgsqlTypes;

namespace ArrowCid.Postgres;

/// <summary>Brings blocks into a pool, with the steps P1 to P5 of POOL.md.</summary>
internal sealed class PoolPush(PoolDatabase database, ObjectStore objects, MemberLease lease, LocalBlocks local,
    Func<PoolStep, Task> onStep)
{
    private const int Rounds = 5, Parallel = 8, FlatBytes = 1 << 20, PackBytes = 64 << 20;

    // A dead object is revived with all of its blocks, which must be whole: only where this push has all of them.
    private const string IsRevivable =
        "not exists (select from place s where s.key = o.key and not s.digest = any ($1))";

    // What this push has written, and which objects hold it.
    private readonly List<string> _keys = [];
    private int _written;
    private long _bytes;

    /// <summary>Pushes blocks and facts about them.</summary>
    /// <param name="nodes">The blocks with all that they need, each after those.</param>
    /// <param name="groups">The facts; given the blocks that this push has written, for facts about those.</param>
    /// <param name="end">Ends the call.</param>
    /// <returns>The result, with the last point in the log; the point is 0 where no fact was news.</returns>
    public async Task<(int NewBlocks, long ByteLength, ulong Xid, long Seq)> RunAsync(
        IReadOnlyList<PoolNode> nodes, Func<IReadOnlySet<Cid>, List<FactGroup>> groups, CancellationToken end)
    {
        var uploaded = new HashSet<Cid>();
        byte[][] all = [.. nodes.Select(node => node.Digest)];
        for (int round = 0; round < Rounds; round++)
        {
            await lease.RequireAsync(end);
            HashSet<string> missing = await FindMissingAsync(all, end);
            await onStep(PoolStep.P1);
            PoolNode[] wanted = [.. nodes.Where(node => missing.Contains(Convert.ToHexString(node.Digest))
                && !uploaded.Contains(node.Cid))];
            await UploadAsync(wanted, end);
            uploaded.UnionWith(wanted.Select(node => node.Cid));
            List<FactGroup> facts = groups(uploaded);
            (byte[][] gone, ulong xid, long seq) = await CommitAsync(all, facts, end);
            if (gone.Length == 0)
            {
                await onStep(PoolStep.P5);
                return (_written, _bytes, xid, seq);
            }

            // They were collected meanwhile; what this push has written itself is gone with them.
            HashSet<string> collected = [.. gone.Select(Convert.ToHexString)];
            foreach (PoolNode node in nodes.Where(node => collected.Contains(Convert.ToHexString(node.Digest))))
                _ = uploaded.Remove(node.Cid);
        }

        throw new ArrowCidException(ErrorCode.Busy, "blocks of the pool were collected while they were pushed; retry");
    }

    /// <summary>The digests of which no object is live, or dead and to be revived by the last transaction.</summary>
    private async Task<HashSet<string>> FindMissingAsync(byte[][] all, CancellationToken end)
    {
        List<byte[]> found = await database.RunAsync((connection, token) => PoolRows.QueryAsync(connection, $"""
            select w from unnest($1) w where not exists (
              select from place p join object o on o.key = p.key
              where p.digest = w and (o.state = 'L' or (o.state = 'D' and {IsRevivable})))
            """, [all], row => row.GetFieldValue<byte[]>(0), token), end);
        return [.. found.Select(Convert.ToHexString)];
    }

    private async Task UploadAsync(PoolNode[] nodes, CancellationToken end)
    {
        if (nodes.Length == 0) return;
        // A schema is needed by batches of other pushes too, and would keep the blocks beside it.
        List<PoolNode[]> parts = [.. nodes.GroupBy(node => node.Entry.Kind == BlockKind.Schema)
            .SelectMany(some => PartsOf([.. some]))];
        List<long> generations = await database.RunAsync((connection, token) => PoolRows.QueryAsync(connection,
            "select nextval('generation') from generate_series(1, $1)", [parts.Count], row => row.GetInt64(0), token),
            end);
        await System.Threading.Tasks.Parallel.ForEachAsync(parts.Zip(generations),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = end },
            async (part, token) => await UploadAsync(part.First, part.Second, token));
    }

    /// <summary>Small blocks together, large ones alone.</summary>
    private static List<PoolNode[]> PartsOf(PoolNode[] nodes)
    {
        var parts = new List<PoolNode[]>();
        var pack = new List<PoolNode>();
        long bytes = 0;
        foreach (PoolNode node in nodes)
        {
            if (node.Entry.ByteLength >= FlatBytes)
            {
                parts.Add([node]);
                continue;
            }

            pack.Add(node);
            bytes += node.Entry.ByteLength;
            if (bytes < PackBytes) continue;
            parts.Add([.. pack]);
            pack.Clear();
            bytes = 0;
        }

        if (pack.Count > 0) parts.Add([.. pack]);
        return parts;
    }

    private async Task UploadAsync(PoolNode[] part, long generation, CancellationToken end)
    {
        using BlockLease? alone = part.Length == 1 ? local.Backend.Get(part[0].Cid, end) : null;
        (ReadOnlyMemory<byte> bytes, long[] offsets) = alone is null ? PackOf(part, end) : (alone.Bytes, [0]);
        string key = alone is null ? PackKey(generation) : BlockKey(part[0].Cid, generation);
        await DeclareAsync(key, bytes.Length, part, offsets, end);
        lock (_keys) _keys.Add(key);
        await onStep(PoolStep.P2);
        _ = await objects.WriteAsync(key, bytes, end);
        await onStep(PoolStep.P3);
        _ = Interlocked.Add(ref _bytes, bytes.Length);
        _ = Interlocked.Add(ref _written, part.Length);
    }

    private (ReadOnlyMemory<byte> Bytes, long[] Offsets) PackOf(PoolNode[] part, CancellationToken end)
    {
        using var stream = new MemoryStream();
        var writer = new CarWriter(stream, [part[0].Cid], version: 2);
        long[] offsets = new long[part.Length];
        for (int i = 0; i < part.Length; i++)
        {
            using BlockLease block = local.Backend.Get(part[i].Cid, end);
            writer.Begin(part[i].Cid, block.Bytes.Length);
            offsets[i] = stream.Position;
            writer.Append(block.Bytes.Span);
        }

        _ = writer.Finish();
        byte[] bytes = stream.ToArray();
        for (int i = 0; i < part.Length; i++)
        {
            ReadOnlySpan<byte> block = bytes.AsSpan((int)offsets[i], (int)part[i].Entry.ByteLength);
            if (!part[i].Cid.TryGetSha256(out Digest256 digest) || Sha256.Hash(block) != digest)
                throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{part[i].Cid} was changed while it was copied");
        }

        return (bytes, offsets);
    }

    private static string BlockKey(Cid cid, long generation)
    {
        string name = cid.ToString();
        return string.Create(CultureInfo.InvariantCulture, $"b/{name[^2..]}/{name}.{generation}");
    }

    private static string PackKey(long generation)
    {
        const int Folders = 100;
        return string.Create(CultureInfo.InvariantCulture, $"p/{generation % Folders:00}/{generation}.car");
    }

    /// <summary>P2: the rows are there before the object is, so that a collector finds what is left of a push that
    /// died.</summary>
    private Task<bool> DeclareAsync(string key, long bytes, PoolNode[] part, long[] offsets, CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            await EnterAsync(connection, token);
            byte[][] digests = [.. part.Select(node => node.Digest)];
            _ = await PoolRows.ExecuteAsync(connection,
                "insert into object (key, member, bytes) values ($1, $2, $3) on conflict do nothing",
                [key, lease.Id, bytes], token);
            _ = await PoolRows.ExecuteAsync(connection, """
                insert into place (digest, key, at, length)
                select d, $1, a, l from unnest($2, $3, $4) as t (d, a, l) order by d on conflict do nothing
                """, [key, digests, offsets, part.Select(node => node.Entry.ByteLength).ToArray()], token);
            PoolNode[] sorted = [.. part.OrderBy(node => Convert.ToHexString(node.Digest), StringComparer.Ordinal)];
            await using var batch = new NpgsqlBatch(connection);
            foreach (PoolNode node in sorted) Declare(batch, node);
            _ = await batch.ExecuteNonQueryAsync(token);
            return true;
        }, end);

    private static void Declare(NpgsqlBatch batch, PoolNode node)
    {
        StoredEntry entry = node.Entry;
        var block = new NpgsqlBatchCommand("""
            insert into block (digest, codec, kind, schema, rows, bytes) values ($1, $2, $3, $4, $5, $6)
            on conflict do nothing
            """);
        NpgsqlParameterCollection values = block.Parameters;
        _ = values.Add(new NpgsqlParameter { Value = node.Digest });
        _ = values.Add(new NpgsqlParameter { Value = (long)entry.Cid.Codec });
        _ = values.Add(new NpgsqlParameter { Value = (short)entry.Kind });
        _ = values.Add(PoolRows.Nullable(NpgsqlDbType.Bytea,
            entry.SchemaCid is { } schema ? PoolRows.BytesOf(schema) : null));
        _ = values.Add(new NpgsqlParameter { Value = entry.Rows });
        _ = values.Add(new NpgsqlParameter { Value = entry.ByteLength });
        batch.BatchCommands.Add(block);
        if (node.Children.Count == 0) return;
        var links = new NpgsqlBatchCommand(
            "insert into link (parent, child) select $1, c from unnest($2) c order by c on conflict do nothing");
        _ = links.Parameters.Add(new NpgsqlParameter { Value = node.Digest });
        _ = links.Parameters.Add(new NpgsqlParameter
        {
            Value = node.Children.ToArray(),
            NpgsqlDbType = NpgsqlDbType.Bytea | NpgsqlDbType.Array,
        });
        batch.BatchCommands.Add(links);
    }

    /// <summary>P4: what was written goes live, and everything that is pushed is claimed, in one transaction.</summary>
    /// <returns>The blocks that are missing, and nothing was changed; else none.</returns>
    private Task<(byte[][] Missing, ulong Xid, long Seq)> CommitAsync(byte[][] all, List<FactGroup> groups,
        CancellationToken end)
    {
        string[] keys = [.. _keys];
        return database.TransactAsync(async (connection, token) =>
        {
            long now = await EnterAsync(connection, token);
            FactTable.ThrowIfAhead(groups, now);
            await PublishAsync(connection, keys, token);
            _ = await PoolRows.ExecuteAsync(connection, $"""
                update object set state = 'L', since = clock_timestamp() where key in (
                  select o.key from object o where o.state = 'D' and {IsRevivable} and o.key in (
                    select p.key from place p where p.digest = any ($1) and not exists (
                      select from place q join object r on r.key = q.key
                      where q.digest = p.digest and r.state = 'L')) order by o.key for update)
                """, [all], token);
            List<byte[]> missing = await PoolRows.QueryAsync(connection, "select * from claim_blocks($1, $2)",
                [lease.Id, all], row => row.GetFieldValue<byte[]>(0), token);
            if (missing.Count > 0) return ([.. missing], 0ul, 0L);
            (ulong Xid, long Seq)? last = await FactTable.WriteAsync(connection, lease.Id, groups, token);
            // Without news the point is this transaction itself.
            (ulong Xid, long Seq) point = last ?? ((await PoolRows.QueryAsync(connection,
                "select pg_current_xact_id()", [], row => row.GetFieldValue<ulong>(0), token))[0], 0);
            await onStep(PoolStep.P4);
            return ((byte[][])[], point.Xid, point.Seq);
        }, end, result => result.Item1.Length == 0);
    }

    /// <summary>What this push has written goes live. An object that only repeats what another push has made live
    /// meanwhile is dead at once: the rows of its blocks are locked first, so that of two such pushes the later sees
    /// the objects of the earlier.</summary>
    private static async Task PublishAsync(NpgsqlConnection connection, string[] keys, CancellationToken end)
    {
        _ = await PoolRows.ExecuteAsync(connection, """
            select b.digest from block b where b.digest in (select p.digest from place p where p.key = any ($1))
            order by b.digest for no key update
            """, [keys], end);
        _ = await PoolRows.ExecuteAsync(connection, """
            update object set since = clock_timestamp(), state = case when exists (
              select from place p where p.key = object.key and not exists (
                select from place q join object r on r.key = q.key
                where q.digest = p.digest and r.key <> object.key
                  and (r.state = 'L' or (r.state = 'U' and r.key = any ($1) and r.key < object.key))))
              then 'L' else 'D' end::"char"
            where key in (
              select key from object where state = 'U' and key = any ($1) order by key for update)
            """, [keys], end);
    }

    private async Task<long> EnterAsync(NpgsqlConnection connection, CancellationToken end)
    {
        List<(bool IsMember, long Now)> entered = await PoolRows.QueryAsync(connection,
            "select is_member, now_ms from enter($1)", [lease.Id], row => (row.GetBoolean(0), row.GetInt64(1)), end);
        return entered[0].IsMember ? entered[0].Now : throw lease.Fence();
    }
}
