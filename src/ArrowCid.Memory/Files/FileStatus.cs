namespace ArrowCid.Memory;

/// <summary>The result of fstat on an open file.</summary>
internal readonly record struct FileStatus(
    long Size, ulong Inode, ulong Device, ulong BirthNanoseconds, uint UserId, uint Mode, uint Links,
    uint GroupId);
