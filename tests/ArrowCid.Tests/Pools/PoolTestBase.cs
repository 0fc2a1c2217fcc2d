namespace ArrowCid.Tests.Pools;

/// <summary>A test class whose tests have a pool each.</summary>
public abstract class PoolTestBase : IAsyncLifetime
{
    private protected PoolWorld World { get; } = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => World.DisposeAsync().AsTask();
}
