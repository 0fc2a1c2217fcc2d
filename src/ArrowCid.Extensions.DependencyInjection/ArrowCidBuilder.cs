using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>Configures one registered store further.</summary>
public sealed class ArrowCidBuilder
{
    internal ArrowCidBuilder(IServiceCollection services, string name) => (Services, Name) = (services, name);

    /// <summary>The services that the store is registered in.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The key of the store; empty where it has none.</summary>
    public string Name { get; }

    /// <summary>Binds the store's options to a section of the configuration.</summary>
    /// <param name="section">The section.</param>
    /// <returns>This builder.</returns>
    public ArrowCidBuilder Bind(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        _ = Services.AddOptions<ArrowCidOptions>(Name).Bind(section);
        return this;
    }

    /// <summary>Maintains the store in the background while the host runs, as <c>arrowcid maintain</c> does. Of all
    /// processes that have the store open, one maintains it.</summary>
    /// <param name="configure">Sets the options; null: the defaults, or what the configuration sets.</param>
    /// <returns>This builder.</returns>
    public ArrowCidBuilder AddMaintenance(Action<ArrowCidMaintenanceOptions>? configure = null)
    {
        _ = Services.Configure<ArrowCidOptions>(Name, options =>
        {
            options.Maintenance ??= new ArrowCidMaintenanceOptions();
            configure?.Invoke(options.Maintenance);
        });
        return this;
    }

    /// <summary>Registers the store as the <see cref="IDistributedCache"/> of the application, which
    /// <c>HybridCache</c>, sessions and output caching use. Entries are results of calls: every process that has the
    /// store open shares them, they expire as they ask, after 30 days at most where they ask for nothing, and the
    /// store's collection frees their space.</summary>
    /// <param name="name">What the entries are called in the store; applications with one name share entries.</param>
    /// <returns>This builder.</returns>
    public ArrowCidBuilder AddDistributedCache(string name = "distributed-cache")
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string store = Name;
        Services.TryAddSingleton<IDistributedCache>(provider => new ArrowCidDistributedCache(
            store.Length == 0
                ? provider.GetRequiredService<CidStore>()
                : provider.GetRequiredKeyedService<CidStore>(store),
            name, provider.GetService<TimeProvider>() ?? TimeProvider.System));
        return this;
    }
}
