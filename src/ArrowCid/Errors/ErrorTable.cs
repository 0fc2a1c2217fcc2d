namespace ArrowCid;

/// <summary>The one mapping from <see cref="ErrorCode"/> to what other surfaces show.</summary>
public static class ErrorTable
{
    /// <summary>The exit code of the command <c>arrowcid</c>: 0 success, 1 fault, 2 usage, 3 absent or
    /// unreadable, 4 bad or unsupported data, 5 state, 6 limit, 7 retry.</summary>
    /// <param name="code">The error.</param>
    /// <returns>A number from 1 to 7.</returns>
    public static int ExitCode(ErrorCode code) => Row(code).Exit;

    /// <summary>The gRPC status code (<c>google.rpc.Code</c>).</summary>
    /// <param name="code">The error.</param>
    /// <returns>A number from 1 to 16.</returns>
    public static int GrpcStatus(ErrorCode code) => Row(code).Grpc;

    /// <summary>Whether the same call may succeed later without a repair.</summary>
    /// <param name="code">The error.</param>
    /// <returns>True where a retry may help.</returns>
    public static bool IsTransient(ErrorCode code) => code is ErrorCode.Busy or ErrorCode.PoolUnavailable;

    private static (int Exit, int Grpc) Row(ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument or ErrorCode.InvalidCid or ErrorCode.SchemaMismatch => (2, InvalidArgument),
        ErrorCode.Unsupported => (4, Unimplemented),
        ErrorCode.BlockNotFound or ErrorCode.NameNotFound => (3, NotFound),
        ErrorCode.NameExists => (5, AlreadyExists),
        ErrorCode.NameConflict => (5, Aborted),
        ErrorCode.BlockCorrupt => (4, DataLoss),
        ErrorCode.InvalidData or ErrorCode.NotCanonical => (4, InvalidArgument),
        ErrorCode.StoreFaulted or ErrorCode.FormatVersion or ErrorCode.StoreGone or ErrorCode.Forked =>
            (5, FailedPrecondition),
        ErrorCode.StoreFull or ErrorCode.IndexFull or ErrorCode.TooLarge or ErrorCode.ResourceExhausted =>
            (6, ResourceExhausted),
        ErrorCode.SubscriberLagged => (6, OutOfRange),
        ErrorCode.Busy or ErrorCode.PoolUnavailable => (7, Unavailable),
        ErrorCode.MemberFenced => (5, FailedPrecondition),
        ErrorCode.AccessDenied => (5, PermissionDenied),
        ErrorCode.Io => (3, FailedPrecondition),
        _ => (1, InternalError),
    };

    private const int InvalidArgument = 3, NotFound = 5, AlreadyExists = 6, PermissionDenied = 7, ResourceExhausted = 8,
        FailedPrecondition = 9, Aborted = 10, OutOfRange = 11, Unimplemented = 12, InternalError = 13, Unavailable = 14,
        DataLoss = 15;
}
