using System.Diagnostics;
using ArrowCid.Registry;
using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>
/// Copies the log of a pool into a member's store. It reads by (xid, seq) below the oldest transaction that is open: a
/// reader that goes by the number of the last row alone passes rows of transactions that are committed later.
/// </summary>
internal sealed class FactFollower : IAsyncDisposable
{
    private const int PageRows = 5000;

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(5), s_longest = TimeSpan.FromSeconds(1);

    private readonly PoolDatabase _database;
    private readonly CidStore _store;
    private readonly Func<long, byte[], bool> _isKnown;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _reading = new(1);
    private readonly Lock _lock = new();
    private Task _following = Task.CompletedTask;
    private TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SnapshotReader? _snapshots;
    private ulong _xid;
    private long _seq;
    private ulong _below;
    private (ulong, long) _saved;
    private long _savedAt;

    /// <param name="database">The database.</param>
    /// <param name="store">The store that gets the facts.</param>
    /// <param name="isKnown">Whether a group of a member is in the store already.</param>
    public FactFollower(PoolDatabase database, CidStore store, Func<long, byte[], bool> isKnown) =>
        (_database, _store, _isKnown) = (database, store, isKnown);

    /// <summary>The number of groups that were copied.</summary>
    public long Groups { get; private set; }

    /// <summary>The cursor: the last group that is in the store.</summary>
    public (ulong Xid, long Seq) Cursor
    {
        get
        {
            lock (_lock) return (_xid, _seq);
        }
    }

    /// <summary>Ends when the log has been looked at again.</summary>
    public Task WhenRead
    {
        get
        {
            lock (_lock) return _read.Task;
        }
    }

    /// <summary>Reads the store's cursor, and begins to follow. A cursor that this server has not reached is that of
    /// another one, of which a backup was restored here, and means nothing.</summary>
    /// <param name="snapshots">Finds the snapshot with which a store begins that has read nothing.</param>
    /// <param name="end">Ends the call.</param>
    public async Task BeginAsync(SnapshotReader snapshots, CancellationToken end)
    {
        List<(ulong, long)> known = await _database.RunAsync((connection, token) => PoolRows.QueryAsync(connection, """
            select xid, seq from follower where store = $1 and xid < pg_snapshot_xmax(pg_current_snapshot())
            """, [_store.Blocks.Id], row => (row.GetFieldValue<ulong>(0), row.GetInt64(1)), token), end);
        if (known.Count > 0) (_xid, _seq) = _saved = known[0];
        else _snapshots = snapshots;
        _following = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Waits until everything that was written by a transaction is in the store.</summary>
    public async Task WaitForAsync(ulong xid, long seq, CancellationToken end)
    {
        while (true)
        {
            Task next;
            lock (_lock)
            {
                bool isThere = xid < _below || xid < _xid || (xid == _xid && seq <= _seq);
                if (isThere) return;
                next = _read.Task;
            }

            if (await PullAsync(end) == 0) await Task.WhenAny(next, Task.Delay(s_shortest, end));
            end.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Copies what is there.</summary>
    /// <returns>The number of groups.</returns>
    public async Task<int> PullAsync(CancellationToken end)
    {
        await _reading.WaitAsync(end);
        try
        {
            int all = 0, rows;
            if (_snapshots is { } snapshots)
            {
                all = await BeginWithAsync(snapshots, end);
                _snapshots = null;
            }

            do
            {
                rows = await PullPageAsync(end);
                all += rows;
            }
            while (rows == PageRows);
            await SaveAsync(isLast: false, end);
            return all;
        }
        finally
        {
            _ = _reading.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _following;
        try
        {
            using var limit = new CancellationTokenSource(s_longest);
            await SaveAsync(isLast: true, limit.Token);
        }
        catch (Exception e) when (e is ArrowCidException or OperationCanceledException || PoolDatabase.IsTransient(e))
        {
            // The store reads from an earlier point when it joins again.
        }

        _end.Dispose();
        _reading.Dispose();
    }

    /// <summary>Reads the last snapshot into a store that has read nothing.</summary>
    /// <returns>The number of records.</returns>
    private async Task<int> BeginWithAsync(SnapshotReader snapshots, CancellationToken end)
    {
        if (await snapshots.FindAsync(end) is not { Head: { } head }) return 0;
        int records = 0;
        bool isWhole = await snapshots.ReadAsync(head, payload =>
        {
            Append(payload);
            _ = Interlocked.Increment(ref records);
        }, end);
        // Without a part of it, the log is read from its beginning.
        if (isWhole) MoveTo(head.Transaction, head.Sequence);
        return records;
    }

    /// <summary>Appends what other stores can take: a drop is of the log of its own store, and would remove blocks
    /// here. No member writes one to the pool, but the database takes any bytes.</summary>
    private void Append(byte[] facts)
    {
        if (PortableFacts.Extract(facts) is { } portable) _store.Registry.Facts.AppendForeign(portable);
    }

    private void MoveTo(ulong xid, long seq)
    {
        lock (_lock) (_xid, _seq) = (xid, seq);
    }

    /// <summary>Records the cursor in the database, once a second at most. Everything before it is in
    /// the store, so a lost update of it costs a second copy at most, and no flush is waited for.</summary>
    private async Task SaveAsync(bool isLast, CancellationToken end)
    {
        (ulong xid, long seq) = Cursor;
        bool isSaved = (xid, seq) == _saved || (!isLast && Stopwatch.GetElapsedTime(_savedAt) < s_longest);
        if (isSaved) return;
        _savedAt = Stopwatch.GetTimestamp();
        _ = await _database.RunAsync((connection, token) => PoolRows.ExecuteAsync(connection, """
            insert into follower (store, xid, seq)
              select $1, $2, $3 from set_config('synchronous_commit', 'off', true)
            on conflict (store) do update set xid = excluded.xid, seq = excluded.seq
            where (excluded.xid, excluded.seq) > (follower.xid, follower.seq)
              or follower.xid >= pg_snapshot_xmax(pg_current_snapshot())
            """, [_store.Blocks.Id, xid, seq], token), end);
        _saved = (xid, seq);
    }

    private async Task<int> PullPageAsync(CancellationToken end)
    {
        (ulong xid, long seq) = Cursor;
        List<(ulong Below, ulong Xid, long Seq, long Member, byte[]? Facts, long Now)> page =
            await _database.RunAsync((connection, token) => PoolRows.QueryAsync(connection, """
                with oldest as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin,
                  (extract(epoch from clock_timestamp()) * 1000)::bigint as now)
                select o.xmin, f.xid, f.seq, f.member, f.facts, o.now from oldest o left join lateral (
                  select xid, seq, member, facts from fact_group
                  where (xid, seq) > ($1, $2) and xid < o.xmin order by xid, seq limit $3) f on true
                order by f.xid, f.seq
                """, [xid, seq, PageRows], row => row.IsDBNull(1)
                    ? (row.GetFieldValue<ulong>(0), 0ul, 0L, 0L, null, 0L)
                    : (row.GetFieldValue<ulong>(0), row.GetFieldValue<ulong>(1), row.GetInt64(2), row.GetInt64(3),
                        (byte[]?)row.GetFieldValue<byte[]>(4), row.GetInt64(5)), token), end);
        int rows = 0;
        foreach ((_, _, _, long member, byte[]? facts, long now) in page)
        {
            if (facts is null) continue;
            rows++;
            // The database refuses facts of members that are ahead; they would stop this one until their time has come.
            if (!_isKnown(member, facts) && !FactTable.IsAhead(facts, now)) Append(facts);
        }

        if (rows > 0)
        {
            MoveTo(page[^1].Xid, page[^1].Seq);
            Groups += rows;
        }

        TaskCompletionSource read;
        lock (_lock)
        {
            if (rows < PageRows && page.Count > 0) _below = Math.Max(_below, page[0].Below);
            read = _read;
            _read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        read.SetResult();
        return rows;
    }

    private async Task RunAsync()
    {
        while (true)
        {
            try
            {
                await using NpgsqlConnection listener = await _database.OpenAsync(_end.Token);
                _ = await PoolRows.ExecuteAsync(listener, $"listen {Doorbell.Channel}", [], _end.Token);
                TimeSpan pause = s_shortest;
                while (true)
                {
                    pause = await PullAsync(_end.Token) > 0
                        ? s_shortest
                        : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, s_longest.Ticks));
                    if (await listener.WaitAsync(pause, _end.Token)) pause = s_shortest;
                }
            }
            catch (Exception) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ArrowCidException || PoolDatabase.IsTransient(e))
            {
                await Task.WhenAny(Task.Delay(s_longest, _end.Token));
            }
        }
    }
}
