namespace ArrowCid.Memory;

/// <summary>The kinds of system calls that a <see cref="FileSeam"/> sees.</summary>
internal enum FileCall
{
    Open, Create, MakeDirectory, Link, Unlink, Rename, RenameNew, Allocate, Sync, SyncData, Stat, FileSystem, Lock,
    Unlock, Read, Map,
}
