namespace ArrowCid;

/// <summary>Why a block was collected.</summary>
public enum CollectReason
{
    /// <summary>It has expired, and all that needed it.</summary>
    Expired = 0,

    /// <summary>No root needs it.</summary>
    Unneeded = 1,

    /// <summary>No root needs it, and the store was to be smaller.</summary>
    OverBudget = 2,
}
