using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>One end of a sync: a store, or a backup, which is only read.</summary>
internal interface ISyncEnd
{
    /// <summary>The identity of its store.</summary>
    Guid Id { get; }

    /// <summary>Fixes a set.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the filter is none, or cannot be
    /// applied here.</exception>
    SyncScope Open(SyncWish wish, CancellationToken cancellationToken);

    /// <summary>What is known of a block; the default where it is not here.</summary>
    SyncDescription Describe(in Digest256 digest);

    /// <summary>Reads a block; null where it is not here. Its bytes are not proved.</summary>
    SyncBlock? Read(in Digest256 digest);

    /// <summary>Reads facts, packed as payloads of records.</summary>
    IEnumerable<byte[]> ReadFacts(IReadOnlySet<Digest256> digests);

    /// <summary>Whether a block is wanted here.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="lastPut">When the other side last put it, in ns since 1970.</param>
    SyncBlockState StateOf(in Digest256 digest, ulong lastPut);

    /// <summary>Stores a block whose bytes hash to its digest.</summary>
    /// <returns>False where they do not; nothing was stored.</returns>
    bool Put(ulong codec, in Digest256 digest, ReadOnlyMemory<byte> bytes);

    /// <summary>Stores the facts of a payload that are news.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="isAdmin">Whether all kinds are taken; else those that any caller who stores blocks may
    /// set.</param>
    /// <returns>The number that was stored, and of those that may not be set or have a wrong form.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: a fact is over an hour ahead; nothing
    /// was stored.</exception>
    (int Taken, int Refused) PutFacts(ReadOnlyMemory<byte> payload, bool isAdmin);
}
