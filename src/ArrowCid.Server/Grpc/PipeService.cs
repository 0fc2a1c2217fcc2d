namespace ArrowCid.Server.Grpc;

/// <summary>A service that is mapped by <see cref="PipeMethods{TMapped, TService}"/> in a host whose other services are
/// bound by the library: it is no generated service, so that the library finds no methods in it.</summary>
/// <param name="service">The service.</param>
internal sealed class PipeService<TService>(TService service)
    where TService : class
{
    /// <summary>The service.</summary>
    public TService Service => service;
}
