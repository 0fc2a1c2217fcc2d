using Microsoft.AspNetCore.Http;

namespace ArrowCid.Flight.Service;

/// <summary>The Flight service's calls.</summary>
internal sealed class FlightCalls(CidStore store)
{
    public Task Serve(HttpContext context)
    {
        _ = store;
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = "12";
        return Task.CompletedTask;
    }
}
