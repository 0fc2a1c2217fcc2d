namespace ArrowCid.Server.Http;

/// <summary>An answer that is no success, with what to do.</summary>
internal sealed class GatewayException(int status, string message, ErrorCode? code = null) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>ArrowCid's code of it, where the status does not say it.</summary>
    public ErrorCode? Code { get; } = code;
}
