namespace ArrowCid.Registry;

/// <summary>Why a block is not removed.</summary>
public enum KeepKind
{
    /// <summary>It is not here.</summary>
    NotHere = 0,

    /// <summary>A name points to it.</summary>
    Named = 1,

    /// <summary>It is pinned.</summary>
    Pinned = 2,

    /// <summary>A process that lives holds it.</summary>
    Held = 3,

    /// <summary>It is the schema of a batch that stays.</summary>
    SchemaOf = 4,

    /// <summary>A block that stays is a range of it.</summary>
    ParentOfView = 5,

    /// <summary>A block that stays links to it.</summary>
    LinkedFrom = 6,

    /// <summary>The time up to which it is needed has not come.</summary>
    Unexpired = 7,

    /// <summary>Nothing says when it is no longer needed.</summary>
    Lasting = 8,

    /// <summary>It was put, or announced again, too short a time ago.</summary>
    Recent = 9,

    /// <summary>The store is small enough with it.</summary>
    WithinBudget = 10,

    /// <summary>A name stood for it, and what names stood for was to be kept.</summary>
    NamedBefore = 11,

    /// <summary>A block that may need it is damaged, so its needs are unknown.</summary>
    Unknowable = 12,

    /// <summary>No other place was found to have a copy of it.</summary>
    LastCopy = 13,

    /// <summary>It is a call whose result has not expired, or such a result.</summary>
    Result = 14,

    /// <summary>It is in the backlog of a place: it is not recorded there yet.</summary>
    NotCopied = 15,

    /// <summary>It is a signed statement, or a signature, about a block that stays.</summary>
    StatementOf = 16,

    /// <summary>It is a message of a channel that is stored here, and the channel still keeps it.</summary>
    Message = 17,
}
