using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Flight.Limits;

namespace ArrowCid.Flight.Grpc;

/// <summary>A call under way, as the client sees it. Disposed of before its end, it is cancelled.</summary>
internal sealed class GrpcClientCall : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _ends;
    private readonly CancellationToken _cancel;

    private GrpcClientCall(HttpResponseMessage response, GrpcReader reader, CancellationTokenSource ends,
        CancellationToken cancel) =>
        (_response, Reader, _ends, _cancel) = (response, reader, ends, cancel);

    /// <summary>The response's messages; <see cref="ReadAsync"/> reads them with its errors translated.</summary>
    public GrpcReader Reader { get; }

    /// <summary>Ends what is read where the deadline passes or the caller cancels.</summary>
    public CancellationToken Ends => _ends.Token;

    public HttpResponseHeaders Headers => _response.Headers;

    public static async Task<GrpcClientCall> OpenAsync(HttpResponseMessage response, int mostBytes,
        CancellationTokenSource ends, CancellationToken cancel)
    {
        try
        {
            if (response.Headers.TryGetValues("grpc-status", out _)) ThrowUnlessOk(response.Headers);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new GrpcException(Of(response.StatusCode),
                    $"the server answered HTTP {(int)response.StatusCode}");
            }

            Stream stream = await response.Content.ReadAsStreamAsync(ends.Token).ConfigureAwait(false);
            var reader = new GrpcReader(stream, new MessageLimit(mostBytes), null);
            return new GrpcClientCall(response, reader, ends, cancel);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Reads something of the response.</summary>
    /// <exception cref="GrpcException">The call ended otherwise than well.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<CancellationToken, ValueTask<T>> read)
    {
        try
        {
            return await read(_ends.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (Translate(e, _ends.IsCancellationRequested, _cancel) is { } told)
        {
            throw told;
        }
    }

    /// <summary>Goes to the next message, as <see cref="GrpcReader.NextAsync"/>.</summary>
    /// <exception cref="GrpcException">The call ended otherwise than well.</exception>
    public ValueTask<bool> NextAsync() => Reader.TryNext() ? new(true) : ReadAsync(Reader.NextAsync);

    /// <summary>Looks at the trailers, once the messages have ended.</summary>
    /// <exception cref="GrpcException">The call ended otherwise than well.</exception>
    public void Finish()
    {
        HttpResponseHeaders trailers = _response.TrailingHeaders;
        ThrowUnlessOk(trailers.TryGetValues("grpc-status", out _) ? trailers : _response.Headers);
    }

    public void Dispose()
    {
        _response.Dispose();
        _ends.Dispose();
    }

    /// <summary>What HTTP says went wrong in gRPC's words; null where the exception is to go on as it is.</summary>
    public static GrpcException? Translate(Exception fault, bool isEnded, CancellationToken cancel)
    {
        if (fault is GrpcException || cancel.IsCancellationRequested) return null;
        if (isEnded) return new GrpcException(GrpcStatus.DeadlineExceeded, "the deadline has passed", fault);
        for (Exception? e = fault; e is not null; e = e.InnerException)
        {
            if (e is HttpProtocolException reset) return new GrpcException(OfReset(reset.ErrorCode), fault.Message, e);
        }

        return fault is HttpRequestException or IOException
            ? new GrpcException(GrpcStatus.Unavailable, $"the server cannot be reached: {fault.Message}", fault)
            : null;
    }

    private static void ThrowUnlessOk(HttpResponseHeaders headers)
    {
        string? text = First(headers, "grpc-status");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int status))
            throw new GrpcException(GrpcStatus.Unknown, "the server ended the call without a status");
        if (status == 0) return;
        throw new GrpcException((GrpcStatus)status, GrpcText.UnescapeMessage(First(headers, "grpc-message") ?? ""))
        {
            Code = Enum.TryParse(First(headers, GrpcServer.ErrorTrailer), out ErrorCode code) ? code : null,
        };
    }

    private static string? First(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    private static GrpcStatus Of(HttpStatusCode status) => (int)status switch
    {
        400 => GrpcStatus.Internal,
        401 => GrpcStatus.Unauthenticated,
        403 => GrpcStatus.PermissionDenied,
        404 => GrpcStatus.Unimplemented,
        429 or 502 or 503 or 504 => GrpcStatus.Unavailable,
        _ => GrpcStatus.Unknown,
    };

    private static GrpcStatus OfReset(long code) => code switch
    {
        7 => GrpcStatus.Unavailable,
        8 => GrpcStatus.Cancelled,
        11 => GrpcStatus.ResourceExhausted,
        12 => GrpcStatus.PermissionDenied,
        _ => GrpcStatus.Internal,
    };
}
