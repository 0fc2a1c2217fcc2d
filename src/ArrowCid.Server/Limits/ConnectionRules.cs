using System.IO.Pipelines;
using ArrowCid.Flight.Limits;
using Microsoft.AspNetCore.Connections;

namespace ArrowCid.Server.Limits;

/// <summary>
/// What a connection must do before it is served: send its first bytes in time, and make its first request in time. One
/// address has at most a share of the connections.
/// </summary>
/// <param name="most">The most connections of a port.</param>
/// <param name="patience">How long the first bytes may take.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectionRules(int most, TimeSpan patience, TimeProvider time)
{
    /// <summary>The bytes that every HTTP/2 connection begins with.</summary>
    public const int Http2Preface = 24;

    // The share of one address, and the time for the first request, as a multiple of that for the first bytes.
    private const int Shares = 4, Requests = 3;

    private static readonly object s_hasRequest = new();

    private readonly ConnectionShares _shares = new(Math.Max(1, most / Shares));

    /// <summary>Notes that a connection has made a request.</summary>
    public static void HasRequest(IDictionary<object, object?>? items) => items?.TryAdd(s_hasRequest, s_hasRequest);

    /// <summary>Serves a connection that has just been accepted.</summary>
    public ConnectionDelegate Accept(ConnectionDelegate next) => async connection =>
    {
        using IDisposable? share = _shares.TryEnter(connection.RemoteEndPoint);
        if (share is null)
        {
            connection.Abort(new ConnectionAbortedException("its address has as many connections as it may have"));
            return;
        }

        await using ITimer timer = time.CreateTimer(static state =>
        {
            var connection = (ConnectionContext)state!;
            if (!connection.Items.ContainsKey(s_hasRequest))
                connection.Abort(new ConnectionAbortedException("no request came in time"));
        }, connection, Requests * patience, Timeout.InfiniteTimeSpan);
        long started = time.GetTimestamp();
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            FreedMemory.NoteEnd(time.GetElapsedTime(started));
        }
    };

    /// <summary>Serves a connection once its first bytes have come, and closes it where they do not.</summary>
    /// <param name="next">What serves it.</param>
    /// <param name="bytes">The number of bytes.</param>
    public ConnectionDelegate Await(ConnectionDelegate next, int bytes) => async connection =>
    {
        if (await HasBytesAsync(connection, bytes).ConfigureAwait(false)) await next(connection).ConfigureAwait(false);
        else connection.Abort(new ConnectionAbortedException("nothing came in time"));
    };

    private async ValueTask<bool> HasBytesAsync(ConnectionContext connection, int bytes)
    {
        PipeReader input = connection.Transport.Input;
        using var late = new CancellationTokenSource(patience, time);
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(late.Token).ConfigureAwait(false);
                if (read.Buffer.Length >= bytes || read.IsCompleted || read.IsCanceled)
                {
                    // They are for what serves the connection.
                    input.AdvanceTo(read.Buffer.Start);
                    return read.Buffer.Length > 0 || bytes == 0;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
