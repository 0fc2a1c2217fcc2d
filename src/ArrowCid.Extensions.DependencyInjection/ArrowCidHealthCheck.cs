using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>Checks that a store opens and answers.</summary>
/// <param name="find">Resolves the store.</param>
internal sealed class ArrowCidHealthCheck(Func<CidStore> find) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context,
        CancellationToken cancellationToken = default)
    {
        try
        {
            StoreSummary summary = find().Diagnostics.GetSummary();
            return Task.FromResult(HealthCheckResult.Healthy("the store is open", new Dictionary<string, object>
            {
                ["capacity"] = summary.Capacity,
                ["taken"] = summary.BytesTaken,
            }));
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, e.Message, e));
        }
    }
}
