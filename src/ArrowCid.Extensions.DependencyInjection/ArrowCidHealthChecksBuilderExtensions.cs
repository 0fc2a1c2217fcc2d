using ArrowCid;
using ArrowCid.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers health checks of stores.</summary>
public static class ArrowCidHealthChecksBuilderExtensions
{
    /// <summary>Adds a check, named <c>arrowcid</c> or <c>arrowcid-NAME</c>, that a registered store opens and
    /// answers.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The key of the store; null: the store without a key.</param>
    /// <param name="failureStatus">The status of a check that fails; null:
    /// <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to filter checks by.</param>
    /// <returns>The health checks.</returns>
    public static IHealthChecksBuilder AddArrowCid(this IHealthChecksBuilder builder, string? name = null,
        HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(name is null ? "arrowcid" : $"arrowcid-{name}",
            provider => new ArrowCidHealthCheck(() => name is null
                ? provider.GetRequiredService<CidStore>()
                : provider.GetRequiredKeyedService<CidStore>(name)), failureStatus, tags));
    }
}
