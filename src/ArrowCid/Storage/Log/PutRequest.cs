using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a put is told of its block, and what is to be said of it, which is committed before it can be
/// found.</summary>
internal readonly record struct PutRequest(RecordKind Kind, uint Codec, IBlockSource Source, Digest256 SchemaDigest,
    long Rows, RecordFlags Flags, IFactSource? Facts = null, Relocation? Moved = null)
{
    /// <summary>When the block was put elsewhere, in ns since 1970; 0: it is put now.</summary>
    public ulong TimeNanoseconds { get; init; }

    /// <summary>The block is only to be there whole, and is not announced: a known one that is damaged is replaced, and
    /// nothing is written where it is whole.</summary>
    public bool IsRepair { get; init; }

    /// <summary>The put must create its block: where the store has it, nothing is written and the put fails with
    /// <see cref="BlockExistsException"/>.</summary>
    public bool MustBeNew { get; init; }
}
