using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a thread wants committed, and its place. Numbers are given when its turn comes.</summary>
internal sealed class PendingWrite
{
    public WriteKind Kind { get; set; }

    public SegmentAppender? Tail { get; set; }

    public long Offset { get; set; }

    /// <summary>The bytes of the place, header and padding included.</summary>
    public long Extent { get; set; }

    public bool IsJumbo { get; set; }

    /// <summary>Whether its place holds what it is to hold, so that it may be committed.</summary>
    public bool IsFilled { get; set; }

    public bool IsQueued { get; set; }

    public PendingWrite? Before { get; set; }

    public PendingWrite? After { get; set; }

    public PutRequest Request { get; set; }

    /// <summary>What a transaction commits; else null.</summary>
    public Transaction? Transaction { get; set; }

    public Digest256 Digest { get; set; }

    public IFactSource? Facts { get; set; }

    /// <summary>The blocks to announce again: of a put the one that it found.</summary>
    public LeasedBlock[]? Announced { get; set; }

    /// <summary>The record of the block that the put found damaged, which its bytes replace.</summary>
    public DamagedRange? Damaged { get; set; }

    /// <summary>Whether the fact that records the damage has its header.</summary>
    public bool IsDamageWritten { get; set; }

    /// <summary>The time of its put in ns since 1970, where facts are given with it; else 0.</summary>
    public ulong PutAt { get; set; }

    /// <summary>What a put came to.</summary>
    public BlockInfo Info { get; set; }

    public bool IsNew { get; set; }

    /// <summary>The block is known, but its place was no place for a REF: another turn announces it.</summary>
    public bool IsToAnnounce { get; set; }

    /// <summary>The number of its last record.</summary>
    public ulong Sequence { get; set; }

    /// <summary>Of facts that compaction moves: the time that their record is to have; else 0.</summary>
    public ulong MovedAt { get; init; }

    public Exception? Error { get; set; }

    public long End => Offset + Extent;

    /// <summary>Whether no place of its segment lies after its own.</summary>
    public bool IsLastPlace => Tail is not null && !IsJumbo && Tail.Reserved == End;

    public void ReleaseLeases()
    {
        foreach (LeasedBlock block in Announced ?? []) block.Release();
        Announced = null;
    }

    /// <summary>Makes it ready for another use.</summary>
    public void Reset()
    {
        (Kind, Tail, Offset, Extent, IsJumbo, IsFilled) = (WriteKind.Put, null, 0, 0, false, false);
        (Request, Facts, Announced, Error, Transaction) = (default, null, null, null, null);
        (IsNew, IsToAnnounce, Sequence, PutAt, Damaged, IsDamageWritten) = (false, false, 0, 0, null, false);
    }
}
