using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Blocks that are there for the VIEWs that show a part of them. It reads on where it stopped.</summary>
internal sealed class ViewParents(ControlFile control, SegmentSet segments)
{
    private readonly Dictionary<(int Slot, uint Generation), long> _read = [];
    private readonly Dictionary<Digest256, HashSet<Digest256>> _views = [];

    /// <summary>Takes in what is committed by now.</summary>
    public void Update()
    {
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (!word.IsLive || control.Details(slot).Kind == SegmentKind.Facts) continue;
            if (segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            try
            {
                Read(segment!);
            }
            finally
            {
                segment!.Release();
            }
        }
    }

    /// <summary>Whether a VIEW that is alive shows a part of a block.</summary>
    public bool IsNeeded(in Digest256 parent, ILiveness liveness)
    {
        if (!_views.TryGetValue(parent, out HashSet<Digest256>? views)) return false;
        foreach (Digest256 view in views)
        {
            if (!liveness.IsDead(in view)) return true;
        }

        return false;
    }

    private void Read(Segment segment)
    {
        (int, uint) key = (segment.Slot, segment.Generation);
        var walk = new LogWalk(segment, _read.GetValueOrDefault(key, StoreLayout.SegmentRecords));
        while (walk.MoveNext())
        {
            RecordHeader record = walk.Record;
            if (record.RecordKind != RecordKind.View) continue;
            if (!_views.TryGetValue(record.SchemaDigest, out HashSet<Digest256>? views))
                _views[record.SchemaDigest] = views = [];
            _ = views.Add(record.Digest);
        }

        _read[key] = walk.End;
    }
}
