using System.Globalization;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>The audit trail in seals (<c>Signing/SIGNING.md</c>): each seal lists the entries that no seal before it
/// has, so that an entry which was changed, deleted or added later shows.</summary>
/// <param name="store">The store.</param>
internal sealed class SealedAudit(CidStore store)
{
    public const string Kind = "arrowcid/sealed-audit";

    private const int EntriesAtOnce = (1 << 20) / SealedEntry.ByteCount;

    // An entry is stamped before the block of its put is written: so long it may be on its way when a seal is made.
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMinutes(10);

    /// <summary>Stores lists of the entries that the seals before a new one do not have.</summary>
    /// <param name="seal">The new seal.</param>
    /// <returns>The seal with the lists.</returns>
    public LogSeal AddTo(LogSeal seal)
    {
        SortedSet<SealedEntry> left = [.. Read().Keys];
        long from = store.Registry.Audit.KeptFrom().ToUnixTimeMilliseconds();
        for (LogSeal? before = At(seal.Previous); before is not null; before = At(before.Previous))
        {
            from = Math.Max(from, before.AuditFrom);
            foreach (Cid list in before.Audit)
            {
                if (ReadList(list) is { } entries) left.ExceptWith(entries);
            }
        }

        Cid[] lists = [.. left.Chunk(EntriesAtOnce).Select(some =>
            store.PutRaw(Encode(some), Multicodec.DagCbor).Cid)];
        return seal with { Audit = [.. lists], AuditFrom = from };
    }

    /// <summary>Compares the audit trail with seals.</summary>
    /// <param name="seals">The seals, oldest first.</param>
    /// <param name="faults">Gets what does not match, as clauses.</param>
    public void Compare(IReadOnlyList<LogSeal> seals, List<string> faults)
    {
        Dictionary<SealedEntry, int> there = Read();
        var known = new HashSet<SealedEntry>();
        var late = new List<SealedEntry>();
        DateTimeOffset? before = null;
        foreach (LogSeal seal in seals)
        {
            foreach (Cid list in seal.Audit)
            {
                if (ReadList(list) is not { } entries)
                {
                    faults.Add($"{list}, a list of audit entries of a seal, is not here or damaged");
                    return;
                }

                foreach (SealedEntry entry in entries)
                {
                    if (known.Add(entry) && entry.When < before) late.Add(entry);
                }
            }

            before = DateTimeOffset.FromUnixTimeMilliseconds(seal.Milliseconds) - s_tolerance;
        }

        late.AddRange(there.Keys.Where(entry => entry.When < before && !known.Contains(entry)));
        long from = seals.Count == 0 ? 0 : seals.Max(seal => seal.AuditFrom);
        SealedEntry[] gone = [.. Missing(known, there, DateTimeOffset.FromUnixTimeMilliseconds(from))];
        Add(gone, "sealed entries are changed or gone", faults);
        Add(late, "entries were added after the seal of their time, by an edit, or by a copy, a restore or a sync",
            faults);
    }

    /// <summary>The entries of a list.</summary>
    /// <exception cref="InvalidIpldException">The block is no list.</exception>
    public static SealedEntry[] Decode(ReadOnlySpan<byte> block)
    {
        IpldNode node = DagCbor.Decode(block);
        var map = ManifestNode.Of(node, Kind, "entries");
        if (node["entries"] is not { Kind: IpldKind.Bytes } bytes ||
            bytes.AsBytes().Length % SealedEntry.ByteCount != 0)
        {
            throw map.Refuse("'entries' are not of 25 bytes each");
        }

        ReadOnlySpan<byte> all = bytes.AsBytes().Span;
        var entries = new SealedEntry[all.Length / SealedEntry.ByteCount];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = SealedEntry.Read(all[(i * SealedEntry.ByteCount)..]);
            bool isWrong = entries[i].Kind is not (FactKind.Audit or FactKind.Removal) ||
                (i > 0 && entries[i].CompareTo(entries[i - 1]) <= 0);
            if (isWrong) throw map.Refuse("'entries' are of another kind or not sorted");
        }

        return entries;
    }

    private static byte[] Encode(SealedEntry[] entries)
    {
        byte[] bytes = new byte[entries.Length * SealedEntry.ByteCount];
        for (int i = 0; i < entries.Length; i++) entries[i].Write(bytes.AsSpan(i * SealedEntry.ByteCount));
        return DagCbor.Encode(IpldNode.Map(("v", IpldNode.Integer(1)), ("kind", IpldNode.Text(Kind)),
            ("entries", IpldNode.Bytes(bytes))));
    }

    /// <summary>Sealed entries that are not there, and that compaction had no reason to leave out.</summary>
    private IEnumerable<SealedEntry> Missing(HashSet<SealedEntry> known, Dictionary<SealedEntry, int> there,
        DateTimeOffset from)
    {
        SealedEntry[] missing = [.. known.Where(entry => !there.ContainsKey(entry)).Order()];
        if (missing.Length == 0) yield break;
        DateTimeOffset kept = store.Registry.Audit.KeptFrom();
        if (from > kept) kept = from;
        DateTimeOffset keptRemovals = KeptRemovals(there);
        foreach (SealedEntry entry in missing)
        {
            if (entry.When >= (entry.Kind == FactKind.Removal ? keptRemovals : kept)) yield return entry;
        }
    }

    /// <summary>From when on compaction keeps every removal.</summary>
    private DateTimeOffset KeptRemovals(Dictionary<SealedEntry, int> there)
    {
        DateTimeOffset kept = store.Clock.GetUtcNow() - FactFilter.RemovalsKept;
        int lines = 0;
        foreach ((SealedEntry entry, int count) in there.Where(each => each.Key.Kind == FactKind.Removal)
            .OrderByDescending(each => each.Key))
        {
            lines += count;
            // The one that is missing may have had as many lines as one fact has.
            if (lines > FactFilter.MaxRemovals - FactLimits.MaxRemoved)
                return entry.When > kept ? entry.When : kept;
        }

        return kept;
    }

    /// <summary>The entries of the log, and the number of blocks of each.</summary>
    private Dictionary<SealedEntry, int> Read()
    {
        var found = new Dictionary<SealedEntry, int>();
        foreach (FactPayload record in store.Blocks.Listing.FactRecords())
        {
            foreach (FactGroup group in FactReader.Read(record.Bytes, record.Nanoseconds, static _ => { }))
            {
                foreach (Fact fact in group.Facts)
                {
                    if (fact is AuditFact or RemovalFact)
                        found[SealedEntry.Of(group.Stamp, fact)] = (fact as RemovalFact)?.Blocks.Length ?? 1;
                }
            }
        }

        return found;
    }

    private LogSeal? At(Cid? cid)
    {
        try
        {
            return cid is { } seal && store.Reading.ReadBlock(seal) is { } block ? LogSeal.Decode(block) : null;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.BlockCorrupt)
        {
            return null;
        }
    }

    private SealedEntry[]? ReadList(Cid cid)
    {
        try
        {
            return store.Reading.ReadBlock(cid) is { } block ? Decode(block) : null;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.BlockCorrupt)
        {
            return null;
        }
    }

    private static void Add(IEnumerable<SealedEntry> entries, string what, List<string> faults)
    {
        foreach (IGrouping<DateTime, SealedEntry> day in entries.GroupBy(entry => entry.When.UtcDateTime.Date)
            .OrderBy(day => day.Key))
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture,
                $"the audit trail of {day.Key:yyyy-MM-dd}: {day.Count()} {what}"));
        }
    }
}
