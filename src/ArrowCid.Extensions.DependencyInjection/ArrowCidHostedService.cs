using Microsoft.Extensions.Hosting;

namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>Opens the registered stores when the host starts, and with them their maintenance. The container closes
/// them.</summary>
/// <param name="provider">Resolves the stores.</param>
/// <param name="stores">The stores.</param>
internal sealed class ArrowCidHostedService(IServiceProvider provider, IEnumerable<ArrowCidRegistration> stores)
    : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        foreach (ArrowCidRegistration store in stores)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _ = store.Find(provider);
        }
    }, cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
