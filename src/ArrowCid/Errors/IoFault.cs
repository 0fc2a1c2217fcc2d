using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>Exceptions of the file system as error codes.</summary>
internal static class IoFault
{
    private const int FileTableFull = 23;

    /// <summary>The code of an exception that a file operation threw.</summary>
    /// <returns><see cref="ErrorCode.AccessDenied"/>; <see cref="ErrorCode.ResourceExhausted"/> where the disk or
    /// quota is full or too many files are open; else <see cref="ErrorCode.Io"/>.</returns>
    public static ErrorCode CodeOf(Exception error) => error switch
    {
        UnauthorizedAccessException => ErrorCode.AccessDenied,
        IOException { HResult: Errno.NoSpace or Errno.Quota or Errno.TooManyFiles or FileTableFull } =>
            ErrorCode.ResourceExhausted,
        _ => ErrorCode.Io,
    };
}
