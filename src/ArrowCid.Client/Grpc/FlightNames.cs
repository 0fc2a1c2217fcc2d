namespace ArrowCid.Flight.Grpc;

/// <summary>Names on the wire that the client and the server share.</summary>
internal static class FlightNames
{
    /// <summary>The full name of the gRPC service.</summary>
    public const string Service = "arrow.flight.protocol.FlightService";

    /// <summary>The header with the largest message in bytes that the client accepts; 0: any size.</summary>
    public const string LimitHeader = "arrowcid-max-message-bytes";

    /// <summary>Names the compression of the batches that DoGet sends.</summary>
    public const string CompressionHeader = "arrowcid-compression";

    /// <summary>The trailer with ArrowCid's own error code.</summary>
    public const string ErrorTrailer = "arrowcid-error";
}
