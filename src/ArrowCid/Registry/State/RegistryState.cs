using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// The state that facts fold into: the same facts and announcements in any order, and repeated any number of times,
/// give the same state. It takes memory in proportion to its input (a hundred bytes per block without facts); entries
/// that an index covers stay there, and one is loaded whole when a further fact about its block arrives. For one thread
/// at a time.
/// </summary>
/// <param name="index">What was folded before.</param>
internal sealed class RegistryState(IndexSnapshot index)
{
    private const int MaxFaults = 100;
    private const int MaxTouched = 256;

    private readonly Dictionary<Digest256, BlockState> _pages = [];
    private readonly Dictionary<string, NameLog> _names = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    // Digests touched since the last request; null if there was none, or if there are too many to go through.
    private HashSet<Digest256>? _touched;
    private HashSet<string>? _touchedNames;
    private long _ownFaults;

    /// <summary>A state without an index.</summary>
    public RegistryState() : this(IndexSnapshot.Empty)
    {
    }

    /// <summary>What was folded before.</summary>
    public IndexSnapshot Index { get; } = index;

    /// <summary>The greatest time of a fact.</summary>
    public ulong MaxTime { get; private set; } = index.Totals.MaxTime;

    /// <summary>Records of facts that were read.</summary>
    public long Records { get; private set; } = index.Totals.Records;

    /// <summary>Facts that were read.</summary>
    public long Facts { get; private set; } = index.Totals.Facts;

    /// <summary>Things that were void.</summary>
    public long FaultCount => Index.Totals.FaultCount + _ownFaults;

    /// <summary>The first hundred of them, in words.</summary>
    public IReadOnlyList<string> Faults => [.. Index.Totals.Faults.Concat(_faults).Take(MaxFaults)];

    /// <summary>Whether any block was ever dropped.</summary>
    public bool HasDrops { get; private set; } = index.Totals.HasDrops;

    /// <summary>Of whatever a record or fact spoke that the index does not know, or knows in part: the whole page.
    /// </summary>
    public IReadOnlyDictionary<Digest256, BlockState> Recent => _pages;

    /// <summary>Names that were changed since.</summary>
    public IReadOnlyDictionary<string, NameLog> RecentNames => _names;

    /// <summary>Whatever a record or fact spoke of.</summary>
    public IEnumerable<KeyValuePair<Digest256, BlockState>> Pages =>
        _pages.Concat(Index.Pages(_pages.ContainsKey));

    public IEnumerable<NameLog> Names => _names.Values.Concat(Index.Names(_names.ContainsKey));

    public BlockState? Find(in Digest256 digest) =>
        _pages.TryGetValue(digest, out BlockState? page) ? page : Index.Load(in digest);

    /// <summary>The same, where it is known which runs of the index may speak of the block.</summary>
    public BlockState? Find(in Digest256 digest, RunSet speakers) =>
        _pages.TryGetValue(digest, out BlockState? page) ? page : Index.Load(in digest, speakers);

    public NameLog? FindName(string name) =>
        _names.TryGetValue(name, out NameLog? log) ? log : Index.LoadName(name);

    /// <summary>The names that point to a block, sorted.</summary>
    public IReadOnlyList<string> NamesOf(in Digest256 digest) => NamesOf(in digest, Find(in digest));

    /// <summary>The same, where its page is at hand.</summary>
    public IReadOnlyList<string> NamesOf(in Digest256 digest, BlockState? page)
    {
        if (page?.Names is not { } candidates) return [];
        var names = new List<string>();
        foreach (string name in candidates)
        {
            bool stands = FindName(name)?.Last.Target is { } target && target.TryGetSha256(out Digest256 named) &&
                named == digest;
            if (stands) names.Add(name);
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>A block was put or announced again, by a record.</summary>
    public void Announce(in RecordHeader record, int lane)
    {
        BlockState page = PageOf(in record.Digest);
        page.Announce(lane, record.Sequence, record.TimeNanoseconds);
        if (PutOf(in record) is { } put) page.AddPut(put);
    }

    /// <summary>What a record says that a block is found by; nothing where it only names a block again.</summary>
    public static PutEntry? PutOf(in RecordHeader record) => !record.IsBlock ? null : new PutEntry(
        record.TimeNanoseconds / 100, record.RecordKind switch
        {
            RecordKind.Batch or RecordKind.Schema => record.SchemaDigest,
            // Which schema a node has, its bytes say, which are not read here: nodes are found together.
            RecordKind.Raw when NodeHead.IsNode(record.Codec) => default(Digest256),
            _ => null,
        });

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
        Debug.Assert(MaxTime >= group.Stamp.Time && MaxTime >= Index.Totals.MaxTime);
        foreach (Fact fact in group.Facts)
        {
            Facts++;
            Apply(group.Stamp, fact);
        }
    }

    public void AddFault(string fault)
    {
        _ownFaults++;
        Debug.Assert(_faults.Count < _ownFaults && _faults.Count <= MaxFaults);
        if (_faults.Count < MaxFaults) _faults.Add(fault);
    }

    /// <summary>The blocks and names of which something was said since this was last asked.</summary>
    /// <returns>False where it is not known: everything in <see cref="Recent"/> may be.</returns>
    public bool TakeDirtySet(out IReadOnlyCollection<Digest256> blocks, out IReadOnlyCollection<string> names)
    {
        bool isKnown = _touched is not null && _touchedNames is not null;
        (blocks, names) = (_touched ?? [], _touchedNames ?? []);
        if (!isKnown || blocks.Count + names.Count > 0) (_touched, _touchedNames) = ([], []);
        return isKnown;
    }

    /// <summary>Forgets a block that is no longer stored, with its metadata.</summary>
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
                SheetOf(producer.Subject).Producer.Merge(stamp, producer.Producer, FactOrder.OfTexts);
                break;
            case ParentsFact parents:
                SheetOf(parents.Subject).Parents.Merge(stamp, parents.Parents, FactOrder.OfCidLists);
                break;
            case JsonFact json: SheetOf(json.Subject).Data.Merge(stamp, json.Data, FactOrder.OfNodes); break;
            case LocationsFact locations:
                SheetOf(locations.Subject).OfferLocations(stamp, locations.Locations);
                break;
            case ExpiryFact expiry:
                SheetOf(expiry.Subject).Expires.Merge(stamp, expiry.Expires, FactOrder.OfNumbers);
                break;
            case CopyFact copy: SheetOf(copy.Subject).OfferCopy(stamp, copy.Place, copy.State); break;
            case ResultFact result:
                SheetOf(result.Subject).Result.Merge(stamp, result.Value, FactOrder.OfCids);
                break;
            case SignedFact signed:
                SheetOf(signed.Subject).AddSigned(stamp, new SignedPair(signed.Statement, signed.Signature));
                break;
            case MessageFact message:
                SheetOf(message.Subject).Message.Merge(stamp, message.State, FactOrder.OfMessages);
                break;
            case ConsumerFact consumer:
                SheetOf(consumer.Subject).OfferConsumer(stamp, consumer.Consumer, consumer.State);
                break;
            case BeatFact beat: SheetOf(beat.Subject).OfferBeat(stamp, beat.Writer, beat.State); break;
            case PinFact pin: SheetOf(pin.Subject).Pin.Merge(stamp, pin.IsPinned, FactOrder.OfFlags); break;
            case HoldFact hold:
                foreach (Cid subject in hold.Subjects) SheetOf(subject).AddHold((long)hold.LockByte);
                break;
            case DropFact drop: Drop(drop); break;
            case NameFact name: Apply(stamp, name); break;
        }
    }

    private void Apply(FactStamp stamp, NameFact fact)
    {
        Touch(ref _touchedNames, fact.Name);
        ref NameLog? log = ref CollectionsMarshal.GetValueRefOrAddDefault(_names, fact.Name, out _);
        log ??= Index.LoadName(fact.Name) ?? new NameLog(fact.Name);
        _ = log.Add(new NameRecord(stamp, fact.Target, fact.Previous));
        if (fact.Target is { } target && target.TryGetSha256(out Digest256 digest))
            PageOf(in digest).AddName(fact.Name);
    }

    private void Drop(DropFact drop)
    {
        HasDrops = true;
        foreach (Digest256 digest in drop.Digests) PageOf(in digest).Drop(drop.Horizon);
    }

    private static void Touch<T>(ref HashSet<T>? touched, T one)
    {
        if (touched is null) return;
        _ = touched.Add(one);
        if (touched.Count > MaxTouched) touched = null;
        Debug.Assert(touched is null || touched.Count <= MaxTouched);
    }

    private BlockState PageOf(in Digest256 digest)
    {
        Touch(ref _touched, digest);
        ref BlockState? page = ref CollectionsMarshal.GetValueRefOrAddDefault(_pages, digest, out _);
        return page ??= Index.Load(in digest) ?? new BlockState();
    }

    private BlockMetadataState SheetOf(Cid subject)
    {
        _ = subject.TryGetSha256(out Digest256 digest);
        BlockState page = PageOf(in digest);
        return page.Sheet ??= new BlockMetadataState(subject.Codec);
    }
}
