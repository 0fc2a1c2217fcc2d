using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using Google.Protobuf;

namespace ArrowCid.Server.Service;

/// <summary>
/// The actions that Flight itself defines. What a CID names never ends and costs nothing while it is not fetched, so
/// there is nothing to cancel, renewing returns the endpoint unchanged, and sessions keep nothing.
/// </summary>
internal static class FlightActions
{
    public static IReadOnlyList<string> Names { get; } =
        ["CancelFlightInfo", "RenewFlightEndpoint", "SetSessionOptions", "GetSessionOptions", "CloseSession"];

    /// <summary>The answer, or null where it is no such action.</summary>
    public static IMessage? TryRun(string action, ReadOnlySpan<byte> body)
    {
        switch (action)
        {
            case "CancelFlightInfo":
                _ = GrpcReader.Parse(CancelFlightInfoRequest.Parser, body);
                return new CancelFlightInfoResult { Status = CancelStatus.NotCancellable };
            case "RenewFlightEndpoint":
                return GrpcReader.Parse(RenewFlightEndpointRequest.Parser, body).Endpoint ?? new FlightEndpoint();
            case "SetSessionOptions":
                var result = new SetSessionOptionsResult();
                foreach (string name in GrpcReader.Parse(SetSessionOptionsRequest.Parser, body).SessionOptions.Keys)
                {
                    result.Errors[name] = new SetSessionOptionsResult.Types.Error
                    {
                        Value = SetSessionOptionsResult.Types.ErrorValue.InvalidName,
                    };
                }

                return result;
            case "GetSessionOptions":
                return new GetSessionOptionsResult();
            case "CloseSession":
                return new CloseSessionResult { Status = CloseSessionResult.Types.Status.Closed };
            default:
                return null;
        }
    }
}
