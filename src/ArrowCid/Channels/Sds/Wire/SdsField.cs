namespace ArrowCid.Channels.Sds;

/// <summary>The fields of a message, which the dialects number differently.</summary>
internal enum SdsField
{
    Unknown,
    Id,
    Time,
    History,
    Channel,
    Content,
    Filter,
    Sender,
    Requests,
}
