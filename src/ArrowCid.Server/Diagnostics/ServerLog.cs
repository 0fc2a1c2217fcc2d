namespace ArrowCid.Server;

/// <summary>How a server's lines are logged to standard error.</summary>
public enum ServerLog
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>For people.</summary>
    Text,

    /// <summary>A JSON object a line.</summary>
    Json,
}
