namespace ArrowCid.Flight.Access;

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

/// <summary>What a call needs; <see cref="AccessRules"/> says which operation needs what.</summary>
internal enum AccessNeed
{
    /// <summary>Reading a block by its CID, which cannot be guessed.</summary>
    Fetch,

    /// <summary>Reading names, listings, watches and metrics.</summary>
    List,

    /// <summary>Storing blocks and creating names.</summary>
    Put,

    /// <summary>Changing what other callers rely on.</summary>
    Admin,
}
