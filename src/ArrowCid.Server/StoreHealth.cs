using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ArrowCid.Server;

/// <summary>Checks that the store is open and answers, and that the server is not ending. <c>/ready</c> and gRPC's
/// health service ask it.</summary>
internal sealed class StoreHealth : IHealthCheck
{
    /// <summary>The name of the check.</summary>
    public const string Name = "store";

    private volatile CidStore? _store;
    private CancellationToken _stopping;

    /// <summary>Begins to check a store, which is open.</summary>
    /// <param name="store">The store.</param>
    /// <param name="stopping">The end of the server.</param>
    public void Serve(CidStore store, CancellationToken stopping) => (_stopping, _store) = (stopping, store);

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context,
        CancellationToken cancellationToken = default) => Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        if (_store is not { } store)
            return HealthCheckResult.Unhealthy("the store is being opened or recovered; try again");
        if (_stopping.IsCancellationRequested) return HealthCheckResult.Unhealthy("the server is ending");
        try
        {
            _ = store.Diagnostics.GetSummary();
            return HealthCheckResult.Healthy(store.IsReadOnly ? "ready, for reading only" : "ready");
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            return HealthCheckResult.Unhealthy(e.Message, e);
        }
    }
}
