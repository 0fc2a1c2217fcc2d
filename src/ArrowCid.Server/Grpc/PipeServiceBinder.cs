using Grpc.AspNetCore.Server.Model;

namespace ArrowCid.Server.Grpc;

/// <summary>Binds every service of a host by <see cref="PipeMethods{TMapped, TService}"/>, where no other binder is
/// registered.</summary>
/// <param name="runner">Runs the calls.</param>
internal sealed class PipeServiceBinder<TService>(PipeCallRunner runner) : IServiceMethodProvider<TService>
    where TService : class
{
    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context) =>
        PipeMethods<TService, TService>.Bind(context, runner, static service => service);
}
