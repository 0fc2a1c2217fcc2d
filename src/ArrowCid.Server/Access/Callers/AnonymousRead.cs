namespace ArrowCid.Server.Access;

/// <summary>Which callers may read without a token.</summary>
public enum AnonymousRead
{
    /// <summary>No caller.</summary>
    Never,

    /// <summary>Callers on this machine.</summary>
    Loopback,

    /// <summary>Everybody: for a public mirror.</summary>
    Always,
}
