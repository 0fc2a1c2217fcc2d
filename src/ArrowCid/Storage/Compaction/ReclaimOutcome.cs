namespace ArrowCid.Storage;

/// <summary>What came of looking at a segment.</summary>
internal enum ReclaimOutcome
{
    /// <summary>It is gone; what was alive in it is elsewhere.</summary>
    Freed,

    /// <summary>So much in it is alive that moving it would not pay.</summary>
    Alive,

    /// <summary>Somebody holds a lease on it.</summary>
    Held,

    /// <summary>Records in it cannot be read, or do not hash to their digests.</summary>
    Damaged,

    /// <summary>There was no room for what is alive in it.</summary>
    NoRoom,
}
