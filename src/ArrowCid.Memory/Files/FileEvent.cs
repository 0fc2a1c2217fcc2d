namespace ArrowCid.Memory;

/// <summary>One call: the file or directory that it is made on (null where it is made on a path), paths as far as they
/// are known, and the range that it concerns.</summary>
internal readonly record struct FileEvent(FileCall Call, FileDescriptor? File, string Path, string NewPath = "",
    long Offset = 0, long Length = 0);
