using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backup;

/// <summary>Takes what a store held at a moment.</summary>
internal interface ISnapshotSink
{
    /// <summary>Takes the facts of one record, as far as they mean something elsewhere; the same may come
    /// twice.</summary>
    void TakeFacts(byte[] payload);

    /// <summary>Whether a block's bytes are wanted.</summary>
    bool Wants(in SnapshotBlock block);

    /// <summary>Finds a block that an earlier increment has, and keeps if the store cannot read its copy.</summary>
    bool TryGetEarlier(in Digest256 digest, out SnapshotBlock block);

    /// <summary>Takes a block with its bytes, which were just hashed; what it needs beneath it came before.</summary>
    void TakeBlock(in SnapshotBlock block, ReadOnlyMemory<byte> bytes);
}
