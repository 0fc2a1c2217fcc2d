using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;
using NpgsqlTypes;

namespace ArrowCid.Postgres;

/// <summary>Restores the registry of a pool from the stores of its members and from the object store: what neither has
/// is lost. Rows that are there stay. A second run changes nothing more.</summary>
internal sealed class PoolRestore(PoolDatabase database, ObjectStore objects, Guid pool)
{
    /// <summary>The folder of the objects that lead to snapshots.</summary>
    public const string Snapshots = "snap/";

    private const string Fence = "select pg_advisory_xact_lock(hashtext('arrowcid.pool'), hashtext(current_schema()))";

    // Numbers that the lost database may have given out, to objects and members that left no trace.
    private const long Skipped = 1_000_000;
    private const int NoMember = 0, BlocksAtOnce = 1000;

    private long _objects, _blocks, _groups, _names;

    /// <summary>Restores.</summary>
    public async Task<PoolRestoreResult> RunAsync(IReadOnlyList<CidStore> stores, CancellationToken end)
    {
        long generation = await AdoptAsync(end);
        await RenumberAsync(generation, end);
        foreach (CidStore store in stores)
        {
            using var local = new LocalBlocks(store);
            foreach (byte[] payload in local.FactsOfPool()) await WriteAsync(payload, end);
        }

        using var backend = new PoolBackend(database, objects);
        if (await ReadPointerAsync(end) is { } cid)
        {
            var reader = new SnapshotReader(database, backend, pool);
            if (reader.Read(cid, end) is { } head)
            {
                var payloads = new ConcurrentQueue<byte[]>();
                _ = await reader.ReadAsync(head, payloads.Enqueue, end);
                foreach (byte[] payload in payloads) await WriteAsync(payload, end);
            }
        }

        await DescribeAsync(backend, end);
        return new PoolRestoreResult
        {
            Objects = _objects,
            Blocks = _blocks,
            FactGroups = _groups,
            NameChanges = _names,
        };
    }

    /// <summary>Numbers of objects and members are not given out again, members join again, and what another server
    /// numbered is the latest in the log.</summary>
    private Task<bool> RenumberAsync(long generation, CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            _ = await PoolRows.ExecuteAsync(connection, Fence, [], token);
            _ = await PoolRows.QueryAsync(connection, """
                select setval('generation', greatest((select last_value from generation), $1) + $2),
                  setval('member_id', (select last_value from member_id) + $2)
                """, [generation, Skipped], row => row.GetInt64(0), token);
            _ = await PoolRows.ExecuteAsync(connection, "delete from member", [], token);
            await PoolFold.RenumberAsync(connection, token);
            return true;
        }, end);

    /// <summary>Objects of blocks that no row knows get rows.</summary>
    /// <returns>The greatest generation of an object.</returns>
    private async Task<long> AdoptAsync(CancellationToken end)
    {
        var stored = new List<(string Key, long Bytes)>();
        foreach (string folder in (string[])["b/", "p/"])
        {
            await foreach ((string, long) each in objects.ListAsync(folder, end)) stored.Add(each);
        }

        HashSet<string> known = [.. await database.RunAsync((connection, token) => PoolRows.QueryAsync(connection,
            "select key from object", [], row => row.GetString(0), token), end)];
        long greatest = 0;
        foreach ((string key, long bytes) in stored)
        {
            if (GenerationOf(key) is not { } generation) continue;
            greatest = Math.Max(greatest, generation);
            if (known.Contains(key) || await ReadAsync(key, bytes, end) is not { } places) continue;
            if (!await AdoptAsync(key, bytes, places, end)) continue;
            _objects++;
            _blocks += places.Count;
        }

        return greatest;
    }

    private static long? GenerationOf(string key)
    {
        string name = key[(key.LastIndexOf('/') + 1)..];
        string number = name.EndsWith(".car", StringComparison.Ordinal) ? name[..^4]
            : name[(name.LastIndexOf('.') + 1)..];
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
    }

    /// <summary>The blocks in an object, those of a pack proved.</summary>
    /// <returns>Null where it is no object of blocks.</returns>
    private async Task<List<(Cid Cid, long At, long Length)>?> ReadAsync(string key, long length, CancellationToken end)
    {
        string name = key[(key.LastIndexOf('/') + 1)..];
        if (!key.EndsWith(".car", StringComparison.Ordinal))
            return Cid.TryParse(name[..name.LastIndexOf('.')], out Cid cid) ? [(cid, 0, length)] : null;
        byte[] bytes = new byte[length];
        if (!await objects.ReadAsync(key, 0, bytes, end)) return null;
        var found = new List<(Cid, long, long)>();
        try
        {
            var reader = new CarReader(new MemoryStream(bytes));
            while (reader.TryRead(out CarSection section))
            {
                ReadOnlySpan<byte> block = bytes.AsSpan((int)section.BlockOffset, section.Length);
                if (section.Cid.TryGetSha256(out Digest256 digest) && Sha256.Hash(block) == digest)
                    found.Add((section.Cid, section.BlockOffset, section.Length));
            }
        }
        catch (InvalidCarException)
        {
            // What was read before it is proved.
        }

        return found.Count == 0 ? null : found;
    }

    /// <summary>Under the lock of collectors, so that none forgets the object meanwhile: it is there or not.</summary>
    private Task<bool> AdoptAsync(string key, long bytes, List<(Cid Cid, long At, long Length)> places,
        CancellationToken end) => database.TransactAsync(async (connection, token) =>
    {
        _ = await PoolRows.ExecuteAsync(connection, Fence, [], token);
        if (!await objects.ReadAsync(key, 0, new byte[1], token)) return false;
        int rows = await PoolRows.ExecuteAsync(connection, """
            insert into object (key, state, member, bytes) values ($1, 'L', $2, $3) on conflict do nothing
            """, [key, (long)NoMember, bytes], token);
        if (rows == 0) return false;
        foreach ((Cid Cid, long At, long Length)[] some in places.Chunk(BlocksAtOnce))
        {
            byte[][] digests = [.. some.Select(each => PoolRows.BytesOf(each.Cid.ToV1()))];
            long[] lengths = [.. some.Select(each => each.Length)];
            _ = await PoolRows.ExecuteAsync(connection, """
                insert into place (digest, key, at, length)
                select d, $1, a, l from unnest($2, $3, $4) as t (d, a, l) order by d on conflict do nothing
                """, [key, digests, some.Select(each => each.At).ToArray(), lengths], token);
            _ = await PoolRows.ExecuteAsync(connection, """
                insert into block (digest, codec, kind, rows, bytes)
                select d, c, k, 0, l from unnest($1, $2, $3, $4) as t (d, c, k, l) order by d on conflict do nothing
                """,
                [
                    digests, some.Select(each => (long)each.Cid.ToV1().Codec).ToArray(),
                    some.Select(each => (short)(NodeHead.IsNode(each.Cid.ToV1().Codec)
                        ? BlockKind.Node : BlockKind.Raw)).ToArray(), lengths,
                ], token);
        }

        return true;
    }, end, isAdopted => isAdopted);

    private Task<bool> WriteAsync(byte[] payload, CancellationToken end) =>
        database.TransactAsync(async (connection, token) =>
        {
            List<FactGroup> groups = FactReader.Read(payload, ulong.MaxValue, _ => { });
            FactGroup[] others = [.. groups.Select(group => group with
            {
                Facts = [.. group.Facts.Where(fact => fact is not NameFact)],
            }).Where(group => group.Facts.Length > 0)];
            if (await FactTable.WriteAsync(connection, NoMember, others, token) is not null) _groups += others.Length;
            foreach (FactGroup group in groups)
            {
                foreach (NameFact name in group.Facts.OfType<NameFact>())
                {
                    if (await PoolFold.AddAsync(connection, NoMember, group.Stamp, name, token)) _names++;
                }
            }

            return true;
        }, end);

    private async Task<Cid?> ReadPointerAsync(CancellationToken end)
    {
        string last = "";
        await foreach ((string key, _) in objects.ListAsync(Snapshots, end))
        {
            if (string.CompareOrdinal(key, last) > 0) last = key;
        }

        // snap/TRANSACTION-CID
        return last.Length > 0 && Cid.TryParse(last[(last.LastIndexOf('-') + 1)..], out Cid cid) ? cid : null;
    }

    /// <summary>What blocks are, and which others they need: what facts record of copies, and the links of
    /// nodes.</summary>
    private async Task DescribeAsync(PoolBackend backend, CancellationToken end)
    {
        byte[] last = [];
        while (true)
        {
            byte[] from = last;
            List<(byte[] Digest, long Codec, byte[]? Copy)> page = await database.RunAsync((connection, token) =>
                PoolRows.QueryAsync(connection, """
                    select b.digest, b.codec, w.facts from block b
                    left join word w on w.digest = b.digest and w.kind = 17 and w.key = $2
                    where b.digest > $1 and b.kind in (3, 7) and b.rows = 0 order by b.digest limit $3
                    """, [from, Encoding.UTF8.GetBytes(PoolMember.Place), BlocksAtOnce],
                    row => (row.GetFieldValue<byte[]>(0), row.GetInt64(1),
                        row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2)), token), end);
            if (page.Count == 0) break;
            foreach ((byte[] digest, long codec, byte[]? copy) in page)
                await DescribeAsync(backend, PoolRows.CidOf(digest, codec), copy, end);
            last = page[^1].Digest;
        }

        // A signed statement is needed by its block.
        _ = await database.RunAsync((connection, token) => PoolRows.ExecuteAsync(connection, """
            insert into link (parent, child) select w.digest, l from word w, unnest(w.links) l
            where w.kind = 18 and exists (select from block b where b.digest = w.digest)
              and exists (select from place p where p.digest = l) on conflict do nothing
            """, [], token), end);
    }

    private Task<bool> DescribeAsync(PoolBackend backend, Cid cid, byte[]? copy, CancellationToken end)
    {
        CopyState? state = copy is null ? null : FactReader.Read(copy, ulong.MaxValue, _ => { })
            .SelectMany(group => group.Facts).OfType<CopyFact>().Select(fact => fact.State).FirstOrDefault();
        Cid? ofBlock = state?.Kind == (ulong)BlockKind.Schema ? cid : state?.Schema;
        List<Cid> children = [];
        if (NodeHead.IsNode(cid.Codec) && backend.TryGet(cid, end) is { } node)
        {
            using (node) children = BlockWalk.Children(backend, node, end);
        }
        else if (state?.Schema is { } schema && schema != cid && backend.Contains(schema, end)) children = [schema];

        return database.TransactAsync(async (connection, token) =>
        {
            byte[] digest = PoolRows.BytesOf(cid);
            if (state is not null)
            {
                _ = await PoolRows.ExecuteAsync(connection,
                    "update block set kind = $2, rows = $3, schema = $4 where digest = $1",
                    [
                        digest, (short)state.Kind, (long)state.Rows, PoolRows.Nullable(NpgsqlDbType.Bytea,
                            ofBlock is { } of ? PoolRows.BytesOf(of) : null),
                    ], token);
            }

            byte[][] links = [.. children.Select(PoolRows.BytesOf)];
            _ = await PoolRows.ExecuteAsync(connection, """
                insert into link (parent, child) select $1, c from unnest($2) c order by c on conflict do nothing
                """, [digest, links], token);
            return true;
        }, end);
    }
}
