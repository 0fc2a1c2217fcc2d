namespace ArrowCid.Flight.Http;

/// <summary>An answer that is no success, with what to do.</summary>
internal sealed class GatewayException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
