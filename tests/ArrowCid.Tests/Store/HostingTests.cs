using ArrowCid.Tests.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ArrowCid.Tests.Store;

/// <summary>Stores that a host opens, maintains, checks and closes.</summary>
public sealed class HostingTests
{
    [Fact]
    public async Task Host_opens_maintains_checks_and_closes_its_stores()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        HostApplicationBuilder builder = Builder();
        builder.Configuration["Cache:Directory"] = other.Directory;
        builder.Configuration["Cache:Capacity"] = $"{16 << 20}";
        builder.Configuration["Cache:Retention"] = "Ring";
        builder.Services.AddArrowCid(options => (options.Directory, options.Capacity) = (folder.Directory, 32 << 20))
            .AddMaintenance(options => options.Interval = TimeSpan.FromHours(1));
        builder.Services.AddArrowCid("cache").Bind(builder.Configuration.GetSection("Cache"));
        builder.Services.AddHealthChecks().AddArrowCid().AddArrowCid("cache");
        CidStore store;
        using (IHost host = builder.Build())
        {
            await host.StartAsync();
            store = host.Services.GetRequiredService<CidStore>();
            CidStore cache = host.Services.GetRequiredKeyedService<CidStore>("cache");
            Assert.Equal((folder.Directory, 32 << 20), (store.Directory, store.Diagnostics.GetSummary().Capacity));
            Assert.Equal((other.Directory, 16 << 20), (cache.Directory, cache.Diagnostics.GetSummary().Capacity));
            Assert.True(cache.Diagnostics.GetSummary().IsRing);
            HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
            Assert.Equal(HealthStatus.Healthy, report.Status);
            Assert.Equal(["arrowcid", "arrowcid-cache"], report.Entries.Keys.Order(StringComparer.Ordinal));
            cache.Dispose();
            report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
            Assert.Equal(HealthStatus.Unhealthy, report.Entries["arrowcid-cache"].Status);
            await host.StopAsync();
        }

        _ = Assert.Throws<ObjectDisposedException>(() => store.Diagnostics.GetSummary());
    }

    [Fact]
    public async Task Host_does_not_start_when_the_options_of_a_store_are_wrong()
    {
        using var folder = new TemporaryStore();
        HostApplicationBuilder builder = Builder();
        builder.Services.AddArrowCid(options => (options.Directory, options.Capacity) = (folder.Directory, 5))
            .AddMaintenance(options => options.Share = 2);
        using IHost host = builder.Build();
        OptionsValidationException refused =
            await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Equal(2, refused.Failures.Count());
        Assert.Empty(Directory.EnumerateFiles(folder.Directory));
    }

    [Fact]
    public async Task Registration_of_the_same_store_opens_it_once_when_it_is_repeated()
    {
        using var folder = new TemporaryStore();
        var opened = new TaskCompletionSource();
        int count = 0;
        HostApplicationBuilder builder = Builder();
        builder.Services.AddArrowCid(options => options.Directory = folder.Directory);
        builder.Services.AddArrowCid(options =>
        {
            options.Capacity = 32 << 20;
            options.Notified = one =>
            {
                if (one.Kind == StoreNotificationKind.Opened) _ = Interlocked.Increment(ref count);
                opened.TrySetResult();
            };
        });
        using IHost host = builder.Build();
        await host.StartAsync();
        await opened.Task;
        Assert.Equal(1, count);
        Assert.Single(host.Services.GetServices<CidStore>());
        await host.StopAsync();
    }

    [Fact]
    public async Task Store_is_closed_when_it_was_disposed_asynchronously()
    {
        using var folder = new TemporaryStore();
        CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 32 << 20 });
        Assert.DoesNotContain(await store.Maintenance.RunOnceAsync(), step => step.Failure is not null);
        await store.DisposeAsync();
        _ = Assert.Throws<ObjectDisposedException>(() => store.Diagnostics.GetSummary());
    }

    private static HostApplicationBuilder Builder() =>
        Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
}
