namespace ArrowCid;

/// <summary>What an entry of the audit trail records.</summary>
public enum AuditAction
{
    /// <summary>A block was put, new or again.</summary>
    Put = 1,

    /// <summary>A name was made to point to a block.</summary>
    SetName = 2,

    /// <summary>A name was removed.</summary>
    RemoveName = 3,

    /// <summary>A block was pinned.</summary>
    Pin = 4,

    /// <summary>A pin was removed.</summary>
    Unpin = 5,

    /// <summary>A block was removed from the store.</summary>
    Remove = 6,
}
