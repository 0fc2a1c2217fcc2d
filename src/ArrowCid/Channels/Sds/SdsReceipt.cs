namespace ArrowCid.Channels.Sds;

/// <summary>What became of a received message.</summary>
public enum SdsReceipt
{
    /// <summary>It was delivered: an event says so, after those of its dependencies.</summary>
    Delivered,

    /// <summary>It waits for dependencies.</summary>
    Waiting,

    /// <summary>It was delivered before, or waits already.</summary>
    Duplicate,

    /// <summary>It is a message of this participant that came back.</summary>
    Own,

    /// <summary>It is a sync message, which carries no content.</summary>
    Sync,

    /// <summary>It is an ephemeral message: it was delivered, and is not remembered.</summary>
    Ephemeral,

    /// <summary>Too many messages wait already, here or of its sender. It was not taken: its sender sends it
    /// again.</summary>
    Refused,
}
