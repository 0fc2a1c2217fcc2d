using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Flight;

/// <summary>Tells a client that has gone away from a fault of the server's own.</summary>
internal static class ClientGone
{
    // The request hears of it a moment after its body does.
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(1);

    /// <summary>Whether an exception came because the client reset its stream or closed its connection.</summary>
    public static async Task<bool> IsAsync(HttpContext context, Exception error)
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
