namespace ArrowCid.Postgres;

/// <summary>Collection, verification and what is known of a pool.</summary>
public sealed partial class Pool
{
    /// <summary>Removes blocks that nothing keeps: no name, pin, expiry in the future, or hold of a living member, and
    /// no push or claim within <see cref="PoolCollectOptions.OlderThan"/>. Members go on meanwhile. Several
    /// collections may run at the same time, and one that is killed is completed by the next one.</summary>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="cancellationToken">Cancels the collection; the next one completes it.</param>
    /// <returns>What was removed.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public Task<PoolCollectResult> CollectAsync(PoolCollectOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var collector = new PoolCollector(Database, Objects, options ?? new PoolCollectOptions(), PassAsync);
        return CallAsync(() => collector.RunAsync(cancellationToken));
    }

    /// <summary>Finds what keeps a block in the pool, over all machines.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="olderThan">The span in which a push or claim counts; null: an hour.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The reasons, at most 1,000; none where the next collection may remove the block, or where the pool does
    /// not have it.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public async Task<IReadOnlyList<PoolReason>> WhyAsync(Cid cid, TimeSpan? olderThan = null,
        CancellationToken cancellationToken = default) =>
        await Database.RunAsync((connection, token) => PoolRows.QueryAsync(connection, """
            with recursive up(digest) as (
              select $1
              union
              select n.digest from up u cross join lateral (
                select l.parent as digest from link l where l.child = u.digest
                union all
                select q.digest from place p join object o on o.key = p.key and o.state = 'L'
                join place q on q.key = p.key where p.digest = u.digest) n)
            select r.reason, r.detail, r.digest, coalesce(b.codec, 85) from root(clock_timestamp() - $2) r
            join up u on u.digest = r.digest left join block b on b.digest = r.digest
            where exists (select from place p join object o on o.key = p.key where p.digest = $1 and o.state = 'L')
            order by 1, 2, 3 limit 1000
            """, [PoolRows.BytesOf(cid), olderThan ?? PoolCollectOptions.DefaultOlderThan], row => new PoolReason
        {
            Kind = row.GetString(0),
            Detail = row.GetString(1),
            Block = PoolRows.CidOf(row.GetFieldValue<byte[]>(2), row.GetInt64(3)),
        }, token), cancellationToken);

    /// <summary>Reads the state of the pool.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its numbers.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public Task<PoolStatus> GetStatusAsync(CancellationToken cancellationToken = default) =>
        PoolStatus.ReadAsync(this, cancellationToken);

    /// <summary>Checks that every block that is kept is in the object store with all that it needs, that its bytes
    /// hash to its CID, that no object is left over, and that the tables are what the log of facts gives.</summary>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public Task<PoolVerifyResult> VerifyAsync(PoolVerifyOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var check = new PoolVerification(Database, Objects, options ?? new PoolVerifyOptions());
        return CallAsync(() => check.RunAsync(cancellationToken));
    }

    /// <summary>Restores a pool whose database is lost, or is an older backup, from the stores of members and from the
    /// object store: metadata and names that a member or the last snapshot has, and objects of blocks that no row
    /// knows. What is in the database stays. Members must join again.</summary>
    /// <param name="options">Where the pool is. Its tables are created if they are not there.</param>
    /// <param name="stores">Stores that have been members. Their own names of blocks that are in the pool become names
    /// of the pool.</param>
    /// <param name="cancellationToken">Cancels the call; a second call completes it.</param>
    /// <returns>What the database lacked.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="CreateAsync"/>.</exception>
    public static async Task<PoolRestoreResult> RestoreAsync(PoolOptions options, IReadOnlyList<CidStore> stores,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(stores);
        string? owner = await ReadOwnerAsync(options.Blocks, cancellationToken);
        Guid id = Guid.TryParse(owner, out Guid known) ? known : Guid.CreateVersion7();
        await using Pool pool = await MakeAsync(options, id, cancellationToken);
        var restore = new PoolRestore(pool.Database, pool.Objects, pool.Id);
        return await pool.CallAsync(() => restore.RunAsync(stores, cancellationToken));
    }

    /// <summary>Makes the tables of metadata and names again from the log of facts.</summary>
    /// <param name="cancellationToken">Cancels the call; the tables stay as they are.</param>
    /// <returns>The number of words of facts.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public Task<long> RebuildAsync(CancellationToken cancellationToken = default) =>
        PoolFold.RebuildAsync(Database, cancellationToken);
}
