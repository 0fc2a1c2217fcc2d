using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Large blocks that are made in place.</summary>
internal sealed partial class BlockStore
{
    /// <summary>The size in bytes from which a staged block gets a segment of its own.</summary>
    public const int LeastStaged = 1 << 20;

    private long _staging;

    /// <summary>Allocates store memory for one block of at most <paramref name="capacity"/> bytes.</summary>
    public StagedBlock Stage(int capacity)
    {
        EnterToWrite();
        return OwnLane().Staged.Stage(capacity);
    }

    /// <summary>Whether a block gets a segment of its own.</summary>
    public bool HasOwnSegment(int length) =>
        StoreSizes.IsForJumbo(StoreLayout.RecordBytes(length), _control.Superblock.SegmentBytes);

    /// <summary>As <see cref="Stage"/>, of any contents, where there is space at once. What is staged for senders that
    /// may stop is at most a quarter of the store; <see cref="EndStaging"/> ends the count.</summary>
    /// <returns>Null where there is no space.</returns>
    public StagedBlock? TryStage(int capacity)
    {
        const int Share = 4;
        EnterToWrite();
        StagedBlock? staged = null;
        try
        {
            if (Interlocked.Add(ref _staging, capacity) <= _control.Superblock.Capacity / Share)
                staged = OwnLane().Staged.TryStage(capacity);
            return staged;
        }
        finally
        {
            if (staged is null) EndStaging(capacity);
        }
    }

    /// <summary>Ends the count of bytes that <see cref="TryStage"/> staged.</summary>
    public void EndStaging(int capacity) => Interlocked.Add(ref _staging, -capacity);

    /// <summary>Publishes the first bytes of a staged block, as many as the request's source says, under the digest
    /// that they have. What is staged is used up, unless this throws before its turn.</summary>
    /// <returns>True where the block is new.</returns>
    public bool PutStaged(StagedBlock staged, in PutRequest request, in Digest256 digest, out BlockInfo info)
    {
        CheckRequest(in request);
        bool isNew = OwnLane().Staged.PutStaged(staged, in request, in digest, out info);
        if (isNew) CountPuts(1);
        return isNew;
    }
}
