using ArrowCid.Ipc;

namespace ArrowCid;

/// <summary>What came of a put.</summary>
/// <param name="Address">What addresses the block.</param>
/// <param name="IsNew">Whether the store did not have it.</param>
public readonly record struct PutResult(BlockAddress Address, bool IsNew)
{
    /// <summary>Whether the store had the block with damaged bytes, which the bytes of this put have replaced. It is
    /// not new then.</summary>
    public bool IsRepaired { get; init; }

    /// <summary>The block's CID.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of its schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows.</summary>
    public long Rows => Address.Rows;

    /// <summary>The block's bytes.</summary>
    public long ByteLength => Address.ByteLength;
}

/// <summary>A block that a store has.</summary>
/// <param name="Address">What addresses it; the schema's CID means nothing for a block that is not a batch or
/// schema.</param>
/// <param name="Time">When it was first put.</param>
public readonly record struct StoredBlock(BlockAddress Address, DateTimeOffset Time)
{
    /// <summary>The block's CID.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of its schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows; 0 for a schema.</summary>
    public long Rows => Address.Rows;

    /// <summary>The block's bytes.</summary>
    public long ByteLength => Address.ByteLength;
}

/// <summary>What was found when a block was proved again.</summary>
/// <param name="Cid">The block's CID; the default one for a damaged place, where no block can be told.</param>
/// <param name="Location">Where it lies, for people.</param>
/// <param name="ByteLength">The bytes that were hashed; 0 where it failed.</param>
/// <param name="Error">What is wrong: <see cref="ErrorCode.BlockCorrupt"/> or <see cref="ErrorCode.NotCanonical"/>;
/// null where the block is what its CID says.</param>
public readonly record struct VerifyResult(Cid Cid, string Location, long ByteLength, ArrowCidException? Error)
{
    /// <summary>Whether the block is what its CID says.</summary>
    public bool IsIntact => Error is null;
}

/// <summary>The outcome of a repair.</summary>
public enum RepairOutcome
{
    /// <summary>The stored bytes are right, and nothing was done.</summary>
    Intact = 0,

    /// <summary>A good copy has replaced the damaged one.</summary>
    Repaired = 1,

    /// <summary>The block was removed, and stays so.</summary>
    Removed = 2,

    /// <summary>The block is damaged still: the source does not have it.</summary>
    Damaged = 3,
}

/// <summary>The result of the repair of one block.</summary>
/// <param name="Cid">The block's CID.</param>
/// <param name="Outcome">What was done.</param>
/// <param name="Location">File and offset of the copy that was looked at.</param>
/// <param name="ByteLength">The number of bytes that were written; 0 where nothing was repaired.</param>
/// <param name="Error">Why a damaged block is damaged still; else null.</param>
public readonly record struct RepairResult(Cid Cid, RepairOutcome Outcome, string Location, long ByteLength,
    ArrowCidException? Error);

/// <summary>What a store looks like at one moment.</summary>
/// <param name="Id">The store; a copy of its files is another.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Capacity">The most bytes that its files may take.</param>
/// <param name="BytesTaken">The bytes that its files take.</param>
/// <param name="BytesCommitted">The bytes of records in them.</param>
/// <param name="Segments">Segments with records.</param>
/// <param name="SegmentSize">The bytes of a segment.</param>
/// <param name="Lanes">How many writers there may be at once.</param>
/// <param name="LanesInUse">How many there are.</param>
/// <param name="IsRing">Whether its oldest blocks go when it is full.</param>
public sealed record StoreSummary(Guid Id, DateTimeOffset Created, long Capacity, long BytesTaken,
    long BytesCommitted,
    int Segments, long SegmentSize, int Lanes, int LanesInUse, bool IsRing);

/// <summary>How much a read proves (<c>Storage/FORMAT.md</c>, Reading). What is not the store's own user's is never
/// read.</summary>
public enum VerifyMode
{
    /// <summary>Blocks that this library's encoder made are believed; others are read as by
    /// <see cref="FirstRead"/>.</summary>
    Trusted = 0,

    /// <summary>A block's hash and form are proved once where it is stored, since the machine started: what one process
    /// has proved no other proves again.</summary>
    FirstRead = 1,

    /// <summary>A block's hash and form are proved at every read.</summary>
    Always = 2,
}
