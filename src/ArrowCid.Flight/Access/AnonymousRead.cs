namespace ArrowCid.Flight.Access;

/// <summary>Who may read without a token.</summary>
public enum AnonymousRead
{
    /// <summary>No caller.</summary>
    Never,

    /// <summary>Who calls from this machine.</summary>
    Loopback,

    /// <summary>Everybody: for a public mirror.</summary>
    Always,
}
