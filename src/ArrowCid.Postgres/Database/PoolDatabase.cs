using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>The database of a pool. A request that fails because the server does not answer is repeated, and so must
/// do the same when it runs twice.</summary>
internal sealed class PoolDatabase : IAsyncDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(20), s_longestPause =
        TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _source;
    private readonly TimeSpan _patience;

    public PoolDatabase(PoolAddress address, TimeSpan patience)
    {
        (Address, _patience) = (address, patience);
        var builder = new NpgsqlDataSourceBuilder(address.Connection.ConnectionString);
        _source = address.Connection.Host?.Contains(',', StringComparison.Ordinal) == true
            ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
            : builder.Build();
    }

    public PoolAddress Address { get; }

    /// <summary>Runs commands outside a transaction.</summary>
    public Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> call, CancellationToken end) =>
        RepeatAsync(async token =>
        {
            await using NpgsqlConnection connection = await _source.OpenConnectionAsync(token);
            return await call(connection, token);
        }, end);

    /// <summary>Runs a transaction. It is rolled back if the call throws, or if its result is not to be
    /// kept.</summary>
    public Task<T> TransactAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> call, CancellationToken end,
        Predicate<T>? keeps = null) =>
        RepeatAsync(async token =>
        {
            await using NpgsqlConnection connection = await _source.OpenConnectionAsync(token);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(token);
            T result = await call(connection, token);
            if (keeps is null || keeps(result)) await transaction.CommitAsync(token);
            return result;
        }, end);

    /// <summary>Opens a connection that the caller keeps, such as one that listens.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken end) => await _source.OpenConnectionAsync(end);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>Whether the server may answer later.</summary>
    public static bool IsTransient(Exception e) => e switch
    {
        // The server shuts down or starts, a deadlock or a serialization failure, too many connections.
        PostgresException refused => refused.IsTransient || refused.SqlState is "57P01" or "57P02" or "57P03" or
            "40001" or "40P01" or "25006" or "53300",
        NpgsqlException or SocketException or IOException or TimeoutException => true,
        _ => false,
    };

    private async Task<T> RepeatAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken end)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan pause = s_firstPause;
        while (true)
        {
            try
            {
                return await call(end);
            }
            catch (Exception e) when (IsTransient(e) && !end.IsCancellationRequested)
            {
                if (Stopwatch.GetElapsedTime(start) + pause > _patience)
                {
                    throw new ArrowCidException(ErrorCode.PoolUnavailable,
                        $"{Address.Name} does not answer: {e.Message}", e);
                }
            }
            catch (PostgresException e)
            {
                throw new ArrowCidException(e.SqlState switch
                {
                    "28000" or "28P01" or "42501" => ErrorCode.AccessDenied,
                    "3D000" => ErrorCode.NameNotFound,
                    "53100" => ErrorCode.ResourceExhausted,
                    _ => ErrorCode.Internal,
                }, $"{Address.Name}: {e.MessageText}", e);
            }

            await Task.Delay(pause, end);
            pause = pause < s_longestPause / 2 ? 2 * pause : s_longestPause;
        }
    }
}
