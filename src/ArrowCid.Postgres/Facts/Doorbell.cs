using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>
/// Tells other members that the log has grown. It rings from a connection of its own after the commit, and not within
/// a transaction, where it would take a lock of the whole database. It is a hint: a member that hears nothing looks
/// by itself.
/// </summary>
internal sealed class Doorbell : IAsyncDisposable
{
    /// <summary>The channel.</summary>
    public const string Channel = "arrowcid_pool";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    private readonly PoolDatabase _database;
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _ringing;

    public Doorbell(PoolDatabase database)
    {
        _database = database;
        _ringing = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Rings soon.</summary>
    public void Ring()
    {
        try
        {
            if (_wanted.CurrentCount == 0) _ = _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another caller was faster.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _ringing;
        _end.Dispose();
        _wanted.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            try
            {
                await using NpgsqlConnection connection = await _database.OpenAsync(_end.Token);
                while (true)
                {
                    await _wanted.WaitAsync(_end.Token);
                    _ = await PoolRows.ExecuteAsync(connection, $"notify {Channel}", [], _end.Token);
                    await Task.Delay(s_pause, _end.Token);
                }
            }
            catch (Exception) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (PoolDatabase.IsTransient(e))
            {
                await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(1), _end.Token));
            }
        }
    }
}
