namespace ArrowCid.Storage;

/// <summary>What a listing cannot show: places of the log where records should be and none can be read, but for those
/// that are quarantined.</summary>
internal sealed partial class BlockStore
{
    /// <summary>Every such place, as <c>segment+offset</c> of its first byte.</summary>
    public IEnumerable<string> Damage()
    {
        return DamageBySegment().OfType<string>();
    }

    /// <summary>Like <see cref="Damage"/>, with a null after each segment so that callers can do other work in
    /// between.</summary>
    public IEnumerable<string?> DamageBySegment()
    {
        Enter();
        return DamagedPlaces();
    }

    private IEnumerable<string?> DamagedPlaces()
    {
        for (int slot = 0; slot < _control.Superblock.Segments; slot++)
        {
            Enter();
            TableWord word = _control.Table(slot);
            if (!word.IsLive || _segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            var places = new List<string>();
            try
            {
                var walk = new LogWalk(segment!);
                for (int seen = 0, more = 1; more != 0;)
                {
                    more = walk.MoveNext() ? 1 : 0;
                    bool isFault = walk.Faults > seen &&
                        !_damage.Has(segment!.Slot, segment.Generation, walk.FaultOffset);
                    if (isFault) places.Add($"{segment!.Name}+{walk.FaultOffset}");
                    seen = walk.Faults;
                }
            }
            finally
            {
                segment!.Release();
            }

            foreach (string place in places) yield return place;
            yield return null;
        }
    }
}
