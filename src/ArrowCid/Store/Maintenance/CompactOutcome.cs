namespace ArrowCid;

/// <summary>The result of a compaction for one segment.</summary>
public enum CompactOutcome
{
    /// <summary>The segment is freed; its live records were moved.</summary>
    Freed = 0,

    /// <summary>It stays: too much of it is alive.</summary>
    Alive = 1,

    /// <summary>It stays for now: a reader holds a lease on it.</summary>
    Held = 2,

    /// <summary>Something in it cannot be read, or is of a later version; <c>arrowcid log check</c> says
    /// what.</summary>
    Damaged = 3,

    /// <summary>There was no space for its live records.</summary>
    NoRoom = 4,
}
