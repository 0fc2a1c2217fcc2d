namespace ArrowCid.Server.Access;

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
