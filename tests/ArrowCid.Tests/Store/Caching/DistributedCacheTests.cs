using ArrowCid.Tests.Storage;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;

namespace ArrowCid.Tests.Store;

/// <summary>A store as the distributed cache of an application.</summary>
public sealed class DistributedCacheTests : IDisposable
{
    private readonly TemporaryStore _folder = new();
    private readonly ManualClock _clock = new();
    private readonly List<ServiceProvider> _providers = [];

    public void Dispose()
    {
        foreach (ServiceProvider provider in _providers) provider.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Entry_is_found_by_another_application_until_it_is_removed()
    {
        IDistributedCache one = Open(), other = Open();
        Assert.Null(one.Get("k"));
        one.Set("k", [1, 2, 3], new DistributedCacheEntryOptions());
        Assert.Equal([1, 2, 3], await other.GetAsync("k"));
        await other.SetAsync("k", [], new DistributedCacheEntryOptions());
        Assert.Empty(one.Get("k")!);
        await one.RemoveAsync("k");
        Assert.Null(other.Get("k"));
        other.Remove("k");
        Assert.Null(other.Get("K"));
    }

    [Fact]
    public void Entry_expires_absolutely_from_now_or_when_it_is_not_used()
    {
        IDistributedCache cache = Open();
        DateTimeOffset now = _clock.GetUtcNow();
        cache.Set("absolute", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = now.AddMinutes(10) });
        cache.Set("relative", [2], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(20) });
        cache.Set("sliding", [3], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(15) });
        cache.Set("both", [4], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(15), AbsoluteExpiration = now.AddMinutes(22) });
        cache.Set("usual", [5], new DistributedCacheEntryOptions());
        Assert.Equal("absolute both relative sliding usual", Found());
        _clock.Advance(TimeSpan.FromMinutes(11));
        cache.Refresh("both");
        Assert.Equal("both relative sliding usual", Found());
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("both sliding usual", Found());
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("sliding usual", Found());
        _clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal("usual", Found());
        _clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal("", Found());
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            cache.Set("past", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = now }));

        string Found() => string.Join(' ', new[] { "absolute", "both", "relative", "sliding", "usual" }.Where(key => cache.Get(key) is not null));
    }

    private IDistributedCache Open()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_clock);
        services.AddArrowCid(options => (options.Directory, options.Capacity) = (_folder.Directory, 32 << 20)).AddDistributedCache("test");
        ServiceProvider provider = services.BuildServiceProvider();
        _providers.Add(provider);
        return provider.GetRequiredService<IDistributedCache>();
    }
}
