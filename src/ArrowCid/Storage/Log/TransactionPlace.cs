using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Where the blocks of a transaction are, as the header of each of its FACTs says it in fields that other FACTs leave
/// zero: the segment and the end of the last record (in place of the schema's digest), and the transaction's first
/// number (in place of the rows). Two chains have two committed words; with this a reader of facts waits for the other
/// one.
/// </summary>
internal readonly record struct TransactionPlace(Segment Segment, long End, ulong FirstNumber)
{
    /// <summary>Marks a FACT as one that counts with the records after it.</summary>
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
