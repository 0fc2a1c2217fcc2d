using Grpc.Core;

namespace ArrowCid.Flight.Grpc;

/// <summary>The end of a call with a status other than OK.</summary>
internal sealed class GrpcException(StatusCode status, string message, Exception? inner = null)
    : RpcException(new Status(status, message, inner), message);
