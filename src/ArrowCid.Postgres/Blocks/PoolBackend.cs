using ArrowCid.Memory;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Postgres;

/// <summary>The blocks of a pool, to be read: the database tells where one is, and its bytes are hashed.</summary>
internal sealed class PoolBackend(PoolDatabase database, ObjectStore objects, bool isOwner = false)
    : BlockBackend(database.Address.Name)
{
    private const int Lookups = 2;

    public override bool CanList => true;

    protected override bool Has(Cid cid, CancellationToken cancellationToken)
    {
        var found = new bool[1];
        HasMany([cid], found, cancellationToken);
        return found[0];
    }

    protected override void HasMany(IReadOnlyList<Cid> cids, Span<bool> found, CancellationToken cancellationToken)
    {
        byte[][] digests = [.. cids.Select(PoolRows.BytesOf)];
        HashSet<string> known = [.. Wait(end => database.RunAsync((connection, token) => PoolRows.QueryAsync(connection,
            """
            select distinct p.digest from place p join object o on o.key = p.key
            where p.digest = any ($1) and o.state = 'L'
            """, [digests], row => Convert.ToHexString(row.GetFieldValue<byte[]>(0)), token), end), cancellationToken)];
        for (int i = 0; i < digests.Length; i++) found[i] = known.Contains(Convert.ToHexString(digests[i]));
    }

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken)
    {
        const int PageRows = 10_000;
        byte[] last = [];
        while (true)
        {
            byte[] from = last;
            List<(byte[] Digest, long Codec)> page = Wait(end => database.RunAsync((connection, token) =>
                PoolRows.QueryAsync(connection, """
                    select b.digest, b.codec from block b where b.digest > $1 and exists (
                      select from place p join object o on o.key = p.key where p.digest = b.digest and o.state = 'L')
                    order by b.digest limit $2
                    """, [from, PageRows], row => (row.GetFieldValue<byte[]>(0), row.GetInt64(1)), token), end),
                cancellationToken);
            foreach ((byte[] digest, long codec) in page) yield return PoolRows.CidOf(digest, codec);
            if (page.Count < PageRows) yield break;
            last = page[^1].Digest;
        }
    }

    protected override void Close()
    {
        if (!isOwner) return;
        Task.Run(async () => await database.DisposeAsync()).GetAwaiter().GetResult();
        objects.Dispose();
    }

    private protected override BlockLease? Find(Cid cid, in Digest256 digest, CancellationToken cancellationToken)
    {
        Digest256 wanted = digest;
        return Wait(end => FindAsync(cid, wanted, end), cancellationToken);
    }

    /// <summary>Reads a block from the objects that have it, live ones first. An object that is gone was collected
    /// meanwhile, and the block may have been pushed again, so it is looked up again.</summary>
    private async Task<BlockLease?> FindAsync(Cid cid, Digest256 digest, CancellationToken end)
    {
        ArrowCidException? damage = null;
        for (int lookup = 0; lookup < Lookups; lookup++)
        {
            List<(string Key, long At, long Length)> places = await database.RunAsync((connection, token) =>
                PoolRows.QueryAsync(connection, """
                    select p.key, p.at, p.length from place p join object o on o.key = p.key
                    where p.digest = $1 and o.state in ('L', 'D') order by o.state desc, o.key
                    """, [PoolRows.BytesOf(digest)],
                    row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2)), token), end);
            if (places.Count == 0) break;
            foreach ((string key, long at, long length) in places)
            {
                try
                {
                    byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
                    if (!await objects.ReadAsync(key, at, bytes, end)) continue;
                    if (Sha256.Hash(bytes) == digest) return new BlockLease(cid, bytes, null);
                    damage = new ArrowCidException(ErrorCode.BlockCorrupt, $"{objects.Name} has other bytes for {cid}");
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
                {
                    damage = e;
                }
            }
        }

        return damage is null ? null : throw damage;
    }

    // A thread of the pool has no context that the answer would wait for.
    private static T Wait<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return Task.Run(() => call(cancellationToken), cancellationToken).GetAwaiter().GetResult();
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is not ArrowCidException)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }
}
