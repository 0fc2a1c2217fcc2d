namespace ArrowCid.Channels.Sds;

/// <summary>Hints of messages that a bridge carried from an SDS channel. They are no locations.</summary>
internal static class SdsHints
{
    /// <summary>What all of them begin with.</summary>
    public const string Any = "sds:";

    /// <summary>What comes before the id of the SDS message.</summary>
    public const string Message = "sds:message/";

    /// <summary>What comes before the sender of the SDS message.</summary>
    public const string Sender = "sds:sender/";
}
