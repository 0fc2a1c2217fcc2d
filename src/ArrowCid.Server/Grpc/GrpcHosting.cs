using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ArrowCid.Server.Grpc;

/// <summary>Registers Grpc.AspNetCore with our reader and writer of messages.</summary>
internal static class GrpcHosting
{
    /// <summary>Registers them for one service, which is mapped as <see cref="PipeService{TService}"/>. The other
    /// services of the host stay as they are.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="settings">Returns the settings, when the service is mapped.</param>
    public static void AddGrpcOverPipes<TService>(this IServiceCollection services,
        Func<IServiceProvider, GrpcSettings> settings)
        where TService : class
    {
        services.AddGrpc();
        services.TryAddSingleton(provider => new PipeCallRunner(settings(provider)));
        services.AddSingleton<PipeService<TService>>();
        services.AddSingleton<IServiceMethodProvider<PipeService<TService>>, MappedServiceBinder<TService>>();
    }

    /// <summary>Registers them for every service of the host that is mapped as itself.</summary>
    /// <param name="services">The services of the host, with every one of gRPC.</param>
    public static void BindAllOverPipes(this IServiceCollection services)
    {
        services.AddGrpc();
        services.RemoveAll(typeof(IServiceMethodProvider<>));
        services.AddSingleton(typeof(IServiceMethodProvider<>), typeof(PipeServiceBinder<>));
    }
}
