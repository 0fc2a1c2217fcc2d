using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;

namespace ArrowCid.Server.Http;

/// <summary>What every request of a route passes first, whatever the host's own middleware is: the store is open, the
/// caller is authenticated, the answer is compressed and counted.</summary>
internal sealed class HttpPipeline(StoreSource source, ServerCounters counters, IServiceProvider services)
{
    private readonly IResponseCompressionProvider _codecs = Compression.ProviderOf(services);

    /// <summary>Returns what answers the requests of a route.</summary>
    public RequestDelegate Of(RequestDelegate route)
    {
        RequestDelegate serve = Compression.Compress(async context =>
        {
            await CallerAuthentication.AuthenticateCallerAsync(context).ConfigureAwait(false);
            await route(context).ConfigureAwait(false);
        }, _codecs);
        return context => source.IsOpen
            ? CountedBody.Serve(context, serve, counters)
            : OpeningAnswer.Answer(context);
    }
}
