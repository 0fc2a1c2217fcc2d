using ArrowCid.Flight.Limits;

namespace ArrowCid.Flight.Service;

/// <summary>The limits of the messages of each call.</summary>
internal static class FlightLimits
{
    // Larger batches are refused before they are read.
    private const int MostOfPut = 256 << 20;
    private const int MostOfRequest = 1 << 20;
    private const int MostOfFindMissing = 16 << 20;

    // What is read of a caller before anything is known of it.
    private const int MostOfStranger = 64 << 10;

    // The type of an action, field 1, which is written first.
    private static readonly byte[] s_findMissing = [0x0A, 12, .. "find-missing"u8];

    private static readonly MessageLimit s_request = new(MostOfRequest);

    private static readonly MessageLimit s_action = new(MostOfRequest)
    {
        MostLong = MostOfFindMissing,
        LongStart = s_findMissing,
    };

    private static readonly MessageLimit s_put = new(MostOfPut) { IsUpload = true }, s_exchange = new(MostOfPut);

    /// <summary>The limit of a caller of whom nothing is known.</summary>
    public static MessageLimit Stranger { get; } = new(MostOfStranger);

    /// <summary>The limit of a call.</summary>
    /// <param name="path"><c>/package.Service/Method</c>.</param>
    public static MessageLimit Of(string path) => path switch
    {
        FlightCalls.Prefix + "DoPut" => s_put,
        FlightCalls.Prefix + "DoExchange" => s_exchange,
        FlightCalls.Prefix + "DoAction" => s_action,
        FlightCalls.Prefix + "Handshake" or FlightCalls.Prefix + "ListActions" => Stranger,
        _ when path.StartsWith(FlightCalls.Prefix, StringComparison.Ordinal) => s_request,
        _ => Stranger,
    };
}
