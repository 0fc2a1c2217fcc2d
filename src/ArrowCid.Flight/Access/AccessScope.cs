namespace ArrowCid.Flight.Access;

/// <summary>What a token allows; each includes those before it.</summary>
internal enum AccessScope
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Fetching by CID, listings and watches.</summary>
    Read = 1,

    /// <summary>Putting blocks, and saying something of them: tags, names, pins.</summary>
    Put = 2,

    /// <summary>Everything else: taking away what others rely on.</summary>
    Admin = 3,
}

/// <summary>What a call asks for.</summary>
internal enum AccessNeed
{
    /// <summary>One block, or what is beneath it, by its CID: who has the CID knows what it is.</summary>
    Fetch,

    /// <summary>What is here: listings, watches, figures.</summary>
    List,

    /// <summary>A block put, and what is said of it.</summary>
    Put,

    /// <summary>Taking away what others rely on.</summary>
    Admin,
}
