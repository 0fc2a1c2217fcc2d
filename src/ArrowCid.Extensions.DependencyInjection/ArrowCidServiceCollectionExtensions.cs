using ArrowCid;
using ArrowCid.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers stores.</summary>
public static class ArrowCidServiceCollectionExtensions
{
    /// <summary>Registers a store as a singleton <see cref="CidStore"/>. The host checks its options and opens it when
    /// it starts, and closes it when it ends; without a host it is opened when it is first resolved.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options; null: the defaults.</param>
    /// <returns>Configures the store further.</returns>
    public static ArrowCidBuilder AddArrowCid(this IServiceCollection services,
        Action<ArrowCidOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(static provider => Open(provider, Options.Options.DefaultName));
        return Add(services, Options.Options.DefaultName, static provider => provider.GetRequiredService<CidStore>(),
            configure);
    }

    /// <summary>As <see cref="AddArrowCid(IServiceCollection, Action{ArrowCidOptions}?)"/>, as a keyed singleton, so
    /// that an application can have several stores.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The key of the store, and the name of its options.</param>
    /// <param name="configure">Sets the options; null: the defaults.</param>
    /// <returns>Configures the store further.</returns>
    public static ArrowCidBuilder AddArrowCid(this IServiceCollection services, string name,
        Action<ArrowCidOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.TryAddKeyedSingleton(name, static (provider, key) => Open(provider, (string)key!));
        return Add(services, name, provider => provider.GetRequiredKeyedService<CidStore>(name), configure);
    }

    private static ArrowCidBuilder Add(IServiceCollection services, string name,
        Func<IServiceProvider, CidStore> find, Action<ArrowCidOptions>? configure)
    {
        OptionsBuilder<ArrowCidOptions> options = services.AddOptionsWithValidateOnStart<ArrowCidOptions>(name);
        if (configure is not null) _ = options.Configure(configure);
        bool isKnown = services.Any(one => one.ImplementationInstance is ArrowCidRegistration other
            && other.Name == name);
        if (isKnown) return new ArrowCidBuilder(services, name);
        _ = services.AddSingleton(new ArrowCidRegistration(name, find))
            .AddSingleton<IValidateOptions<ArrowCidOptions>>(new ArrowCidOptionsValidation(name));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ArrowCidHostedService>());
        return new ArrowCidBuilder(services, name);
    }

    private static CidStore Open(IServiceProvider provider, string name)
    {
        ArrowCidOptions options = provider.GetRequiredService<IOptionsMonitor<ArrowCidOptions>>().Get(name);
        return CidStore.Open(options.Directory, new CidStoreOptions
        {
            Capacity = options.Capacity,
            SegmentSize = options.SegmentSize,
            Timeout = options.Timeout,
            Durability = options.Durability,
            Verify = options.Verify,
            Retention = options.Retention,
            ReadOnly = options.ReadOnly,
            CreateIfMissing = options.CreateIfMissing,
            SharedWithGroup = options.SharedWithGroup,
            Notified = options.Notified,
            TimeProvider = provider.GetService<TimeProvider>() ?? TimeProvider.System,
            LoggerFactory = provider.GetService<ILoggerFactory>(),
            Maintenance = options.Maintenance is not { } maintenance ? null : new MaintenanceOptions
            {
                Interval = maintenance.Interval,
                Share = maintenance.Share,
            },
        });
    }
}
