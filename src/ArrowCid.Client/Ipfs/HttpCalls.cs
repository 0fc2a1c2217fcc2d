using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace ArrowCid.Client.Ipfs;

/// <summary>Calls of an HTTP API with a token. Answers are bounded, redirections are not followed, and what goes wrong
/// is an <see cref="ArrowCidException"/>.</summary>
internal sealed class HttpCalls : IDisposable
{
    private const int MostAnswer = 64 << 20, MostReason = 1000;

    private readonly HttpClient _client;
    private readonly string _root;

    public HttpCalls(Uri url, string? token)
    {
        if (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https"))
            throw new ArgumentException($"{url} is no http or https URL.", nameof(url));
        _root = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        // A token is for this server, and not for the one that it names.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MostAnswer,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("arrowcid", "1"));
        if (token is not null)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        else if (url.UserInfo.Length > 0)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo))));
        }

        // As messages show it: without a password.
        Name = url.UserInfo.Length == 0 ? _root : _root.Replace(url.UserInfo + "@", "", StringComparison.Ordinal);
        _root = Name;
    }

    /// <summary>The URL as messages show it.</summary>
    public string Name { get; }

    /// <summary>Calls, and reads the whole answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path and query after the URL.</param>
    /// <param name="content">The body; null for none.</param>
    /// <param name="reasonOf">Reads the reason from the body of an error; null where it has none.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException">The server does not answer, or with an error.</exception>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, HttpContent? content,
        Func<byte[], string?> reasonOf, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, _root + path) { Content = content };
        byte[] body;
        HttpStatusCode status;
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken)
                .ConfigureAwait(false);
            status = response.StatusCode;
            body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            // Kubo reports what fails amid an answer in a trailer.
            if (response.TrailingHeaders.TryGetValues("X-Stream-Error", out IEnumerable<string>? errors))
                throw new ArrowCidException(ErrorCode.Io, $"{Name}: {Cut(string.Join("; ", errors))}");
        }
        catch (HttpRequestException e) when (e.InnerException is ArrowCidException inner)
        {
            // The body that was sent could not be made.
            throw new ArrowCidException(inner.Code, inner.Message, e) { Remedy = inner.Remedy };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            bool mayHelp = e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
            throw new ArrowCidException(mayHelp ? ErrorCode.Busy : ErrorCode.Io,
                $"{Name} does not answer: {e.Message}", e);
        }

        if ((int)status is >= 200 and < 300) return body;
        string reason = reasonOf(body) is { Length: > 0 } text ? $": {Cut(text)}" : "";
        throw new ArrowCidException(CodeOf(status), string.Create(CultureInfo.InvariantCulture,
            $"{Name} answers {(int)status}{reason}"));
    }

    public void Dispose() => _client.Dispose();

    private static ErrorCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => ErrorCode.InvalidArgument,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ErrorCode.AccessDenied,
        HttpStatusCode.NotFound => ErrorCode.NameNotFound,
        HttpStatusCode.Conflict or HttpStatusCode.PaymentRequired or HttpStatusCode.InsufficientStorage =>
            ErrorCode.ResourceExhausted,
        HttpStatusCode.RequestEntityTooLarge => ErrorCode.TooLarge,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.GatewayTimeout => ErrorCode.Busy,
        _ => ErrorCode.Io,
    };

    private static string Cut(string text) => text.Length <= MostReason ? text : text[..MostReason] + "…";
}
