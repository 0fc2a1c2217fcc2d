using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ArrowCid.Server.Grpc;

/// <summary>Registers Grpc.AspNetCore with our reader and writer of messages.</summary>
internal static class GrpcHosting
{
    /// <summary>Registers what every service needs.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="settings">The settings, asked for when the first service is mapped.</param>
    /// <param name="outer">An interceptor that sees the status of every call, or null.</param>
    /// <param name="inner">An interceptor that runs before the first message is read, and whose errors become a status,
    /// or null.</param>
    public static void AddGrpcOverPipes(this IServiceCollection services, Func<GrpcSettings> settings,
        Type? outer = null, Type? inner = null)
    {
        services.AddGrpc(options =>
        {
            // The library reads no message; its decompression has no limit.
            options.CompressionProviders.Clear();
            Add(options.Interceptors, outer);
            options.Interceptors.Add<ErrorInterceptor>();
            Add(options.Interceptors, inner);
        });
        services.AddSingleton(_ => new PipeCallRunner(settings()));
        services.AddSingleton(_ => new ErrorInterceptor(settings()));
        services.RemoveAll(typeof(IServiceMethodProvider<>));
        services.AddSingleton(typeof(IServiceMethodProvider<>), typeof(PipeServiceBinder<>));

        static void Add(InterceptorCollection interceptors, Type? type)
        {
            if (type is not null) interceptors.Add(type);
        }
    }
}
