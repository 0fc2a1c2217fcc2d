namespace ArrowCid.Server.Access;

/// <summary>What a token allows; each includes those before it.</summary>
internal enum AccessScope
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Fetching by CID, resolving names, listings and watches.</summary>
    Read = 1,

    /// <summary>Storing blocks, setting tags, and creating names that do not exist.</summary>
    Put = 2,

    /// <summary>Everything else: names that exist, pins, expiry, deletion.</summary>
    Admin = 3,
}
