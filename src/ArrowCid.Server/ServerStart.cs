using ArrowCid.Server.Access;
using ArrowCid.Server.Http;
using Microsoft.Extensions.Hosting;

namespace ArrowCid.Server;

/// <summary>Opens the store when the host starts, and ends its watchers when the host ends.</summary>
/// <param name="source">The store.</param>
/// <param name="proofs">The tokens and keys.</param>
/// <param name="http">What the routes share.</param>
internal sealed class ServerStart(StoreSource source, CallerProofs proofs, HttpService http) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        if (source.Find is { } find) Serve(find());
    }, cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(http.Dispose, CancellationToken.None);

    /// <summary>Begins to serve a store.</summary>
    public void Serve(CidStore store)
    {
        proofs.AcceptLocal(store.IsReadOnly
            ? TokenFile.ReadLocal(store.Directory)
            : TokenFile.ReadOrMakeLocal(store.Directory));
        http.BeginPinning(store);
        source.Open(store);
    }
}
