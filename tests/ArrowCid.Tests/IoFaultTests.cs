using ArrowCid.Memory;

namespace ArrowCid.Tests;

public class IoFaultTests
{
    [Theory]
    [InlineData(Errno.NoSpace, ErrorCode.ResourceExhausted)]
    [InlineData(Errno.Quota, ErrorCode.ResourceExhausted)]
    [InlineData(Errno.TooManyFiles, ErrorCode.ResourceExhausted)]
    [InlineData(23, ErrorCode.ResourceExhausted)]
    [InlineData(Errno.Io, ErrorCode.Io)]
    [InlineData(Errno.Interrupted, ErrorCode.Io)]
    public void An_io_exception_has_the_code_of_its_error_number(int errno, ErrorCode code) =>
        Assert.Equal(code, IoFault.CodeOf(new IOException("x", errno)));

    [Fact]
    public void Refused_access_and_missing_files_keep_their_codes()
    {
        Assert.Equal(ErrorCode.AccessDenied, IoFault.CodeOf(new UnauthorizedAccessException()));
        Assert.Equal(ErrorCode.Io, IoFault.CodeOf(new FileNotFoundException()));
    }
}
