namespace ArrowCid;

/// <summary>Why a watcher cannot be told everything.</summary>
public enum GapReason
{
    /// <summary>The cursor is of another store, or of this one before it was copied.</summary>
    OtherStore = 1,

    /// <summary>The cursor points past the end of a lane: what it had passed was lost.</summary>
    PastEnd = 2,

    /// <summary>Another record has the number of the one that the cursor had passed last.</summary>
    Rewritten = 3,

    /// <summary>The records were collected or evicted before the watcher came to them.</summary>
    Gone = 4,

    /// <summary>The records' headers are damaged. The watch goes on after them; nothing is announced again.</summary>
    Damaged = 5,
}
