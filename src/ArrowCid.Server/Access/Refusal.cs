namespace ArrowCid.Server.Access;

/// <summary>Why a call is refused.</summary>
internal enum Refusal
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It needs a token and shows none.</summary>
    NoToken,

    /// <summary>The token is not known here, or has ended.</summary>
    WrongToken,

    /// <summary>The token is right and does not allow this.</summary>
    SmallScope,

    /// <summary>The server's role allows no caller to change anything.</summary>
    Role,
}
