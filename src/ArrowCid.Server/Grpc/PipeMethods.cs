using System.Reflection;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ArrowCid.Server.Grpc;

/// <summary>
/// Binds the methods of a generated service so that their messages are read from and written to the request's own
/// pipes. The library sees streams in which it reads and writes nothing: routing, deadlines, interceptors, status and
/// trailers are its own. So one reader holds the limits of every service, before and after decompression, interceptors
/// run before the first message is read, and a method may take the body into its own hands
/// (<see cref="GrpcCall.Of"/>).
/// </summary>
/// <param name="context">Takes the methods.</param>
/// <param name="runner">Runs the calls.</param>
/// <param name="serviceOf">Returns the service of what is mapped.</param>
internal sealed class PipeMethods<TMapped, TService>(ServiceMethodProviderContext<TMapped> context,
    PipeCallRunner runner, Func<TMapped, TService> serviceOf) : ServiceBinderBase
    where TMapped : class
    where TService : class
{
    /// <summary>Binds the methods of a service by its generated <c>BindService</c>.</summary>
    /// <param name="context">Takes the methods.</param>
    /// <param name="runner">Runs the calls.</param>
    /// <param name="serviceOf">Returns the service of what is mapped.</param>
    public static void Bind(ServiceMethodProviderContext<TMapped> context, PipeCallRunner runner,
        Func<TMapped, TService> serviceOf)
    {
        for (Type? type = typeof(TService); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is not { } bind) continue;
            MethodInfo method = bind.BindType.GetMethod(bind.BindMethodName, [typeof(ServiceBinderBase), type])!;
            method.Invoke(null, [new PipeMethods<TMapped, TService>(context, runner, serviceOf), null]);
            return;
        }
    }

    private static readonly Marshaller<object> s_unused = Marshallers.Create<object>(
        static _ => throw new NotSupportedException(), static _ => throw new NotSupportedException());

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method,
        UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var run = HandlerOf<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>(method.Name,
            typeof(TRequest), typeof(ServerCallContext));
        Add(method, async (service, call, context) =>
        {
            TRequest request = await call.OnlyAsync(method.RequestMarshaller).ConfigureAwait(false);
            TResponse response = await run(service, request, context).ConfigureAwait(false);
            await call.WriteAsync(response).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method,
        ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var run = HandlerOf<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(
            method.Name, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        Add(method, async (service, call, context) =>
        {
            TRequest request = await call.OnlyAsync(method.RequestMarshaller).ConfigureAwait(false);
            await run(service, request, new PipeStreamWriter<TResponse>(call), context).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method,
        ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var run = HandlerOf<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>(
            method.Name, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext));
        Add(method, async (service, call, context) =>
        {
            var requests = new PipeStreamReader<TRequest>(call, method.RequestMarshaller);
            await call.WriteAsync(await run(service, requests, context).ConfigureAwait(false))
                .ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var run = HandlerOf<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>,
            ServerCallContext, Task>>(method.Name, typeof(IAsyncStreamReader<TRequest>),
            typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        Add(method, (service, call, context) => run(service,
            new PipeStreamReader<TRequest>(call, method.RequestMarshaller), new PipeStreamWriter<TResponse>(call),
            context));
    }

    private static TDelegate HandlerOf<TDelegate>(string name, params Type[] parameters)
        where TDelegate : Delegate =>
        typeof(TService).GetMethod(name, parameters)!.CreateDelegate<TDelegate>();

    private void Add(IMethod method, Func<TService, GrpcCall, ServerCallContext, Task> run) =>
        context.AddDuplexStreamingMethod(
            new Method<object, object>(MethodType.DuplexStreaming, method.ServiceName, method.Name, s_unused,
                s_unused),
            [], (mapped, requests, responses, call) => runner.RunAsync(requests, responses, call,
                serviceOf(mapped), run));
}
