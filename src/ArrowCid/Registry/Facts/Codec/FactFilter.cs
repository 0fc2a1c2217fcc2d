using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// What of records of facts still counts, for compaction: of each word the last, every change of a name, holds that go
/// on, and drops of blocks of which a record is left. A value that was taken away stays taken away: an older word may
/// stand anywhere. For one thread at a time.
/// </summary>
/// <param name="isHeld">Whether a hold goes on.</param>
/// <param name="isThere">Whether a segment is still there, by its slot and generation.</param>
/// <param name="clock">What tells how old a line of the log of removals is.</param>
internal sealed class FactFilter(Predicate<long> isHeld, Func<int, uint, bool> isThere, TimeProvider clock)
{
    /// <summary>The number of removed blocks per segment that are kept: compaction bounds the log of
    /// removals.</summary>
    public const int MaxRemovals = 4096;

    /// <summary>How long removals are kept.</summary>
    public static readonly TimeSpan RemovalsKept = TimeSpan.FromDays(30);

    // The list around the groups of a payload takes this at most.
    private const int ListBytes = 9;

    private readonly HashSet<Digest256> _passed = [];
    private ulong _auditFrom;

    /// <summary>Forgets what it let through: the book is another.</summary>
    /// <param name="auditFrom">From when on entries of the audit trail are kept, by the times of their stamps.</param>
    public void Forget(ulong auditFrom)
    {
        _passed.Clear();
        _auditFrom = auditFrom;
    }

    /// <summary>See <see cref="IFactFilter.Filter"/>.</summary>
    public List<FactPayload>? Sift(RegistryState book, IReadOnlyList<FactPayload> records, Func<Digest256, bool> isLeft)
    {
        bool isKnown = true;
        var passed = new HashSet<Digest256>();
        var packing = new Packing();
        var all = new List<(FactPayload Record, List<FactGroup> Groups)>(records.Count);
        foreach (FactPayload record in records)
        {
            all.Add((record,
                FactReader.Read(record.Bytes, record.Nanoseconds, _ => isKnown = false, () => isKnown = false)));
            if (!isKnown) return null;
        }

        FactStamp first = FirstRemoval(all.SelectMany(each => each.Groups));
        Dictionary<Guid, FactStamp> syncs = LastSyncs(all.SelectMany(each => each.Groups));
        foreach ((FactPayload record, List<FactGroup> groups) in all)
        {
            foreach (FactGroup group in groups)
            {
                Fact[] left = [.. group.Facts.Select(fact => Narrow(book, group.Stamp, fact, isLeft, first))
                    .OfType<Fact>().Where(fact => fact is not SyncFact sync || syncs[sync.Peer] == group.Stamp)
                    .Where(fact => IsFirst(group.Stamp, fact, passed))];
                if (left.Length > 0) packing.Add(new FactGroup(group.Stamp, left), record.Nanoseconds);
            }
        }

        _passed.UnionWith(passed);
        return packing.End();
    }

    /// <summary>The last sync with each other store, of those in the records.</summary>
    private static Dictionary<Guid, FactStamp> LastSyncs(IEnumerable<FactGroup> groups)
    {
        var last = new Dictionary<Guid, FactStamp>();
        foreach (FactGroup group in groups)
        {
            foreach (SyncFact sync in group.Facts.OfType<SyncFact>())
            {
                if (!last.TryGetValue(sync.Peer, out FactStamp known) || group.Stamp > known)
                    last[sync.Peer] = group.Stamp;
            }
        }

        return last;
    }

    /// <summary>From when on the log of removals is kept.</summary>
    private FactStamp FirstRemoval(IEnumerable<FactGroup> groups)
    {
        ulong oldest = (ulong)Math.Max(0, (clock.GetUtcNow() - RemovalsKept).ToUnixTimeMilliseconds());
        var first = new FactStamp(ulong.MaxValue, default);
        int lines = 0;
        foreach ((FactStamp stamp, int count) in groups.Select(group =>
            (group.Stamp, Count: group.Facts.OfType<RemovalFact>().Sum(fact => fact.Blocks.Length)))
            .Where(each => each.Count > 0 && each.Stamp.Time >> 16 >= oldest)
            .OrderByDescending(each => each.Stamp))
        {
            if (lines > 0 && lines + count > MaxRemovals) break;
            (first, lines) = (stamp, lines + count);
        }

        return first;
    }

    /// <summary>What of a fact counts, or null.</summary>
    private Fact? Narrow(RegistryState book, FactStamp stamp, Fact fact, Func<Digest256, bool> isLeft,
        FactStamp firstRemoval)
    {
        BlockMetadataState? sheet =
            FactWriter.SubjectOf(fact).TryGetSha256(out Digest256 subject) ? book.Find(in subject)?.Sheet : null;
        switch (fact)
        {
            case HoldFact hold: return isHeld((long)hold.LockByte) ? fact : null;
            case DropFact drop:
                Digest256[] digests = Array.FindAll(drop.Digests, digest => isLeft(digest));
                return digests.Length == 0 ? null : drop with { Digests = digests };
            case NameFact: return fact;
            case AuditFact: return stamp.Time >= _auditFrom ? fact : null;
            case DamagedFact damaged: return isThere((int)damaged.Slot, (uint)damaged.Generation) ? fact : null;
            case RemovalFact: return stamp.CompareTo(firstRemoval) >= 0 ? fact : null;
            // A book that does not know it cannot tell what came after.
            case var _ when sheet is null: return fact;
            case TagsFact tags:
                KeyValuePair<string, string?>[] last = Array.FindAll(tags.Tags, tag => sheet.MayStand(stamp, tag.Key));
                return last.Length == 0 ? null : tags with { Tags = last };
            case ConsumerFact consumer: return sheet.MayStandFor(stamp, consumer.Consumer) ? fact : null;
            case BeatFact beat: return sheet.MayStandFrom(stamp, beat.Writer) ? fact : null;
            case CopyFact copy: return sheet.MayStandAt(stamp, copy.Place) ? fact : null;
            default: return MayStand(sheet, stamp, fact.Kind) ? fact : null;
        }
    }

    private static bool MayStand(BlockMetadataState sheet, FactStamp stamp, FactKind kind) => kind switch
    {
        FactKind.Producer => sheet.Producer.CanWin(stamp),
        FactKind.Parents => sheet.Parents.CanWin(stamp),
        FactKind.Json => sheet.Data.CanWin(stamp),
        FactKind.Locations => sheet.Locations?.CanWin(stamp) ?? true,
        FactKind.Expiry => sheet.Expires.CanWin(stamp),
        FactKind.Pin => sheet.Pin.CanWin(stamp),
        FactKind.Result => sheet.Result.CanWin(stamp),
        FactKind.Message => sheet.Message.CanWin(stamp),
        _ => true,
    };

    /// <summary>Whether no record before had this very fact: who was killed at a compaction left it twice.</summary>
    private bool IsFirst(FactStamp stamp, Fact fact, HashSet<Digest256> passed)
    {
        Digest256 hash = Sha256.Hash(FactWriter.Write([new FactGroup(stamp, [fact])], out _));
        return !_passed.Contains(hash) && passed.Add(hash);
    }

    /// <summary>Groups in as few payloads as they take, each with the time of its latest record: by that it is judged
    /// whether facts come from the future.</summary>
    private sealed class Packing
    {
        private readonly List<FactPayload> _full = [];
        private readonly List<FactGroup> _open = [];
        private int _bytes = ListBytes;
        private ulong _nanoseconds;

        public void Add(FactGroup group, ulong nanoseconds)
        {
            int bytes = FactWriter.Write([group], out _).Length;
            if (_bytes + bytes > FactLimits.MaxRecordBytes) Close();
            _open.Add(group);
            _bytes += bytes;
            _nanoseconds = Math.Max(_nanoseconds, nanoseconds);
        }

        public List<FactPayload> End()
        {
            Close();
            return _full;
        }

        private void Close()
        {
            if (_open.Count == 0) return;
            _full.Add(new FactPayload(FactWriter.Write([.. _open], out _), _nanoseconds));
            _open.Clear();
            (_bytes, _nanoseconds) = (ListBytes, 0);
        }
    }
}
