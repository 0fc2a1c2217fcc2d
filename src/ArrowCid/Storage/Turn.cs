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

/// <summary>What one FACT record will say.</summary>
internal interface IFactSource
{
    /// <summary>Writes the record's payload. It is called at the lane's turn, under its gate: it is to be quick, not
    /// to throw and not to call the store. Where a group of records has to be written again it is called again, and
    /// the last call counts.</summary>
    /// <param name="block">The block that is being put, with the time of this put (the rest, of a known block, as its
    /// first put has it); the default where the fact comes alone.</param>
    /// <param name="destination">65,536 bytes.</param>
    /// <returns>How many were written.</returns>
    int Write(in BlockInfo block, Span<byte> destination);
}

/// <summary>A record's place in the logs.</summary>
internal readonly record struct LogPlace(int Lane, ulong Sequence);

/// <summary>A block that is here, leased until it is announced; a VIEW by its parent's segment too.</summary>
internal readonly record struct LeasedBlock(BlockInfo Info, ulong Sequence, Segment Segment, Segment? Parent)
{
    /// <summary>The offset of its record in the segment.</summary>
    public long Offset { get; init; }

    /// <summary>Of a VIEW the offset of its first byte in the parent's segment.</summary>
    public long ParentStart { get; init; }

    /// <summary>The block's bytes where they are stored.</summary>
    public ReadOnlySpan<byte> Bytes => Parent is null
        ? Segment.Map.Bytes(Offset + StoreLayout.RecordHeaderBytes, (int)Info.Length)
        : Parent.Map.Bytes(ParentStart, (int)Info.Length);

    /// <summary>The range of its record.</summary>
    public DamagedRange Range => new(Cid.FromSha256(Info.Codec, Info.Digest), Segment.Slot, Segment.Generation, Offset,
        Parent is null ? StoreLayout.RecordBytes(Info.Length) : StoreLayout.RecordHeaderBytes);

    public void Release()
    {
        Segment.Release();
        Parent?.Release();
    }
}

/// <summary>The open end of a segment that a lane writes.</summary>
internal sealed class SegmentAppender(Segment segment, long end, uint lastCrc)
{
    public Segment Segment { get; } = segment;

    /// <summary>Where the next place begins.</summary>
    public long Reserved { get; set; } = end;

    /// <summary>The checksum of the last record that has its header, or of the segment's header.</summary>
    public uint LastCrc { get; set; } = lastCrc;

    /// <summary>Where the next record begins that is not committed.</summary>
    public long Committed { get; set; } = end;

    /// <summary>The checksum of the last committed record, or of the segment's header.</summary>
    public uint CommittedCrc { get; set; } = lastCrc;

    /// <summary>Whether it stands among the segments to be flushed.</summary>
    public bool IsDirty { get; set; }

    public bool HasSpace(long extent) => extent <= Segment.Bytes - Reserved;
}

internal enum WriteKind
{
    /// <summary>A block, or a REF where it turns out to be known, after a FACT if it has one.</summary>
    Put,

    /// <summary>REFs, then a FACT if it has one.</summary>
    Announce,

    /// <summary>A FACT alone: it has no place of its own and waits for nobody's source.</summary>
    Append,

    /// <summary>A place that nothing came of.</summary>
    Pad,

    /// <summary>Blocks, REFs and FACTs that are committed together or not at all.</summary>
    Transaction,
}

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

    /// <summary>Whether no place of its segment lies behind its own.</summary>
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
