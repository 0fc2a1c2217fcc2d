namespace ArrowCid.Storage;

/// <summary>A lock that a process holds on a file of a store; the end is exclusive.</summary>
internal readonly record struct HeldLock(int Process, string File, bool IsExclusive, long Start, long End);
