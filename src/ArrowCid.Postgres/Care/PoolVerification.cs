using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Postgres;

/// <summary>Checks a pool.</summary>
internal sealed class PoolVerification(PoolDatabase database, ObjectStore objects, PoolVerifyOptions options)
{
    private const string IdentityKey = "pool.json";

    private readonly List<Cid> _damaged = [];
    private readonly HashSet<Cid> _missing = [];

    public async Task<PoolVerifyResult> RunAsync(CancellationToken end)
    {
        // Objects first: a row is there before its object, and goes after it.
        var stored = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach ((string key, long bytes) in objects.ListAsync("", end))
        {
            if (key != IdentityKey) stored[key] = bytes;
        }

        HashSet<string> known = [.. await database.RunAsync((connection, token) => PoolRows.QueryAsync(connection,
            "select key from object", [], row => row.GetString(0), token), end)];
        List<string> leftovers = [.. stored.Keys.Where(key => !known.Contains(key) && IsBlocks(key))
            .Order(StringComparer.Ordinal)];
        if (options.Repair)
        {
            foreach (string key in leftovers) await objects.DeleteAsync(key, end);
        }

        _missing.UnionWith(await FindHollowAsync(end));
        (long blocks, long hashed) = await ReadAsync(end);
        return new PoolVerifyResult
        {
            Blocks = blocks,
            Hashed = hashed,
            Missing = [.. _missing.Order()],
            Damaged = _damaged,
            Leftovers = leftovers,
            Differences = await CompareAsync(end),
        };
    }

    private static bool IsBlocks(string key) =>
        key.StartsWith("b/", StringComparison.Ordinal) || key.StartsWith("p/", StringComparison.Ordinal);

    /// <summary>Kept blocks, and what they need, of which no object is live.</summary>
    private Task<List<Cid>> FindHollowAsync(CancellationToken end) => database.RunAsync((connection, token) =>
        PoolRows.QueryAsync(connection, """
            with recursive kept(digest) as (
              select digest from root('infinity') union select l.child from kept k join link l on l.parent = k.digest)
            select k.digest, coalesce(b.codec, 85) from kept k left join block b on b.digest = k.digest
            except
            select p.digest, b.codec from place p join object o on o.key = p.key join block b on b.digest = p.digest
            where o.state = 'L'
            """, [], row => PoolRows.CidOf(row.GetFieldValue<byte[]>(0), row.GetInt64(1)), token), end);

    private async Task<(long Blocks, long Hashed)> ReadAsync(CancellationToken end)
    {
        using var backend = new PoolBackend(database, objects);
        long blocks = 0, hashed = 0;
        foreach (Cid cid in backend.List(end))
        {
            blocks++;
            bool isChosen = options.Sample >= 1 || Random.Shared.NextDouble() < options.Sample;
            if (!isChosen) continue;
            try
            {
                using BlockLease? block = backend.TryGet(cid, end);
                if (block is null && backend.Contains(cid, end)) _ = _missing.Add(cid);
                hashed++;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
            {
                _damaged.Add(cid);
            }
        }

        return (blocks, hashed);
    }

    /// <summary>Folds the log again, and compares.</summary>
    private Task<List<string>> CompareAsync(CancellationToken end) => database.TransactAsync(
        async (connection, token) =>
    {
        _ = await PoolRows.ExecuteAsync(connection, "set transaction isolation level repeatable read", [], token);
        var words = new List<FactWord>();
        var names = new Dictionary<string, NameLog>(StringComparer.Ordinal);
        await foreach (List<(FactGroup Group, ulong Xid, long Seq)> page in PoolFold.ReadAsync(connection, token))
        {
            words = FactWord.Fold(words.Concat(page.SelectMany(each =>
                each.Group.Facts.SelectMany(fact => FactWord.Of(each.Group.Stamp, fact)))));
            foreach ((FactGroup group, _, _) in page)
            {
                foreach (NameFact fact in group.Facts.OfType<NameFact>())
                {
                    if (!names.TryGetValue(fact.Name, out NameLog? log))
                        names.Add(fact.Name, log = new NameLog(fact.Name));
                    _ = log.Add(new NameRecord(group.Stamp, fact.Target, fact.Previous));
                }
            }
        }

        HashSet<string> expected =
        [
            .. words.Select(word => Describe(PoolRows.BytesOf(word.Digest), (short)word.Kind, word.Key, word.Facts)),
            .. names.Values.SelectMany(log => log.Changes.Select(change => $"name {log.Name} {change.Stamp}")),
            .. names.Values.Select(log => $"name {log.Name} is {log.Last.Stamp}"),
        ];
        List<string> found =
        [
            .. await PoolRows.QueryAsync(connection, "select digest, kind, key, facts from word", [],
                row => Describe(row.GetFieldValue<byte[]>(0), row.GetInt16(1), row.GetFieldValue<byte[]>(2),
                    row.GetFieldValue<byte[]>(3)), token),
            .. await PoolRows.QueryAsync(connection, "select name, stamp_time, stamp_writer from name_history", [],
                row => $"name {row.GetString(0)} {PoolRows.StampOf(row.GetInt64(1), row.GetGuid(2))}", token),
            .. await PoolRows.QueryAsync(connection, "select name, stamp_time, stamp_writer from name", [],
                row => $"name {row.GetString(0)} is {PoolRows.StampOf(row.GetInt64(1), row.GetGuid(2))}", token),
        ];
        expected.SymmetricExceptWith(found);
        return expected.Order(StringComparer.Ordinal).ToList();
    }, end);

    private static string Describe(byte[] digest, short kind, byte[] key, byte[] facts) =>
        $"word {Convert.ToHexStringLower(digest)} {kind} {Convert.ToHexStringLower(key)} " +
        Convert.ToHexStringLower(facts);
}
