namespace ArrowCid;

/// <summary>The outcome of a repair.</summary>
public enum RepairOutcome
{
    /// <summary>The stored bytes are right, and nothing was done.</summary>
    Intact = 0,

    /// <summary>A good copy has replaced the damaged one.</summary>
    Repaired = 1,

    /// <summary>The block was removed, and stays so.</summary>
    Removed = 2,

    /// <summary>The block is damaged still: the source does not have it.</summary>
    Damaged = 3,
}
