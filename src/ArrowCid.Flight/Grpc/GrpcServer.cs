using System.Collections.Frozen;
using System.Globalization;
using ArrowCid.Flight.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Flight.Grpc;

/// <summary>
/// gRPC over an HTTP/2 request: finds the handler of a path and gives every end of it, however it came about, as a gRPC
/// status. Nothing escapes as an HTTP error but what is not gRPC at all.
/// </summary>
/// <param name="methods">The handlers by path: <c>/package.Service/Method</c>.</param>
/// <param name="settings">What holds for every call.</param>
internal sealed partial class GrpcServer(IReadOnlyDictionary<string, GrpcHandler> methods, GrpcServerSettings settings)
{
    /// <summary>The trailer that names ArrowCid's own error.</summary>
    public const string ErrorTrailer = "arrowcid-error";

    private const int CancelStream = 8;
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(1);

    private readonly FrozenDictionary<string, GrpcHandler> _methods = methods.ToFrozenDictionary();
    private readonly CancellationToken _stopping = settings.Stopping;

    /// <summary>The calls that there are.</summary>
    public IEnumerable<string> Paths => _methods.Keys;

    /// <summary>Whether a request is gRPC's.</summary>
    public static bool IsGrpc(HttpRequest request)
    {
        const string Type = "application/grpc";
        return request.ContentType is { } type && type.StartsWith(Type, StringComparison.OrdinalIgnoreCase)
            && (type.Length == Type.Length || type[Type.Length] is ';' or '+' or ' ');
    }

    public async Task Serve(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method) || !IsGrpc(http.Request))
        {
            http.Response.StatusCode = HttpMethods.IsPost(http.Request.Method)
                ? StatusCodes.Status415UnsupportedMediaType
                : StatusCodes.Status405MethodNotAllowed;
            return;
        }

        http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = null;
        http.Response.ContentType = "application/grpc";
        TimeSpan? timeout = GrpcText.ParseTimeout(http.Request.Headers["grpc-timeout"]);
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        if (timeout is { } span) ends.CancelAfter(span);
        (GrpcStatus status, string message, ErrorCode? code) = await Run(http, ends).ConfigureAwait(false);
        if (http.RequestAborted.IsCancellationRequested) return;
        bool isLate = timeout is not null && ends.IsCancellationRequested && status != GrpcStatus.Aborted;
        if (isLate) (status, message, code) = (GrpcStatus.DeadlineExceeded, "the deadline has passed", null);
        WriteStatus(http.Response, status, message, code);
        if (isLate) await EndLate(http).ConfigureAwait(false);
    }

    private async Task<(GrpcStatus, string, ErrorCode?)> Run(HttpContext http,
        CancellationTokenSource ends)
    {
        try
        {
            if (!_methods.TryGetValue(http.Request.Path.Value ?? "", out GrpcHandler? handler))
                return (GrpcStatus.Unimplemented, $"there is no call {http.Request.Path.Value}", null);
            if (_stopping.IsCancellationRequested) return Stopping();
            string? encoding = http.Request.Headers["grpc-encoding"];
            if (encoding is not (null or "identity" or "gzip" or "deflate"))
            {
                http.Response.Headers["grpc-accept-encoding"] = "identity,deflate,gzip";
                return (GrpcStatus.Unimplemented,
                    $"grpc-encoding {encoding} is not known; identity, deflate and gzip are", null);
            }

            MessageLimit limit = settings.LimitOf(http.Request.Path.Value!);
            using MemoryAccount memory = settings.Memory.Open(limit.IsUpload);
            var call = new GrpcCall(http, limit, memory, encoding, ends.Token, _stopping);
            using var stall = new StallWatch(call.Reader, settings.StallPatience, ends);
            try
            {
                await handler(call).ConfigureAwait(false);
            }
            catch (Exception) when (stall.HasStalled)
            {
                return (GrpcStatus.Aborted, string.Create(CultureInfo.InvariantCulture,
                    $"a message stood still for {settings.StallPatience.TotalSeconds:0.#} s; send it again"), null);
            }
            finally
            {
                call.Writer.End();
            }

            return (GrpcStatus.Ok, "", null);
        }
        catch (GrpcException e)
        {
            return (e.Status, e.Message, e.Code);
        }
        catch (MemoryExhaustedException e)
        {
            return (GrpcStatus.ResourceExhausted, e.Message, ErrorCode.Busy);
        }
        catch (ArrowCidException e)
        {
            return ((GrpcStatus)ErrorTable.GrpcStatus(e.Code), e.Message, e.Code);
        }
        catch (Exception e) when (ends.IsCancellationRequested)
        {
            return (GrpcStatus.Cancelled, e.Message, null);
        }
        catch (Exception e) when (_stopping.IsCancellationRequested &&
            e is OperationCanceledException or ObjectDisposedException)
        {
            return Stopping();
        }
        catch (Exception e)
        {
            if (await ClientGone.IsAsync(http, e).ConfigureAwait(false)) return (GrpcStatus.Cancelled, e.Message, null);
            LogFault(settings.Log, http.Request.Path.Value, e);
            return (GrpcStatus.Unknown, "the server met a fault of its own; its log has it", null);
        }
    }

    private static (GrpcStatus, string, ErrorCode?) Stopping() =>
        (GrpcStatus.Unavailable, "the server is going down; try again elsewhere or later", null);

    /// <summary>The status in the trailers, or, where nothing was sent, in the headers.</summary>
    private static void WriteStatus(HttpResponse response, GrpcStatus status, string message, ErrorCode? code)
    {
        bool isTrailer = response.HasStarted;
        Write("grpc-status", ((int)status).ToString(CultureInfo.InvariantCulture));
        if (message.Length > 0) Write("grpc-message", GrpcText.EscapeMessage(message));
        if (code is { } error) Write(ErrorTrailer, error.ToString());

        void Write(string name, string value)
        {
            if (isTrailer) response.AppendTrailer(name, value);
            else response.Headers[name] = value;
        }
    }

    /// <summary>Tells the status, where the client still listens, and stops what it may still send.</summary>
    private static async Task EndLate(HttpContext http)
    {
        try
        {
            await http.Response.CompleteAsync().WaitAsync(s_farewell, http.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or IOException)
        {
            // It does not read; the reset says it all.
        }

        http.Features.Get<IHttpResetFeature>()?.Reset(CancelStream);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed")]
    private static partial void LogFault(ILogger log, string? path, Exception fault);
}

/// <summary>What holds for every call.</summary>
internal sealed record GrpcServerSettings
{
    /// <summary>How long a stream without a token may be idle where it could last.</summary>
    public TimeSpan AnonymousPatience { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The limit of the messages of a call, by its path.</summary>
    public Func<string, MessageLimit> LimitOf { get; init; } = static _ => MessageLimit.None;

    /// <summary>What all calls may buffer.</summary>
    public ServerMemory Memory { get; init; } = new();

    /// <summary>How long a message that has begun may stand still.</summary>
    public required TimeSpan StallPatience { get; init; }

    /// <summary>Gets the faults that clients hear nothing of.</summary>
    public required ILogger Log { get; init; }

    /// <summary>The server goes down.</summary>
    public CancellationToken Stopping { get; init; }

    /// <summary>How long callers without a token may leave an answer unread; null for any time.</summary>
    public UnreadLimit? Unread { get; init; }
}
