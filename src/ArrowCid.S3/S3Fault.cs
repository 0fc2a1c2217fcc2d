using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;
using Polly.CircuitBreaker;

namespace ArrowCid.S3;

/// <summary>What a failed request means.</summary>
/// <param name="Code">The error that callers get.</param>
/// <param name="IsTransient">Whether the same request may succeed later.</param>
/// <param name="Text">What happened, after the name of the bucket.</param>
internal readonly record struct S3Fault(ErrorCode Code, bool IsTransient, string Text)
{
    private const int InsufficientStorage = 507;

    /// <summary>Judges an exception of the SDK or of the connection.</summary>
    /// <returns>Null for an exception that is no failed request.</returns>
    public static S3Fault? Of(Exception error) => error switch
    {
        AmazonServiceException { InnerException: XmlException } =>
            new(ErrorCode.Busy, true, "the answer cannot be read; the connection may have ended before it did"),
        AmazonServiceException { StatusCode: not 0 } e => OfAnswer(e),
        AmazonServiceException { InnerException: { } inner } when Of(inner) is { } fault => fault,
        BrokenCircuitException => new(ErrorCode.Busy, true,
            "half of the last requests failed; the next is sent in a second"),
        OperationCanceledException => new(ErrorCode.Busy, true, "the server did not answer in time"),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } e =>
            new(ErrorCode.Io, false, $"the server is unknown: {e.Message}"),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } e =>
            new(ErrorCode.Io, false, $"no secure connection: {e.InnerException?.Message ?? e.Message}"),
        EndOfStreamException => new(ErrorCode.Busy, true, "the connection ended before the object did"),
        HttpRequestException or IOException or SocketException =>
            new(ErrorCode.Busy, true, $"the connection failed: {error.Message}"),
        AmazonClientException e when e.Message.Contains("credential", StringComparison.OrdinalIgnoreCase) =>
            new(ErrorCode.AccessDenied, false,
                "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (AWS_PROFILE)"),
        AmazonClientException e => new(ErrorCode.Io, false, $"the answer cannot be read: {FirstLine(e.Message)}"),
        _ => null,
    };

    /// <summary>Whether the server says that the object does not exist. Of a bucket it says something else.</summary>
    public static bool IsAbsent(AmazonS3Exception error) =>
        error.StatusCode == HttpStatusCode.NotFound && error.ErrorCode is not "NoSuchBucket";

    /// <summary>Whether the server says that it got other bytes than were signed.</summary>
    public static bool IsDigestRefusal(AmazonServiceException error) =>
        error.ErrorCode is "XAmzContentSHA256Mismatch" or "BadDigest" or "InvalidDigest"
            or "XAmzContentChecksumMismatch";

    private static S3Fault OfAnswer(AmazonServiceException e)
    {
        string code = e.ErrorCode is { Length: > 0 } named ? named : e.StatusCode.ToString();
        string answer = string.Create(CultureInfo.InvariantCulture, $"{(int)e.StatusCode} {code}");
        if (IsDigestRefusal(e))
        {
            return new(ErrorCode.Io, false,
                $"the server got other bytes than were sent and stored nothing ({answer})");
        }

        return (int)e.StatusCode switch
        {
            404 when code == "NoSuchBucket" => new(ErrorCode.Io, false, "there is no such bucket; create it first"),
            404 => new(ErrorCode.Io, false, $"the object is gone ({answer})"),
            401 or 403 when code == "RequestTimeTooSkewed" =>
                new(ErrorCode.AccessDenied, false, "the clocks of this machine and the server differ too much"),
            401 or 403 => new(ErrorCode.AccessDenied, false, $"access denied ({answer})"),
            301 or 307 or 308 => new(ErrorCode.InvalidArgument, false,
                $"the bucket is in another region or at another server ({answer}); say region=NAME"),
            400 when code is "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" =>
                new(ErrorCode.InvalidArgument, false, $"another region is needed ({answer}); say region=NAME"),
            400 when code is "RequestTimeout" or "IncompleteBody" => new(ErrorCode.Busy, true, $"it answers {answer}"),
            400 when code is "EntityTooLarge" => new(ErrorCode.TooLarge, false, $"the object is too large ({answer})"),
            409 => new(ErrorCode.Busy, true, $"another upload is in progress ({answer})"),
            InsufficientStorage => Full(answer),
            _ when code is "QuotaExceeded" => Full(answer),
            408 or 429 or 500 or 502 or 503 or 504 => new(ErrorCode.Busy, true, $"it answers {answer}"),
            _ => new(ErrorCode.Io, false, $"it answers {answer}"),
        };
    }

    private static S3Fault Full(string answer) =>
        new(ErrorCode.ResourceExhausted, false, $"the bucket has no space left ({answer})");

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd('\r', ' ', '.', ':');
}
