using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The damage that is recorded in a store, as one handle knows it: facts of all processes, and what this handle found
/// itself. A word of the control file counts the records, so that a store without damage costs one read of it. A record
/// only names a suspect: its bytes are hashed before it is believed, because the file may have been restored since. For
/// any number of threads at once.
/// </summary>
/// <param name="control">The control file.</param>
/// <param name="segments">The segments.</param>
/// <param name="facts">Gets what writes and reads the facts; null: what is found stays in this handle's memory.</param>
internal sealed class DamageLog(ControlFile control, SegmentSet segments, Func<IDamageFacts?>? facts)
{
    /// <summary>The first bytes of a fact that records damage, a list of seven items that begins with the kind
    /// 20.</summary>
    public static ReadOnlySpan<byte> Mark => [0x87, 0x14];

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Slot, uint Generation, long Offset), Suspect> _ranges = [];
    private readonly Dictionary<(int Slot, uint Generation), long> _read = [];
    private ulong _seen;
    private volatile bool _hasOwn;

    /// <summary>What writes and reads the facts; null: what is found stays in this handle's memory.</summary>
    public IDamageFacts? Facts => facts?.Invoke();

    /// <summary>Another number whenever any process has recorded damage.</summary>
    public ulong Version => control.Map.Read(StoreLayout.DamageWord);

    /// <summary>Whether no damage was ever recorded.</summary>
    public bool IsEmpty => Version == 0 && !_hasOwn;

    /// <summary>Every recorded range in a segment that is still there.</summary>
    public List<DamagedRange> All()
    {
        if (IsEmpty) return [];
        lock (_gate)
        {
            Update();
            return [.. _ranges.Values.Select(suspect => suspect.Range)
                .Where(range => control.Table(range.Slot) is { IsLive: true } word &&
                    word.Generation == range.Generation)
                .OrderBy(range => (range.Slot, range.Offset))];
        }
    }

    /// <summary>Whether a range that begins at a place is recorded.</summary>
    public bool Has(int slot, uint generation, long offset)
    {
        if (IsEmpty) return false;
        lock (_gate)
        {
            Update();
            return _ranges.ContainsKey((slot, generation, offset));
        }
    }

    /// <summary>Whether the record at a place is recorded as damaged and is so: its bytes are hashed once.</summary>
    public bool IsDamaged(Segment segment, long offset, in RecordHeader header)
    {
        if (IsEmpty) return false;
        Suspect? suspect;
        lock (_gate)
        {
            Update();
            if (!_ranges.TryGetValue((segment.Slot, segment.Generation, offset), out suspect)) return false;
        }

        return suspect.IsConfirmed ??= !LogWalk.IsPayloadRight(segment, offset, in header);
    }

    /// <summary>Adds what this handle found, to be recorded by the caller.</summary>
    /// <returns>False where it is known already.</returns>
    public bool Add(DamagedRange range)
    {
        lock (_gate)
        {
            Update();
            if (!_ranges.TryAdd((range.Slot, range.Generation, range.Offset), new Suspect(range)))
            {
                _ranges[(range.Slot, range.Generation, range.Offset)].IsConfirmed = null;
                return false;
            }

            _hasOwn = true;
            return true;
        }
    }

    /// <summary>The fact that records a range; null where this handle keeps none.</summary>
    public IFactSource? FactOf(DamagedRange range)
    {
        try
        {
            return Facts?.Record(range);
        }
        catch (ArrowCidException)
        {
            // A clock that is wrong is no reason to refuse what repairs the block.
            return null;
        }
    }

    /// <summary>Tells every process to look for facts that record damage.</summary>
    public void Announce() => _ = control.Map.Add(StoreLayout.DamageWord, 1);

    /// <summary>Reads what was recorded since the last call.</summary>
    private void Update()
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        ulong version = Version;
        if (version == _seen || Facts is null) return;
        var found = new List<DamagedRange>();
        if (TryRead(found)) _seen = version;
        foreach (DamagedRange range in found)
            _ = _ranges.TryAdd((range.Slot, range.Generation, range.Offset), new Suspect(range));
    }

    /// <returns>False where a segment could not be asked.</returns>
    private bool TryRead(List<DamagedRange> found)
    {
        bool isWhole = true;
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (!word.IsLive || control.Details(slot).Kind != SegmentKind.Facts) continue;
            SegmentAccess access = segments.TryAcquire(word, slot, out Segment? segment);
            if (access == SegmentAccess.Ready)
            {
                Read(segment!, found);
                segment!.Release();
            }
            else
            {
                isWhole &= access != SegmentAccess.Refused;
            }
        }

        return isWhole;
    }

    private void Read(Segment segment, List<DamagedRange> found)
    {
        (int, uint) key = (segment.Slot, segment.Generation);
        var walk = new LogWalk(segment, _read.GetValueOrDefault(key, StoreLayout.SegmentRecords));
        while (walk.MoveNext())
        {
            RecordHeader record = walk.Record;
            if (record.RecordKind != RecordKind.Fact || record.PayloadLength > StoreLayout.MaxFactBytes) continue;
            ReadOnlySpan<byte> payload =
                segment.Map.Bytes(walk.Offset + StoreLayout.RecordHeaderBytes, (int)record.PayloadLength);
            if (payload.IndexOf(Mark) < 0 || Sha256.Hash(payload) != record.Digest) continue;
            Facts!.Read(payload.ToArray(), record.TimeNanoseconds, found);
        }

        _read[key] = walk.End;
    }

    private sealed class Suspect(DamagedRange range)
    {
        public DamagedRange Range => range;

        /// <summary>Whether its bytes were found to be damaged by this handle; null: not asked yet.</summary>
        public bool? IsConfirmed { get; set; }
    }
}
