namespace ArrowCid.Server.Grpc;

/// <summary>Whether a call is of a program, or may be of a page in a browser.</summary>
/// <param name="IsNative">Whether it is of a program, over gRPC itself. Others are under the rules for pages, and may
/// come over gRPC-Web.</param>
internal sealed record CallKind(bool IsNative)
{
    /// <summary>A call of a program.</summary>
    public static CallKind Native { get; } = new(true);

    /// <summary>A call that may be of a page.</summary>
    public static CallKind Web { get; } = new(false);
}
