using ArrowCid.Flight.Limits;
using ArrowCid.Server.Limits;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Grpc;

/// <summary>Settings of every gRPC call.</summary>
internal sealed record GrpcSettings
{
    /// <summary>How long a stream without a token may be idle where it could last.</summary>
    public TimeSpan AnonymousPatience { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Returns the limit of the messages of a call, before the first one is read.</summary>
    public Func<HttpContext, MessageLimit> LimitOf { get; init; } = static _ => MessageLimit.None;

    /// <summary>The memory that all calls may buffer.</summary>
    public ServerMemory Memory { get; init; } = new();

    /// <summary>How long a message that has begun may stand still.</summary>
    public required TimeSpan StallPatience { get; init; }

    /// <summary>How long callers without a token may leave an answer unread; null for any time.</summary>
    public UnreadLimit? Unread { get; init; }

    /// <summary>Returns whether a caller shows neither a token nor a certificate.</summary>
    public Func<HttpContext, bool> IsAnonymous { get; init; } = static _ => true;

    /// <summary>Sees the status of every call; null for none.</summary>
    public Interceptor? Outer { get; init; }

    /// <summary>Runs before the first message is read, and its errors become a status; null for none.</summary>
    public Interceptor? Inner { get; init; }

    /// <summary>Gets the number of bytes of messages that were sent.</summary>
    public Action<long> Sent { get; init; } = static _ => { };

    /// <summary>Gets the faults that clients are not told about.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Set when the server shuts down.</summary>
    public CancellationToken Stopping { get; init; }
}
