using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>
/// The sign of life of a member, by the database's clock. It is renewed three times within its span. This process
/// counts on two thirds of it, by its own monotonic clock from before the renewal was sent, so that it stops before
/// the others think that it has.
/// </summary>
internal sealed class MemberLease : IAsyncDisposable
{
    private readonly PoolDatabase _database;
    private readonly TimeSpan _span;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private Task _renewing = Task.CompletedTask;
    private long _validUntil;
    private readonly TaskCompletionSource _fenced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MemberLease(PoolDatabase database, long id, TimeSpan span, TimeProvider time) =>
        (_database, Id, _span, _time) = (database, id, span, time);

    /// <summary>The number of the member, which is never used twice.</summary>
    public long Id { get; }

    /// <summary>Whether the lease has ended.</summary>
    public bool IsFenced => _fenced.Task.IsCompleted;

    /// <summary>Ends once the lease has ended.</summary>
    public Task WhenFenced => _fenced.Task;

    /// <summary>Joins, and begins to renew the lease.</summary>
    public static async Task<MemberLease> BeginAsync(PoolDatabase database, Guid store, TimeSpan span,
        TimeProvider time, CancellationToken end)
    {
        long sent = time.GetTimestamp();
        long id = await database.TransactAsync(async (connection, token) =>
            (await PoolRows.QueryAsync(connection, """
                insert into member (store, host, lease_until) values ($1, $2, clock_timestamp() + $3) returning id
                """, [store, $"{Environment.MachineName} ({Environment.ProcessId})", span],
                row => row.GetInt64(0), token))[0], end);
        var lease = new MemberLease(database, id, span, time);
        lease.CountFrom(sent);
        lease._renewing = Task.Run(lease.RenewAsync, CancellationToken.None);
        return lease;
    }

    /// <summary>Throws where the lease has ended.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.MemberFenced"/>.</exception>
    public void ThrowIfFenced()
    {
        if (IsFenced) throw Fenced();
    }

    /// <summary>Returns once the lease is known to run.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.MemberFenced"/> or
    /// <see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public async Task RequireAsync(CancellationToken end)
    {
        ThrowIfFenced();
        if (_time.GetTimestamp() < Volatile.Read(ref _validUntil)) return;
        await RenewOnceAsync(end);
        ThrowIfFenced();
    }

    /// <summary>Notes that the database has refused this member.</summary>
    public ArrowCidException Fence()
    {
        _ = _fenced.TrySetResult();
        return Fenced();
    }

    /// <summary>Ends the lease, so that nothing waits for this member.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _renewing;
        _end.Dispose();
        try
        {
            _ = await _database.RunAsync((connection, token) => PoolRows.ExecuteAsync(connection,
                "delete from member where id = $1", [Id], token), CancellationToken.None);
        }
        catch (ArrowCidException)
        {
            // It ends by itself.
        }
    }

    private ArrowCidException Fenced() => new(ErrorCode.MemberFenced,
        $"the lease of member {Id} of the pool {_database.Address.Name} has ended, and its holds with it; join again");

    private void CountFrom(long sent) => Volatile.Write(ref _validUntil,
        sent + (long)(_span.TotalSeconds * 2 / 3 * _time.TimestampFrequency));

    private async Task RenewAsync()
    {
        while (!_end.IsCancellationRequested && !IsFenced)
        {
            try
            {
                await Task.Delay(_span / 3, _time, _end.Token);
                await RenewOnceAsync(_end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ArrowCidException or NpgsqlException)
            {
                // The next round tries again, until the database says that it is too late.
            }
        }
    }

    private async Task RenewOnceAsync(CancellationToken end)
    {
        long sent = _time.GetTimestamp();
        int rows = await _database.RunAsync((connection, token) => PoolRows.ExecuteAsync(connection, """
            update member set lease_until = clock_timestamp() + $2 where id = $1 and lease_until > clock_timestamp()
            """, [Id, _span], token), end);
        if (rows == 0) _ = _fenced.TrySetResult();
        else CountFrom(sent);
    }
}
