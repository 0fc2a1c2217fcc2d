using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Registry;
using Apache.Arrow;

namespace ArrowCid.Postgres;

/// <summary>
/// A store that has joined a pool. It copies the pool's log into the store, so that filters, listings and names of the
/// store see what other members push; blocks come when they are read. For any number of threads at once.
/// </summary>
public sealed class PoolMember : IAsyncDisposable
{
    /// <summary>The place under which facts record the copies of a pool.</summary>
    public const string Place = "pool";

    internal const string LocalNames = "local/";

    private const int SwapRounds = 64;

    private readonly Pool _pool;
    private readonly CidStore _store;
    private readonly MemberLease _lease;
    private readonly FactFollower _follower;
    private readonly Doorbell _doorbell;
    private readonly LocalBlocks _local;
    private readonly PoolBackend _backend;
    private readonly UInt128 _writer = FactStamp.ReadWriter(RandomNumberGenerator.GetBytes(FactStamp.WriterBytes));

    private int _isClosed;

    private PoolMember(Pool pool, CidStore store, MemberLease lease)
    {
        (_pool, _store, _lease) = (pool, store, lease);
        _follower = new FactFollower(pool.Database, store, IsOwn);
        _doorbell = new Doorbell(pool.Database);
        _local = new LocalBlocks(store);
        _backend = new PoolBackend(pool.Database, pool.Objects);
    }

    /// <summary>The number of the member, which no other member ever has.</summary>
    public long Id => _lease.Id;

    /// <summary>Whether the lease has ended, for example while the machine slept. The member must join
    /// again.</summary>
    public bool IsFenced => _lease.IsFenced;

    /// <summary>Ends once the lease has ended.</summary>
    public Task WhenFenced => _lease.WhenFenced;

    /// <summary>The point in the pool's log up to which the store has everything.</summary>
    public PoolToken Position => new(_pool.Id, _follower.Cursor.Xid, _follower.Cursor.Seq);

    /// <summary>Ends when the store has read on in the log.</summary>
    internal Task WhenRead => _follower.WhenRead;

    internal static async Task<PoolMember> BeginAsync(Pool pool, CidStore store, CancellationToken end)
    {
        if (store.IsReadOnly)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{store.Directory} is open for reading only");
        if (store.Blocks.IsRing)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                $"{store.Directory} is a ring, whose oldest blocks go; join with a store that keeps its blocks");
        }

        MemberLease lease = await MemberLease.BeginAsync(pool.Database, store.Blocks.Id, pool.Options.Lease,
            TimeProvider.System, end);
        var member = new PoolMember(pool, store, lease);
        await member._follower.BeginAsync(new SnapshotReader(pool.Database, member._backend, pool.Id), end);
        return member;
    }

    /// <summary>Stores a batch in the member's store, and pushes it.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="options">The metadata of the batch. A name becomes a name of the pool, whatever it pointed to
    /// before.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The address of the batch, and the push. Once this returns, the block is in the object store, and any
    /// member finds it.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="PushAsync"/> and
    /// <see cref="SetNameAsync(string, Cid?, Cid?, CancellationToken)"/>.</exception>
    public async Task<(PutResult Put, PoolPut Push)> PutAsync(RecordBatch batch, PutOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        PutResult put = _store.Put(batch, options?.WithName(null));
        PoolPut push = await PushAsync([put.Cid], cancellationToken);
        if (options?.Name is not { } name) return (put, push);
        PoolToken token = await SetNameAsync(name, put.Cid, cancellationToken);
        return (put, push with { Token = token });
    }

    /// <summary>Pushes blocks of the member's store, with all that they need, their metadata, pins and signed
    /// statements. Blocks that the pool has are not uploaded again. Pushed blocks that no name, pin, hold or expiry
    /// keeps are collected after an hour or more (<see cref="Pool.CollectAsync"/>).</summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="cancellationToken">Cancels the call; the pool may have some of the blocks, and all or none of the
    /// facts.</param>
    /// <returns>The result. Every block is in the object store.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the store lacks a block;
    /// <see cref="ErrorCode.PoolUnavailable"/>: the database or the object store does not answer;
    /// <see cref="ErrorCode.MemberFenced"/>: the lease has ended.</exception>
    public async Task<PoolPut> PushAsync(IReadOnlyList<Cid> cids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        List<PoolNode> nodes = _local.Walk(cids, cancellationToken);
        List<FactGroup> known = _local.FactsOf(nodes);
        List<FactGroup> copies = [];
        var push = new PoolPush(_pool.Database, _pool.Objects, _lease, _local, _pool.PassAsync);
        (int added, long bytes, ulong xid, long seq) = await _pool.CallAsync(() => push.RunAsync(nodes, written =>
        {
            copies = [.. CopiesOf(nodes.Where(node => written.Contains(node.Cid)))];
            return [.. known, .. copies];
        }, cancellationToken));
        foreach (byte[] payload in FactTable.PayloadsOf(copies)) _store.Registry.Facts.AppendForeign(payload);
        _doorbell.Ring();
        return new PoolPut
        {
            Blocks = nodes.Count,
            NewBlocks = added,
            ByteLength = bytes,
            Token = new PoolToken(_pool.Id, xid, seq),
        };
    }

    /// <summary>Points a name of the pool to a block of the pool, whatever it pointed to before. Names that begin with
    /// <c>local/</c> are names of one store and are refused.</summary>
    /// <inheritdoc cref="SetNameAsync(string, Cid?, Cid?, CancellationToken)"/>
    public Task<PoolToken> SetNameAsync(string name, Cid cid, CancellationToken cancellationToken = default) =>
        SetNameAsync(name, cid, new NameExpectation(IsAny: true, Cid: null), cancellationToken);

    /// <summary>Points a name of the pool to another block if it points to the expected one. Of several members that
    /// do so at the same time exactly one succeeds. A broken connection does not change that: the same change is sent
    /// again until it is known whether it was made.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cid">The block, which must be in the pool with all that it needs; null removes the name.</param>
    /// <param name="expected">The block that the name must point to; null if it must not exist.</param>
    /// <param name="cancellationToken">Cancels the call; the change may have been made.</param>
    /// <returns>The point in the pool's log.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameConflict"/> or <see cref="ErrorCode.NameExists"/>:
    /// the name points elsewhere; <see cref="ErrorCode.BlockNotFound"/>: a block is not in the pool;
    /// <see cref="ErrorCode.PoolUnavailable"/>; <see cref="ErrorCode.MemberFenced"/>.</exception>
    public Task<PoolToken> SetNameAsync(string name, Cid? cid, Cid? expected,
        CancellationToken cancellationToken = default) =>
        SetNameAsync(name, cid, new NameExpectation(IsAny: false, expected), cancellationToken);

    /// <summary>Finds a batch in the store, or fetches it from the pool, proves it and keeps it in the store.</summary>
    /// <param name="cid">The CID of the batch.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A lease, to be disposed of; null where neither has the block.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>: the block is not in the store, and
    /// the pool does not answer; <see cref="ErrorCode.BlockCorrupt"/>; as for
    /// <see cref="CidStore.TryGet"/>.</exception>
    public async Task<BatchLease?> TryGetAsync(Cid cid, CancellationToken cancellationToken = default)
    {
        if (_store.TryGet(cid) is { } here) return here;
        return await FetchAsync([cid], cancellationToken) ? _store.TryGet(cid) : null;
    }

    /// <summary>Fetches blocks, with all that they need, into the store.</summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if the pool lacks a block; the others may have been fetched.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="TryGetAsync"/>.</exception>
    public async Task<bool> FetchAsync(IReadOnlyList<Cid> cids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        try
        {
            _ = await _local.Backend.CopyFromAsync(_backend, cids, cancellationToken: cancellationToken);
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockNotFound)
        {
            return false;
        }
    }

    /// <summary>Reads a name from the database, and not from the store, whose copy may lag behind.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The block; null where there is no such name.</returns>
    public Task<Cid?> ResolveAsync(string name, CancellationToken cancellationToken = default) =>
        _pool.ResolveAsync(name, cancellationToken);

    /// <summary>Waits until the store has everything that was written up to a point, by any member.</summary>
    /// <param name="token">The point.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is a point of another pool;
    /// <see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public Task WaitForAsync(PoolToken token, CancellationToken cancellationToken = default)
    {
        if (token.Pool != _pool.Id)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{token} is of another pool than {_pool.Id:n}");
        return _follower.WaitForAsync(token.Transaction, token.Sequence, cancellationToken);
    }

    /// <summary>Copies what the pool's log has now into the store.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The number of groups of facts.</returns>
    public Task<int> PullAsync(CancellationToken cancellationToken = default) =>
        _follower.PullAsync(cancellationToken);

    /// <summary>Writes a snapshot of the pool's registry and pushes it: the last one with what was written since, or
    /// the whole where that is much. Stores that join later begin with it. The pool keeps it under the name
    /// <c>arrowcid.pool.snapshot</c>.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The snapshot.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="PushAsync"/>.</exception>
    public async Task<PoolSnapshot> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        var reader = new SnapshotReader(_pool.Database, _backend, _pool.Id);
        (Cid Cid, SnapshotHead Head)? last = await reader.FindAsync(cancellationToken);
        if (last is { } before && !await FetchAsync([before.Cid], cancellationToken)) last = null;
        var writer = new SnapshotWriter(_pool.Database, _store, _pool.Id);
        (SnapshotHead head, long added) = await writer.WriteAsync(last?.Head, cancellationToken);
        (byte[] file, _, byte[] directory) = head.Encode();
        _ = _store.PutRaw(file);
        Cid cid = _store.PutRaw(directory, Multicodec.DagPb).Cid;
        _ = await PushAsync([cid], cancellationToken);
        _ = await SetNameAsync(SnapshotHead.Name, cid, cancellationToken);
        await PointAsync(head.Transaction, cid, cancellationToken);
        return new PoolSnapshot
        {
            Cid = cid,
            Rows = head.BaseRows + head.DeltaRows,
            NewRows = added,
            Parts = head.Parts.Length,
            ByteLength = head.Parts.Sum(part => part.ByteLength),
            Position = new PoolToken(_pool.Id, head.Transaction, head.Sequence),
        };
    }

    /// <summary>Keeps blocks in the pool while this member's lease runs, until it is disposed of or releases
    /// them.</summary>
    /// <param name="cids">Blocks of the pool; with them stays what they need.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the pool lacks a block, or one that
    /// it needs; others as for <see cref="PushAsync"/>.</exception>
    public async Task HoldAsync(IReadOnlyList<Cid> cids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        byte[][] digests = [.. cids.Select(PoolRows.BytesOf)];
        await _lease.RequireAsync(cancellationToken);
        await _pool.Database.TransactAsync(async (connection, token) =>
        {
            if (!(await PoolRows.QueryAsync(connection, "select is_member from enter($1)", [Id],
                row => row.GetBoolean(0), token))[0]) throw _lease.Fence();
            List<byte[]> missing = await PoolRows.QueryAsync(connection, """
                select c from claim_blocks($1, (
                  with recursive below(digest) as (
                    select unnest($2) union select l.child from below b join link l on l.parent = b.digest)
                  select array_agg(digest) from below)) c
                """, [Id, digests], row => row.GetFieldValue<byte[]>(0), token);
            if (missing.Count > 0) throw Missing(missing[0]);
            return await PoolRows.ExecuteAsync(connection,
                "insert into hold (digest, member) select distinct d, $1 from unnest($2) d on conflict do nothing",
                [Id, digests], token);
        }, cancellationToken);
    }

    /// <summary>Ends holds of this member.</summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task ReleaseAsync(IReadOnlyList<Cid> cids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        byte[][] digests = [.. cids.Select(PoolRows.BytesOf)];
        return _pool.Database.RunAsync((connection, token) => PoolRows.ExecuteAsync(connection,
            "delete from hold where member = $1 and digest = any ($2)", [Id, digests], token), cancellationToken);
    }

    /// <summary>Leaves the pool. Blocks that were fetched stay in the store. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        await CloseAsync();
        await _lease.DisposeAsync();
    }

    /// <summary>Closes the connections and lets the lease run on, as the death of the process does.</summary>
    /// <returns>The lease.</returns>
    internal async Task<IAsyncDisposable> AbandonAsync()
    {
        await CloseAsync();
        return _lease;
    }

    private async Task CloseAsync()
    {
        await _follower.DisposeAsync();
        await _doorbell.DisposeAsync();
        _backend.Dispose();
        _local.Dispose();
    }

    private async Task<PoolToken> SetNameAsync(string name, Cid? cid, NameExpectation expected, CancellationToken end)
    {
        FactAppender.ThrowIfNoName(name);
        if (name.StartsWith(LocalNames, StringComparison.Ordinal))
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"'{name}' is a name of one store; names of a pool do not begin with {LocalNames}");
        }

        for (int round = 0; round < SwapRounds; round++)
        {
            await _lease.RequireAsync(end);
            // What the store knows is tried first: if it is not the last change, the database refuses.
            (FactStamp Stamp, Cid? Target)? known = round == 0 && expected.IsAny ? LastOf(name) : null;
            (FactStamp Stamp, Cid? Target)? last = known ?? await NameSwap.ReadAsync(_pool.Database, name, end);
            NameExpectation.Check(name, last?.Target, last?.Stamp, cid, expected);
            var swap = new NameSwap(name, cid, last?.Stamp,
                new FactStamp(_store.Registry.Facts.NextTimeAfter(last?.Stamp), _writer));
            (NameSwap.Outcome outcome, byte[]? missing, ulong xid, long seq) =
                await swap.RunAsync(_pool.Database, Id, end);
            switch (outcome)
            {
                case NameSwap.Outcome.Done:
                    _store.Registry.Facts.AppendForeign(swap.Payload);
                    _doorbell.Ring();
                    return new PoolToken(_pool.Id, xid, seq);
                case NameSwap.Outcome.Fenced: throw _lease.Fence();
                case NameSwap.Outcome.Missing: throw Missing(missing!);
                case NameSwap.Outcome.Ahead: throw FactTable.AheadError(swap.Stamp);
            }
        }

        throw new ArrowCidException(ErrorCode.Busy,
            $"other members changed the name '{name}' {SwapRounds} times meanwhile; retry");
    }

    private (FactStamp Stamp, Cid? Target)? LastOf(string name) => _store.Registry.Reader.Ask(() =>
        _store.Registry.Reader.State.FindName(name)?.Last is { } last ? (last.Stamp, last.Target)
            : default((FactStamp, Cid?)?));

    /// <summary>Leads from the object store to the snapshot, where the database is lost.</summary>
    private Task<bool> PointAsync(ulong transaction, Cid cid, CancellationToken end) => _pool.CallAsync(async () =>
    {
        string key = string.Create(CultureInfo.InvariantCulture, $"{PoolRestore.Snapshots}{transaction:D20}-{cid}");
        _ = await _pool.Objects.WriteAsync(key, Encoding.UTF8.GetBytes($"{cid}"), end);
        var earlier = new List<string>();
        await foreach ((string each, _) in _pool.Objects.ListAsync(PoolRestore.Snapshots, end))
        {
            if (string.CompareOrdinal(each, key) < 0) earlier.Add(each);
        }

        foreach (string each in earlier) await _pool.Objects.DeleteAsync(each, end);
        return true;
    });

    private ArrowCidException Missing(byte[] digest) => new(ErrorCode.BlockNotFound,
        $"the pool {_pool.Name} has no block of SHA-256 {Convert.ToHexStringLower(digest)}, which is needed; push it " +
        "first");

    /// <summary>Whether a group of the log came from this store: all but names did, which may not have been written
    /// there before this process died.</summary>
    private bool IsOwn(long member, byte[] facts) => member == Id &&
        !FactReader.Read(facts, ulong.MaxValue, _ => { }).Exists(group => group.Facts.OfType<NameFact>().Any());

    private IEnumerable<FactGroup> CopiesOf(IEnumerable<PoolNode> nodes)
    {
        foreach (PoolNode node in nodes)
        {
            StoredEntry entry = node.Entry;
            Cid? schema = entry.Kind is BlockKind.Batch or BlockKind.Dataset ? entry.SchemaCid : null;
            var state = new CopyState(BlockForm.Block, (ulong)entry.ByteLength, (ulong)entry.Kind, (ulong)entry.Rows,
                schema);
            yield return new FactGroup(new FactStamp(_store.Registry.Facts.NextTimeAfter(null), _writer),
                [new CopyFact(node.Cid, Place, state)]);
        }
    }
}
