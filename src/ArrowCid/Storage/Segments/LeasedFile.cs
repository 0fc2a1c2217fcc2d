using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A segment's file, mapped whole and read-locked through the description that it is mapped
/// through.</summary>
internal sealed record LeasedFile(FileDescriptor File, Mapping Map);
