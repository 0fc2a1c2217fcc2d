using ArrowCid.Transfer.Backends;

namespace ArrowCid.Postgres;

/// <summary>Reads snapshots of a registry out of a pool.</summary>
internal sealed class SnapshotReader(PoolDatabase database, BlockBackend backend, Guid pool)
{
    /// <summary>Finds the last snapshot.</summary>
    /// <returns>The snapshot; null where there is none, or where its blocks are not in the pool, damaged, or of another
    /// pool: then the log is read from its beginning.</returns>
    public async Task<(Cid Cid, SnapshotHead Head)?> FindAsync(CancellationToken end)
    {
        if (await NameSwap.ReadAsync(database, SnapshotHead.Name, end) is not { Target: { } cid }) return null;
        return Read(cid, end) is { } head && head.Pool == pool ? (cid, head) : null;
    }

    /// <summary>Reads the head of a snapshot.</summary>
    /// <returns>Null where it cannot be read.</returns>
    public SnapshotHead? Read(Cid cid, CancellationToken end)
    {
        try
        {
            using BlockLease directory = backend.Get(cid, end);
            return SnapshotHead.Decode(directory.Bytes.Span, file =>
            {
                using BlockLease head = backend.Get(file, end);
                return head.Bytes.ToArray();
            });
        }
        catch (ArrowCidException e) when (IsUnusable(e))
        {
            return null;
        }
    }

    /// <summary>Reads the facts of a snapshot, several parts at once.</summary>
    /// <param name="head">The snapshot.</param>
    /// <param name="take">Gets payloads of records, from several threads.</param>
    /// <param name="end">Ends the call.</param>
    /// <returns>False where a part cannot be read; some facts were taken, which does no harm.</returns>
    public async Task<bool> ReadAsync(SnapshotHead head, Action<byte[]> take, CancellationToken end)
    {
        try
        {
            await Parallel.ForEachAsync(head.Parts, new ParallelOptions
            {
                CancellationToken = end,
                MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount),
            }, async (part, token) =>
            {
                await Task.CompletedTask;
                using BlockLease block = backend.Get(part.Cid, token);
                SnapshotPart.Read(block.Bytes, take);
            });
            return true;
        }
        catch (ArrowCidException e) when (IsUnusable(e))
        {
            return false;
        }
    }

    private static bool IsUnusable(ArrowCidException e) =>
        e.Code is ErrorCode.BlockNotFound or ErrorCode.BlockCorrupt or ErrorCode.InvalidData;
}
