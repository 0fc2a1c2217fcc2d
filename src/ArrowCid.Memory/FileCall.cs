namespace ArrowCid.Memory;

/// <summary>The kinds of system calls that a <see cref="FileSeam"/> sees.</summary>
internal enum FileCall
{
    Open, Create, MakeDirectory, Link, Unlink, Rename, Allocate, Sync, SyncData, Stat, FileSystem, Lock, Unlock, Read,
    Map,
}
