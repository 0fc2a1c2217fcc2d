using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace ArrowCid.Transfer.Backends;

/// <summary>An IPFS gateway, asked for raw blocks. It is not trusted: what comes is hashed.</summary>
internal partial class GatewayBackend : BlockBackend
{
    /// <summary>The largest block that any place may give.</summary>
    public const int MostBlockBytes = int.MaxValue - 1023;

    private const int FirstBytes = 1 << 20;

    private readonly HttpClient _client;
    private readonly int _most;
    private readonly string _root;
    private readonly TimeSpan _timeout;

    /// <param name="url">Its root.</param>
    /// <param name="timeout">How long one block may take.</param>
    /// <param name="most">The largest block that it may give.</param>
    /// <param name="authorization">The credentials of each request; null for none.</param>
    /// <param name="handler">What connects; null for the usual. It is disposed of with this.</param>
    public GatewayBackend(Uri url, TimeSpan timeout, int most = MostBlockBytes,
        AuthenticationHeaderValue? authorization = null, SocketsHttpHandler? handler = null)
        : base(url.ToString())
    {
        _most = most;
        _root = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _timeout = timeout;
        // The time for a block is kept here, its bytes' time too.
        handler ??= new SocketsHttpHandler();
        handler.MaxAutomaticRedirections = 5;
        _client = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.Authorization = authorization;
    }

    protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        byte[]? read = Read(cid, cancellationToken);
        bytes = read;
        return read is not null;
    }

    protected override void Close() => _client.Dispose();

    protected override bool Has(Cid cid, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = Send(HttpMethod.Head, PathOf(cid), null, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return false;
        // A gateway that does not answer HEAD is read.
        if (answer.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)
            return base.Has(cid, cancellationToken);
        RequireSuccess(answer, cid.ToString());
        return true;
    }

    /// <summary>Sends a request and waits for the head of its answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path below the root.</param>
    /// <param name="content">The body; null for none.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException">The server does not answer.</exception>
    protected HttpResponseMessage Send(HttpMethod method, string path, HttpContent? content,
        CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(_timeout);
        using var request = new HttpRequestMessage(method, _root + path) { Content = content };
        return Calling(path,
            () => _client.Send(request, HttpCompletionOption.ResponseHeadersRead, end.Token), cancellationToken);
    }

    /// <summary>Throws where a server refuses.</summary>
    /// <param name="answer">Its answer.</param>
    /// <param name="what">What was asked for.</param>
    protected void RequireSuccess(HttpResponseMessage answer, string what)
    {
        if (!answer.IsSuccessStatusCode) throw Refused(what, answer.StatusCode);
    }

    private static string PathOf(Cid cid) => $"/ipfs/{cid}?format=raw";

    private byte[]? Read(Cid cid, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(_timeout);
        using HttpRequestMessage request = RequestFor(cid);
        return Calling<byte[]?>(cid.ToString(), () =>
        {
            using HttpResponseMessage response =
                _client.Send(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
            RequireSuccess(response, cid.ToString());
            return ReadAll(response.Content, end.Token);
        }, cancellationToken);
    }

    private HttpRequestMessage RequestFor(Cid cid)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _root + PathOf(cid));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.ipld.raw"));
        return request;
    }

    /// <summary>Makes requests, and says in this library's errors what went wrong.</summary>
    private void Asking(Cid cid, Action requests, CancellationToken cancellationToken) =>
        _ = Calling(cid.ToString(), () =>
        {
            requests();
            return true;
        }, cancellationToken);

    private T Calling<T>(string what, Func<T> call, CancellationToken cancellationToken)
    {
        try
        {
            return call();
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is not ArrowCidException)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            throw new ArrowCidException(ErrorCode.Busy, string.Create(CultureInfo.InvariantCulture,
                $"{Name} did not give {what} within {_timeout.TotalSeconds:0.#} s"), e);
        }
        catch (HttpRequestException e) when (e.InnerException is ArrowCidException { Code: ErrorCode.AccessDenied } no)
        {
            throw new ArrowCidException(no.Code, $"{Name}: {no.Message}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // A connection that is refused or breaks may be accepted later; a name that does not resolve is wrong.
            bool mayHelp = e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
            throw new ArrowCidException(mayHelp ? ErrorCode.Busy : IoFault.CodeOf(e),
                $"{Name} does not answer: {e.Message}", e);
        }
    }

    private byte[] ReadAll(HttpContent content, CancellationToken end)
    {
        // A length is only a claim until its bytes have come.
        long claimed = content.Headers.ContentLength ?? FirstBytes;
        if (claimed > _most) throw TooLarge();
        using Stream stream = content.ReadAsStream(end);
        // A stream that stalls is read no longer than that.
        using CancellationTokenRegistration closing = end.Register(static open => ((Stream)open!).Dispose(), stream);
        byte[] bytes = new byte[Math.Max(1, Math.Min(claimed, FirstBytes))];
        int have = 0;
        try
        {
            while (true)
            {
                int read = stream.Read(bytes, have, bytes.Length - have);
                if (read == 0) break;
                have += read;
                if (have < bytes.Length) continue;
                // One more byte than was claimed shows that it ends there.
                long size = have < claimed ? Math.Min(claimed + 1, 2L * have) : 2L * have;
                if (have >= _most) throw TooLarge();
                Array.Resize(ref bytes, (int)Math.Min(size, _most));
            }
        }
        catch (Exception e) when (end.IsCancellationRequested && e is not ArrowCidException)
        {
            throw new OperationCanceledException(e.Message, e, end);
        }

        return bytes.Length == have ? bytes : bytes[..have];
    }

    private ArrowCidException TooLarge() =>
        new(ErrorCode.TooLarge, $"{Name} sends over {_most} bytes for one block");

    private ArrowCidException Refused(string what, HttpStatusCode status)
    {
        ErrorCode code = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ErrorCode.AccessDenied,
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout => ErrorCode.Busy,
            _ => ErrorCode.Io,
        };
        return new ArrowCidException(code, string.Create(CultureInfo.InvariantCulture,
            $"{Name} answers {(int)status} for {what}"));
    }
}
