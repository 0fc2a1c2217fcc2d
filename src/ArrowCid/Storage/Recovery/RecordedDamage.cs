using System.Buffers;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The facts that record damage, as a rebuild finds them: in every record of facts that is whole, wherever it is in the
/// log. Such a fact is written only about a record that was committed, so that the record is passed, and not taken for
/// one that a power loss tore.
/// </summary>
internal sealed class RecordedDamage
{
    // A list of seven items that begins with the kind 20.
    private const int Items = 7;
    private const int Kind = 20;

    private readonly List<byte[]> _payloads = [];

    private RecordedDamage()
    {
    }

    /// <summary>Reads the segments of facts of all lanes.</summary>
    /// <param name="control">The control file that is being made.</param>
    /// <param name="headers">All segments.</param>
    /// <returns>What is recorded.</returns>
    public static RecordedDamage Read(ControlFile control, IEnumerable<SegmentHeader> headers)
    {
        var found = new RecordedDamage();
        foreach (SegmentHeader header in headers.Where(header => header.Kind == SegmentKind.Facts))
        {
            SegmentAccess access = SegmentSet.TryOpen(control, header.Slot, control.Table(header.Slot),
                writable: false, out Segment? segment);
            if (access != SegmentAccess.Ready) continue;
            try
            {
                found.Read(segment!);
            }
            finally
            {
                segment!.Release();
            }
        }

        return found;
    }

    /// <summary>Whether the damage of a record is recorded.</summary>
    public bool Has(SegmentHeader segment, long offset, in RecordHeader record)
    {
        if (_payloads.Count == 0) return false;
        // The form is canonical: the same fact always has the same bytes, up to the time at which it was found.
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new DagCborWriter(bytes);
        writer.BeginList(Items);
        writer.WriteInteger(Kind);
        writer.WriteLink(Cid.FromSha256(record.Codec, record.Digest));
        writer.WriteInteger(segment.Slot);
        writer.WriteInteger(segment.Generation);
        writer.WriteInteger(offset);
        writer.WriteInteger(record.Extent);
        return _payloads.Exists(payload => payload.AsSpan().IndexOf(bytes.WrittenSpan) >= 0);
    }

    private void Read(Segment segment)
    {
        // The committed word is not believed; a payload is, by its digest.
        for (long at = StoreLayout.SegmentRecords; at < segment.Bytes; at += StoreLayout.RecordAlignment)
        {
            bool isFact = RecordHeader.TryRead(segment, at, out RecordHeader record) &&
                record.RecordKind == RecordKind.Fact && record.PayloadLength <= StoreLayout.MaxFactBytes &&
                record.Extent <= segment.Bytes - at;
            if (!isFact) continue;
            ReadOnlySpan<byte> payload =
                segment.Map.Bytes(at + StoreLayout.RecordHeaderBytes, (int)record.PayloadLength);
            bool isRecorded = payload.IndexOf(DamageLog.Mark) >= 0 && Sha256.Hash(payload) == record.Digest;
            if (isRecorded) _payloads.Add(payload.ToArray());
        }
    }
}
