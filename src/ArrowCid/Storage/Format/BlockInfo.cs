using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a store knows of a block without opening it.</summary>
internal readonly record struct BlockInfo(Digest256 Digest, uint Codec, RecordKind Kind, Digest256 SchemaDigest,
    long Rows, long Length, DateTimeOffset Time, RecordFlags Flags)
{
    /// <summary>Of a put: the stored copy was damaged, and the bytes of the put have replaced it.</summary>
    public bool IsRepaired { get; init; }
}
