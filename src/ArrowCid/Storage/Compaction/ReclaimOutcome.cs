namespace ArrowCid.Storage;

/// <summary>The result for one segment.</summary>
internal enum ReclaimOutcome
{
    /// <summary>The segment is freed; its live records were moved.</summary>
    Freed,

    /// <summary>Too much of it is alive to be worth moving.</summary>
    Alive,

    /// <summary>A reader holds a lease on it.</summary>
    Held,

    /// <summary>Records in it cannot be read, or do not hash to their digests.</summary>
    Damaged,

    /// <summary>There was no space for its live records.</summary>
    NoRoom,
}
