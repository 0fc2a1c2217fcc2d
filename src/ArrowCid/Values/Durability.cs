namespace ArrowCid;

/// <summary>
/// When a put to a store on a disk outlives a loss of power. A killed process loses nothing in any mode, and a store in
/// shared memory (tmpfs) knows no other: there all three are the same. Each store object has its own
/// (<c>Storage/FORMAT.md</c>, Durability).
/// </summary>
public enum Durability
{
    /// <summary>Nothing is flushed before the store object is disposed of, unless <see cref="CidStore.Flush"/> is
    /// called: what the file system has not written by itself is lost.</summary>
    None = 0,

    /// <summary>A put is acknowledged and visible at once and flushed within about a tenth of a second; at most that
    /// much is lost. <see cref="CidStore.Flush"/> waits for it. The default.</summary>
    Periodic = 1,

    /// <summary>A put is flushed before it is visible and before it is acknowledged; puts of several threads share a
    /// flush. Nothing acknowledged is lost.</summary>
    Always = 2,
}
