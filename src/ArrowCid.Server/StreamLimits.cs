using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace ArrowCid.Server;

/// <summary>Sets what Flight needs of Kestrel: large windows and frames, many streams, and streams that may be idle.
/// What the host sets after <c>AddArrowCidServer</c> has precedence.</summary>
internal sealed class StreamLimits : IConfigureOptions<KestrelServerOptions>
{
    /// <inheritdoc/>
    public void Configure(KestrelServerOptions options)
    {
        KestrelServerLimits limits = options.Limits;
        limits.Http2.InitialConnectionWindowSize = 16 << 20;
        limits.Http2.InitialStreamWindowSize = 8 << 20;
        limits.Http2.MaxFrameSize = 1 << 20;
        limits.Http2.MaxStreamsPerConnection = 4096;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(15);
        // An idle uploader or watcher is no slow one. Routes of HTTP/1 set rates of their own.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
    }
}
