namespace ArrowCid.Flight.Grpc;

/// <summary>How a call ended (<c>google.rpc.Code</c>).</summary>
internal enum GrpcStatus
{
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// <summary>A call's end that is not OK.</summary>
internal sealed class GrpcException(GrpcStatus status, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public GrpcStatus Status => status;

    /// <summary>What the other side said went wrong in ArrowCid's terms, or null.</summary>
    public ErrorCode? Code { get; init; }
}
