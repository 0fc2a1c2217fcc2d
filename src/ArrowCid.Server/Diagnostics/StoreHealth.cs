using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ArrowCid.Server.Diagnostics;

/// <summary>Checks that the store is open and answers, and that the server is not ending. <c>/ready</c> and gRPC's
/// health service ask it.</summary>
/// <param name="source">The store.</param>
/// <param name="stopping">The end of the server.</param>
internal sealed class StoreHealth(StoreSource source, CancellationToken stopping) : IHealthCheck
{
    /// <summary>The name of the check.</summary>
    public const string Name = "store";

    /// <summary>The result before the store is open.</summary>
    public const string Opening = "the store is being opened or recovered; try again";

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context,
        CancellationToken cancellationToken = default) => Task.FromResult(Check());

    /// <summary>Checks the store.</summary>
    public HealthCheckResult Check()
    {
        if (!source.IsOpen) return HealthCheckResult.Unhealthy(Opening);
        if (stopping.IsCancellationRequested) return HealthCheckResult.Unhealthy("the server is ending");
        try
        {
            _ = source.Store.Diagnostics.GetSummary();
            return HealthCheckResult.Healthy(source.Store.IsReadOnly ? "ready, for reading only" : "ready");
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            return HealthCheckResult.Unhealthy(
                e is ArrowCidException own ? Remedy.Join(own.Message, own.Remedy) : e.Message, e);
        }
    }
}
