using Grpc.AspNetCore.Server.Model;

namespace ArrowCid.Server.Grpc;

/// <summary>Binds one service of a host, and leaves the others to the library.</summary>
/// <param name="runner">Runs the calls.</param>
internal sealed class MappedServiceBinder<TService>(PipeCallRunner runner)
    : IServiceMethodProvider<PipeService<TService>>
    where TService : class
{
    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<PipeService<TService>> context) =>
        PipeMethods<PipeService<TService>, TService>.Bind(context, runner, static mapped => mapped.Service);
}
