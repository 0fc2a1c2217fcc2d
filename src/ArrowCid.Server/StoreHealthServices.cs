using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ArrowCid.Server;

/// <summary>Registers the check of the store.</summary>
internal static class StoreHealthServices
{
    /// <summary>Registers the check.</summary>
    public static void AddStoreHealth(this IServiceCollection services)
    {
        services.AddSingleton<StoreHealth>();
        services.AddHealthChecks().AddCheck<StoreHealth>(StoreHealth.Name);
    }

    /// <summary>Returns the result of the check of the store.</summary>
    public static async Task<HealthReportEntry> CheckStoreAsync(this HealthCheckService health,
        CancellationToken cancel)
    {
        HealthReport report = await health.CheckHealthAsync(static check => check.Name == StoreHealth.Name, cancel)
            .ConfigureAwait(false);
        return report.Entries[StoreHealth.Name];
    }
}
