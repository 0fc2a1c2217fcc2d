using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using ArrowCid.S3;
using Polly.CircuitBreaker;

namespace ArrowCid.Tests.Transfer.S3;

public class S3FaultTests
{
    [Theory]
    [InlineData(404, "NoSuchBucket", ErrorCode.Io, false, "no such bucket")]
    [InlineData(403, "AccessDenied", ErrorCode.AccessDenied, false, "403 AccessDenied")]
    [InlineData(403, "RequestTimeTooSkewed", ErrorCode.AccessDenied, false, "clocks")]
    [InlineData(301, "PermanentRedirect", ErrorCode.InvalidArgument, false, "region=NAME")]
    [InlineData(400, "AuthorizationHeaderMalformed", ErrorCode.InvalidArgument, false, "region=NAME")]
    [InlineData(400, "RequestTimeout", ErrorCode.Busy, true, "RequestTimeout")]
    [InlineData(400, "XAmzContentSHA256Mismatch", ErrorCode.Io, false, "stored nothing")]
    [InlineData(400, "EntityTooLarge", ErrorCode.TooLarge, false, "too large")]
    [InlineData(409, "ConditionalRequestConflict", ErrorCode.Busy, true, "in progress")]
    [InlineData(503, "SlowDown", ErrorCode.Busy, true, "503 SlowDown")]
    [InlineData(500, "InternalError", ErrorCode.Busy, true, "500")]
    [InlineData(507, "", ErrorCode.ResourceExhausted, false, "no space")]
    [InlineData(418, "Teapot", ErrorCode.Io, false, "418 Teapot")]
    public void An_answer_becomes_an_error_with_a_code(int status, string error, ErrorCode code, bool isTransient, string text)
    {
        var fault = S3Fault.Of(new AmazonS3Exception("no", ErrorType.Unknown, error, "id", (HttpStatusCode)status));
        Assert.Equal((code, isTransient), (fault!.Value.Code, fault.Value.IsTransient));
        Assert.Contains(text, fault.Value.Text, StringComparison.Ordinal);
    }

    public static TheoryData<Exception, ErrorCode, bool, string> Failures => new()
    {
        { new OperationCanceledException(), ErrorCode.Busy, true, "in time" },
        { new BrokenCircuitException(), ErrorCode.Busy, true, "half of the last requests" },
        { new EndOfStreamException(), ErrorCode.Busy, true, "ended before" },
        { new SocketException((int)SocketError.ConnectionRefused), ErrorCode.Busy, true, "connection failed" },
        { new HttpRequestException(HttpRequestError.NameResolutionError, "no name"), ErrorCode.Io, false, "unknown" },
        { new HttpRequestException(HttpRequestError.SecureConnectionError, "no trust"), ErrorCode.Io, false, "secure" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_failure_of_the_connection_becomes_an_error_with_a_code(Exception error, ErrorCode code, bool isTransient, string text)
    {
        S3Fault fault = S3Fault.Of(error)!.Value;
        Assert.Equal((code, isTransient), (fault.Code, fault.IsTransient));
        Assert.Contains(text, fault.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_of_this_program_is_no_failed_request() => Assert.Null(S3Fault.Of(new InvalidOperationException()));
}
