using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A block that a transaction puts. Its digest is known before its bytes are written.</summary>
internal readonly record struct TransactionBlock(PutRequest Request, Digest256 Digest);

/// <summary>What one transaction commits: blocks that are written, blocks that are known and announced again, and
/// facts.</summary>
internal sealed class Transaction
{
    /// <summary>The blocks to write, in the order of their places.</summary>
    public List<WrittenBlock> Written { get; } = [];

    /// <summary>The known blocks, leased until the transaction is over.</summary>
    public List<KnownBlock> Known { get; } = [];

    /// <summary>The facts about no block of the transaction in particular.</summary>
    public IReadOnlyList<IFactSource> Facts { get; init; } = [];

    /// <summary>The bytes of all records in the segment of data.</summary>
    public long Extent => Written.Sum(block => block.Extent) + (Known.Count * (long)StoreLayout.RecordHeaderBytes);

    public void Release()
    {
        foreach (KnownBlock known in Known) known.Block.Release();
        Known.Clear();
    }
}

/// <summary>A block of a transaction that the store has: a REF announces it.</summary>
/// <param name="Number">Its number among the blocks that the caller gave.</param>
/// <param name="Request">Its put.</param>
/// <param name="Block">The block.</param>
/// <param name="IsRepaired">Whether the stored copy was damaged, and was repaired first.</param>
internal sealed record KnownBlock(int Number, PutRequest Request, LeasedBlock Block, bool IsRepaired);

/// <summary>A block that a transaction writes.</summary>
/// <param name="number">Its number among the blocks that the caller gave.</param>
/// <param name="block">The block.</param>
/// <param name="isFresh">The store has the block, in the older half of a ring: this copy takes its place.</param>
internal sealed class WrittenBlock(int number, TransactionBlock block, bool isFresh)
{
    public int Number => number;

    public TransactionBlock Block => block;

    public bool IsFresh => isFresh;

    /// <summary>The offset of its record, once it has its place.</summary>
    public long Offset { get; set; }

    public long Extent { get; } = StoreLayout.RecordBytes(block.Request.Source.Length);

    /// <summary>The block, once its header is written.</summary>
    public BlockInfo Info { get; set; }
}

/// <summary>
/// Where the blocks of a transaction are, as the header of each of its FACTs says it in fields that other FACTs leave
/// zero: the segment and the end of the last record (in place of the schema's digest), and the transaction's first
/// number (in place of the rows). Two chains have two committed words; with this a reader of facts waits for the other
/// one.
/// </summary>
internal readonly record struct TransactionPlace(Segment Segment, long End, ulong FirstNumber)
{
    /// <summary>Marks a FACT as one that counts with the records behind it.</summary>
    public void WriteTo(ref RecordHeader header)
    {
        Span<ulong> words = [((ulong)Segment.Generation << 32) | (uint)Segment.Slot, (ulong)End, 0, 0];
        header.Flags |= (ushort)RecordFlags.Continued;
        header.SchemaDigest = new Digest256(MemoryMarshal.AsBytes(words));
        header.Rows = FirstNumber;
    }

    /// <summary>Whether a record is a FACT of a transaction whose blocks are not committed yet.</summary>
    public static bool IsAwaited(ControlFile control, SegmentSet segments, in RecordHeader header)
    {
        if (!header.IsContinued || header.RecordKind != RecordKind.Fact) return false;
        Digest256 place = header.SchemaDigest;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(Digest256.Bytes(in place));
        var (slot, generation, end) = ((uint)words[0], (uint)(words[0] >> 32), words[1]);
        if (slot >= (uint)control.Superblock.Segments) return false;
        TableWord word = control.Table((int)slot);
        // A segment is sealed with everything in it committed, and goes later still.
        if (word.Generation != generation || word.State != SegmentState.Open) return false;
        if (segments.TryAcquire(word, (int)slot, out Segment? segment) != SegmentAccess.Ready) return false;
        bool isCommitted = (ulong)segment!.Committed >= end;
        segment.Release();
        return !isCommitted;
    }
}
