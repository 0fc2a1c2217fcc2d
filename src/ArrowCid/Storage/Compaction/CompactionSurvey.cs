namespace ArrowCid.Storage;

/// <summary>What is alive in a segment.</summary>
internal sealed class CompactionSurvey
{
    private readonly List<Survivor> _survivors = [];

    /// <summary>What must be elsewhere before the segment goes.</summary>
    public IReadOnlyList<Survivor> Survivors => _survivors;

    /// <summary>The bytes that the survivors take.</summary>
    public long LiveBytes { get; private set; }

    public int DeadBlocks { get; private set; }

    /// <summary>Whether some records could not be read: they may still be needed.</summary>
    public bool IsDamaged { get; private set; }

    public static CompactionSurvey Of(Segment segment, BlockIndex index, ILiveness liveness, ViewParents views,
        DamageLog damage)
    {
        var survey = new CompactionSurvey();
        var walk = new LogWalk(segment);
        for (int faults = 0; ;)
        {
            bool isRecord = walk.MoveNext();
            if (walk.Faults > faults)
            {
                // A quarantined range holds nothing that could still be read.
                faults = walk.Faults;
                survey.IsDamaged |= !damage.Has(segment.Slot, segment.Generation, walk.FaultOffset);
            }

            if (!isRecord) return survey;
            RecordHeader record = walk.Record;
            if (record.IsBlock) survey.AddBlock(segment, walk.Offset, in record, index, liveness, views);
            else if (record.RecordKind == RecordKind.Ref)
                survey.AddAnnouncement(segment, walk.Offset, in record, liveness);
        }
    }

    private void AddBlock(Segment segment, long offset, in RecordHeader record, BlockIndex index, ILiveness liveness,
        ViewParents views)
    {
        if (liveness.IsDead(in record.Digest) && !views.IsNeeded(in record.Digest, liveness))
        {
            DeadBlocks++;
            return;
        }

        if (index.IsPlaceOf(in record.Digest, segment, offset)) Add(offset, record.Extent, asReference: false);
        else AddAnnouncement(segment, offset, in record, liveness);
    }

    /// <summary>Of a block that was dropped, every record after the drop's fence may be the one that keeps it alive;
    /// of another one the last says when it was put.</summary>
    private void AddAnnouncement(Segment segment, long offset, in RecordHeader record, ILiveness liveness)
    {
        if (!liveness.IsDropped(in record.Digest) &&
            !liveness.IsLastPut(in record.Digest, record.TimeNanoseconds))
            return;
        if (liveness.IsKilled(in record.Digest, segment.Header.Lane, record.Sequence)) return;
        Add(offset, StoreLayout.RecordHeaderBytes, asReference: true);
    }

    private void Add(long offset, long bytes, bool asReference)
    {
        _survivors.Add(new Survivor(offset, asReference));
        LiveBytes += bytes;
    }
}
