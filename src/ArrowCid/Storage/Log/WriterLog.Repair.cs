using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Puts of blocks whose stored copy is damaged. A known block is compared with the bytes of the put before it is
/// acknowledged, once for each handle and place. Where they differ the fact that records the damage is committed (H1),
/// then the right bytes are published as a moved record, whose entry takes the place of the damaged copy's (H2), and
/// then the block is announced again. Leases on the damaged copy stay as they are.
/// </summary>
internal sealed partial class WriterLog
{
    // What is smaller is compared at its turn: a look-up of its own would take longer.
    private const int LeastAhead = 1 << 16;

    /// <summary>The bytes that a filled turn holds.</summary>
    private static ReadOnlySpan<byte> Payload(PendingWrite turn) =>
        turn.Tail!.Segment.Map.Bytes(turn.Offset + StoreLayout.RecordHeaderBytes, turn.Request.Source.Length);

    /// <summary>The bytes were hashed where they are.</summary>
    private void Mark(PendingWrite turn, long offset,
        in RecordHeader header) => _segments.Marks.SetIfOpen(in header.Digest,
        turn.Tail!.Segment, offset + StoreLayout.RecordHeaderBytes,
        ((RecordFlags)header.Flags).HasFlag(RecordFlags.OwnEncoder) ? Proof.Form : Proof.Hash);

    /// <summary>Compares a large known block while the gate is free for others.</summary>
    private void CompareAhead(in Digest256 digest, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LeastAhead) return;
        try
        {
            if (!TryLease(in digest, out LeasedBlock known)) return;
            _ = IsWhole(bytes, in known);
            known.Release();
        }
        catch (ArrowCidException)
        {
            // The put's turn looks the block up again, and meets the error itself.
        }
    }

    /// <summary>Whether the stored copy of a block has the bytes that its put has. Those hash to the digest, so that
    /// comparing says as much as hashing.</summary>
    private bool IsWhole(ReadOnlySpan<byte> bytes, in LeasedBlock known)
    {
        (Segment segment, long start) = known.Parent is { } parent
            ? (parent, known.ParentStart)
            : (known.Segment, known.Offset);
        if (_compared.Has(segment, start, out ulong version)) return true;
        bool fits = known.Info.Length == bytes.Length && known.Info.Length <= segment.Bytes - start;
        if (!fits || !known.Bytes.SequenceEqual(bytes)) return false;
        _compared.Add(segment, start, version);
        return true;
    }

    /// <summary>Whether a put gives a codec to bytes that were stored without one. They are written again, because what
    /// a block is found by is in its record.</summary>
    private static bool GivesCodec(PutRequest request, BlockInfo known) =>
        request is { Kind: RecordKind.Raw, IsRepair: false } && request.Codec != Multicodec.Raw &&
        known.Kind == RecordKind.Raw && known.Codec == Multicodec.Raw;

    private static void NoteDamaged(PendingWrite turn, in LeasedBlock known)
    {
        (turn.Damaged, turn.Info) = (known.Range, known.Info);
        known.Release();
    }

    /// <summary>Writes the fact that records the damage that a put found, unless it is recorded.</summary>
    /// <returns>False where the group must be committed before this turn.</returns>
    private bool TryWriteDamage(PendingWrite turn)
    {
        if (turn.Damaged is not { } range || turn.IsDamageWritten) return true;
        bool isRecorded = _damage.Has(range.Slot, range.Generation, range.Offset);
        if (isRecorded || _damage.FactOf(range) is not { } fact) return true;
        // Before and after: killed in between, the fact is looked for, and a reader that looked too early looks again.
        _damage.Announce();
        if (!TryWriteFact(turn, fact, default, isLast: false)) return false;
        turn.IsDamageWritten = true;
        CrashPoint.Pass(CrashStep.H1);
        return true;
    }

    /// <summary>The right bytes as a copy of the damaged record: with its time, and not announced.</summary>
    private bool WriteRepaired(PendingWrite turn)
    {
        BlockInfo known = turn.Info;
        PutRequest request = turn.Request;
        bool isView = known.Kind == RecordKind.View;
        var header = new RecordHeader
        {
            PayloadLength = (ulong)request.Source.Length,
            Kind = (ushort)(isView ? request.Kind : known.Kind),
            Flags = (ushort)((isView ? request.Flags : known.Flags) | RecordFlags.Moved),
            Codec = known.Codec,
            Digest = turn.Digest,
            SchemaDigest = isView ? request.SchemaDigest : known.SchemaDigest,
            Rows = (ulong)(isView ? request.Rows : known.Rows),
            TimeNanoseconds = (ulong)(known.Time - DateTimeOffset.UnixEpoch).Ticks * 100,
        };
        WriteHeader(turn, turn.Tail!, turn.Offset, ref header, isIndexed: true, isLast: true);
        Mark(turn, turn.Offset, in header);
        turn.Info = header.ToInfo() with { IsRepaired = true };
        (turn.IsNew, turn.IsToAnnounce) = (false, !request.IsRepair);
        if (turn.After is not null) _ = _inGroup.Add(turn.Digest);
        return true;
    }

    /// <summary>A block that is there whole, and is not to be announced.</summary>
    private bool Leave(PendingWrite turn)
    {
        (turn.Info, turn.IsNew) = (turn.Announced![0].Info, false);
        turn.ReleaseLeases();
        return TryTakeBack(turn) || WritePad(turn, turn.Offset, turn.Extent, isLast: true);
    }

    /// <summary>Once a repaired block is committed: every process learns of the damage.</summary>
    private void NoteRepaired(PendingWrite turn)
    {
        if (turn.IsDamageWritten) _damage.Announce();
        if (turn.Damaged is not { } range) return;
        _ = _damage.Add(range);
        CrashPoint.Pass(CrashStep.H2);
    }

    private LeasedBlock[] LeaseRepaired(PendingWrite turn) => TryLease(turn.Digest, out LeasedBlock block)
        ? turn.Announced = [block]
        : throw new ArrowCidException(ErrorCode.Busy,
            $"{_control.Directory}: block sha256:{turn.Digest} was removed while it was repaired; put it again");
}
