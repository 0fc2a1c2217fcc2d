using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>
/// Facts folded into what stands: the same facts and announcements in any order, and as often as one likes, give the
/// same book. It takes memory in proportion to what it was given (a hundred bytes a block without facts). For one
/// thread at a time.
/// </summary>
internal sealed class FactBook
{
    private const int MaxFaults = 100;

    private readonly Dictionary<Digest256, FactPage> _pages = [];
    private readonly Dictionary<string, NameLog> _names = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private Dictionary<Digest256, List<string>>? _named;

    /// <summary>The greatest time of a fact.</summary>
    public ulong MaxTime { get; private set; }

    /// <summary>Records of facts that were read.</summary>
    public long Records { get; private set; }

    /// <summary>Facts that were read.</summary>
    public long Facts { get; private set; }

    /// <summary>Things that were void.</summary>
    public long FaultCount { get; private set; }

    /// <summary>The first hundred of them, in words.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Whether any block was ever dropped.</summary>
    public bool HasDrops { get; private set; }

    /// <summary>Whatever a record or fact spoke of.</summary>
    public IReadOnlyCollection<KeyValuePair<Digest256, FactPage>> Pages => _pages;

    public IReadOnlyCollection<NameLog> Names => _names.Values;

    public FactPage? Find(in Digest256 digest) => _pages.GetValueOrDefault(digest);

    public NameLog? FindName(string name) => _names.GetValueOrDefault(name);

    /// <summary>The names that stand for a block, sorted.</summary>
    public IReadOnlyList<string> NamesOf(in Digest256 digest)
    {
        _named ??= IndexNames();
        return _named.TryGetValue(digest, out List<string>? names) ? names : [];
    }

    /// <summary>A block was put or announced again.</summary>
    public void Announce(in Digest256 digest, int lane, ulong sequence, ulong nanoseconds) =>
        PageOf(in digest).Announce(lane, sequence, nanoseconds);

    /// <summary>Takes in a record of facts.</summary>
    public void Apply(ReadOnlySpan<byte> payload, ulong recordNanoseconds, int lane, ulong sequence)
    {
        Records++;
        List<FactGroup> groups = FactReader.Read(payload, recordNanoseconds,
            fault => AddFault($"lane {lane}, record {sequence}: {fault}"));
        foreach (FactGroup group in groups) Apply(group);
    }

    public void Apply(FactGroup group)
    {
        MaxTime = Math.Max(MaxTime, group.Stamp.Time);
        foreach (Fact fact in group.Facts)
        {
            Facts++;
            Apply(group.Stamp, fact);
        }
    }

    public void AddFault(string fault)
    {
        FaultCount++;
        if (_faults.Count < MaxFaults) _faults.Add(fault);
    }

    /// <summary>Forgets a block that is not here any more, and what was said of it.</summary>
    public void Forget(in Digest256 digest) => _ = _pages.Remove(digest);

    private void Apply(FactStamp stamp, Fact fact)
    {
        switch (fact)
        {
            case TagsFact tags:
                foreach ((string key, string? value) in tags.Tags)
                    SheetOf(tags.Subject).OfferTag(stamp, key, value);
                break;
            case ProducerFact producer:
                SheetOf(producer.Subject).Producer.Offer(stamp, producer.Producer, FactOrder.OfTexts);
                break;
            case ParentsFact parents:
                SheetOf(parents.Subject).Parents.Offer(stamp, parents.Parents, FactOrder.OfCidLists);
                break;
            case JsonFact json: SheetOf(json.Subject).Data.Offer(stamp, json.Data, FactOrder.OfNodes); break;
            case LocationsFact locations:
                SheetOf(locations.Subject).Locations.Offer(stamp, locations.Locations, FactOrder.OfTextLists);
                break;
            case ExpiryFact expiry:
                SheetOf(expiry.Subject).Expires.Offer(stamp, expiry.Expires, FactOrder.OfNumbers);
                break;
            case PinFact pin: SheetOf(pin.Subject).Pin.Offer(stamp, pin.IsPinned, FactOrder.OfFlags); break;
            case HoldFact hold:
                foreach (Cid subject in hold.Subjects) SheetOf(subject).AddHold((long)hold.LockByte);
                break;
            case DropFact drop: Drop(drop); break;
            case NameFact name: Apply(stamp, name); break;
        }
    }

    private void Apply(FactStamp stamp, NameFact fact)
    {
        ref NameLog? log = ref CollectionsMarshal.GetValueRefOrAddDefault(_names, fact.Name, out _);
        log ??= new NameLog(fact.Name);
        if (log.Add(new NameRecord(stamp, fact.Target, fact.Previous))) _named = null;
    }

    private void Drop(DropFact drop)
    {
        HasDrops = true;
        foreach (Digest256 digest in drop.Digests) PageOf(in digest).Drop(drop.Fence);
    }

    private FactPage PageOf(in Digest256 digest)
    {
        ref FactPage? page = ref CollectionsMarshal.GetValueRefOrAddDefault(_pages, digest, out _);
        return page ??= new FactPage();
    }

    private FactSheet SheetOf(Cid subject)
    {
        _ = subject.TryGetSha256(out Digest256 digest);
        FactPage page = PageOf(in digest);
        return page.Sheet ??= new FactSheet(subject.Codec);
    }

    private Dictionary<Digest256, List<string>> IndexNames()
    {
        var named = new Dictionary<Digest256, List<string>>();
        foreach (NameLog log in _names.Values)
        {
            if (log.Last.Target is not { } target || !target.TryGetSha256(out Digest256 digest)) continue;
            ref List<string>? names = ref CollectionsMarshal.GetValueRefOrAddDefault(named, digest, out _);
            (names ??= []).Add(log.Name);
        }

        foreach (List<string> names in named.Values) names.Sort(StringComparer.Ordinal);
        return named;
    }
}
