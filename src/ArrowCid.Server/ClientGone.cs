using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server;

/// <summary>Tells a client that has gone away from a fault of the server's own.</summary>
internal static class ClientGone
{
    // The request learns of it a moment after its body does.
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(1);

    /// <summary>Ends a request whose client has gone. Kestrel would read on to the end of the request's body, and log
    /// an error because the connection is reset.</summary>
    /// <returns>Whether an exception came because the client reset its stream or closed its connection.</returns>
    public static async Task<bool> EndAsync(HttpContext context, Exception error)
    {
        bool isGone = await IsAsync(context, error).ConfigureAwait(false);
        if (isGone) context.Abort();
        return isGone;
    }

    private static async Task<bool> IsAsync(HttpContext context, Exception error)
    {
        if (error is ConnectionAbortedException or ConnectionResetException) return true;
        if (error is not (IOException or OperationCanceledException)) return false;
        try
        {
            await Task.Delay(s_most, context.RequestAborted).ConfigureAwait(false);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
