namespace ArrowCid;

/// <summary>What came of a segment.</summary>
public enum CompactOutcome
{
    /// <summary>It went; what was alive of it is elsewhere.</summary>
    Freed = 0,

    /// <summary>So much of it is alive that it stays.</summary>
    Alive = 1,

    /// <summary>Somebody reads it; it goes another time.</summary>
    Held = 2,

    /// <summary>Something in it cannot be read, or is of a later version; <c>arrowcid log check</c> says
    /// what.</summary>
    Damaged = 3,

    /// <summary>There was no room for what is alive of it.</summary>
    NoRoom = 4,
}
