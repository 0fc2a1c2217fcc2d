using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Large blocks that are made in place.</summary>
internal sealed partial class BlockStore
{
    /// <summary>From so many bytes on a block in the making is worth a segment of its own.</summary>
    public const int LeastStaged = 1 << 20;

    /// <summary>Memory of the store for one block of at most so many bytes.</summary>
    public StagedBlock Stage(int capacity)
    {
        EnterToWrite();
        return OwnLane().Stage(capacity);
    }

    /// <summary>Publishes the first bytes of a staged block, as many as the request's source says, under the digest
    /// that they have. What is staged is used up, unless this throws before its turn.</summary>
    /// <returns>True where the block is new.</returns>
    public bool PutStaged(StagedBlock staged, in PutRequest request, in Digest256 digest, out BlockInfo info)
    {
        CheckRequest(in request);
        bool isNew = OwnLane().PutStaged(staged, in request, in digest, out info);
        if (isNew) CountPuts(1);
        return isNew;
    }
}
