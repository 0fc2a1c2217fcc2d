using ArrowCid.Flight.Limits;

namespace ArrowCid.Server.Service;

/// <summary>The limits of the messages of each call.</summary>
internal static class FlightLimits
{
    // Larger batches are refused before they are read.
    private const int MostOfPut = 256 << 20;
    private const int MostOfRequest = 1 << 20;
    private const int MostOfLongAction = 16 << 20;

    // What is read of a caller before anything is known of it.
    private const int MostOfStranger = 64 << 10;

    // The type of an action, field 1, which is written first.
    private static readonly byte[][] s_longActions =
        [[0x0A, 12, .. "find-missing"u8], [0x0A, 9, .. "put-block"u8], [0x0A, 4, .. "sync"u8]];

    private static readonly MessageLimit s_request = new(MostOfRequest);

    private static readonly MessageLimit s_action = new(MostOfRequest)
    {
        MostLong = MostOfLongAction,
        LongStarts = s_longActions,
    };

    private static readonly MessageLimit s_put = new(MostOfPut) { IsUpload = true }, s_exchange = new(MostOfPut);

    private static readonly MessageLimit s_stranger = new(MostOfStranger);

    /// <summary>Returns the limit of a call.</summary>
    /// <param name="path"><c>/package.Service/Method</c>.</param>
    /// <param name="isKnown">Whether the caller may do anything, so that more than a small message is read of an action
    /// that anyone may begin.</param>
    public static MessageLimit Of(string path, Func<bool> isKnown) => path switch
    {
        FlightCalls.Prefix + "DoPut" => s_put,
        FlightCalls.Prefix + "DoExchange" => s_exchange,
        FlightCalls.Prefix + "DoAction" => isKnown() ? s_action : s_stranger,
        FlightCalls.Prefix + "Handshake" or FlightCalls.Prefix + "ListActions" => s_stranger,
        _ when path.StartsWith(FlightCalls.Prefix, StringComparison.Ordinal) => s_request,
        _ => s_stranger,
    };
}
