using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>The facts about one block that stand.</summary>
internal sealed class BlockMetadataState(ulong codec)
{
    public static readonly IReadOnlyDictionary<string, string> NoTags = new Dictionary<string, string>();

    private readonly Dictionary<string, LwwRegister<string?>> _tags = new(StringComparer.Ordinal);
    private Dictionary<string, string>? _shown;

    public LwwRegister<string?> Producer;
    public LwwRegister<Cid[]> Parents;
    public LwwRegister<IpldNode> Data;
    public LwwRegister<ulong?> Expires;
    public LwwRegister<bool> Pin;

    /// <summary>Of the block of a call, the result of the call; null where it was removed.</summary>
    public LwwRegister<Cid?> Result;

    /// <summary>Of a message of a channel, what its fact repeats of it.</summary>
    public LwwRegister<MessageState?> Message;

    /// <summary>Of a channel, the last words about each consumer; null where there are none.</summary>
    public SortedDictionary<string, LwwRegister<ConsumerState?>>? Consumers { get; private set; }

    public void OfferConsumer(FactStamp stamp, string consumer, ConsumerState state)
    {
        Consumers ??= new SortedDictionary<string, LwwRegister<ConsumerState?>>(StringComparer.Ordinal);
        LwwRegister<ConsumerState?> last = Consumers.GetValueOrDefault(consumer);
        last.Merge(stamp, state, FactOrder.OfConsumers);
        Consumers[consumer] = last;
    }

    /// <summary>Whether a position of a consumer with that stamp may be the valid one.</summary>
    public bool MayStandFor(FactStamp stamp, string consumer) =>
        (Consumers?.GetValueOrDefault(consumer) ?? default).CanWin(stamp);

    /// <summary>Of a channel, the last beat of each participant; null where there are none.</summary>
    public Dictionary<Digest256, LwwRegister<BeatState?>>? Beats { get; private set; }

    public void OfferBeat(FactStamp stamp, Digest256 writer, BeatState state)
    {
        Beats ??= [];
        LwwRegister<BeatState?> last = Beats.GetValueOrDefault(writer);
        last.Merge(stamp, state, FactOrder.OfBeats);
        Beats[writer] = last;
    }

    /// <summary>Whether a beat of a participant with that stamp may be the valid one.</summary>
    public bool MayStandFrom(FactStamp stamp, Digest256 writer) =>
        (Beats?.GetValueOrDefault(writer) ?? default).CanWin(stamp);

    /// <summary>The codec of the CID that was first spoken of, for a block that is not here.</summary>
    public ulong Codec { get; } = codec;

    /// <summary>Lock bytes of holds, some of which may be over.</summary>
    public List<long>? Holds { get; private set; }

    /// <summary>The tags that stand. What is given out is never written to.</summary>
    public IReadOnlyDictionary<string, string> Tags
    {
        get
        {
            if (_shown is not null) return _shown;
            if (_tags.Count == 0) return NoTags;
            _shown = new Dictionary<string, string>(_tags.Count, StringComparer.Ordinal);
            foreach ((string key, LwwRegister<string?> tag) in _tags)
            {
                if (tag.Value is { } value) _shown.Add(key, value);
            }

            return _shown;
        }
    }

    /// <summary>The last words about each tag, those that take one away too.</summary>
    public Dictionary<string, LwwRegister<string?>> TagWords => _tags;

    public void OfferTag(FactStamp stamp, string key, string? value)
    {
        LwwRegister<string?> tag = _tags.GetValueOrDefault(key);
        tag.Merge(stamp, value, FactOrder.OfTexts);
        _tags[key] = tag;
        _shown = null;
    }

    /// <summary>The last words about the copy at each place, those that end one too; null where there are
    /// none.</summary>
    public SortedDictionary<string, LwwRegister<CopyState?>>? Copies { get; private set; }

    public void OfferCopy(FactStamp stamp, string place, CopyState? state)
    {
        Copies ??= new SortedDictionary<string, LwwRegister<CopyState?>>(StringComparer.Ordinal);
        LwwRegister<CopyState?> copy = Copies.GetValueOrDefault(place);
        copy.Merge(stamp, state, FactOrder.OfCopies);
        Copies[place] = copy;
    }

    /// <summary>Whether a word about the copy at a place with that stamp may be the valid one.</summary>
    public bool MayStandAt(FactStamp stamp, string place) =>
        (Copies?.GetValueOrDefault(place) ?? default).CanWin(stamp);

    /// <summary>The signed statements about the block, each with the time of the first fact about it; null where
    /// there are none.</summary>
    public SortedDictionary<SignedPair, FactStamp>? Signed { get; private set; }

    public void AddSigned(FactStamp stamp, SignedPair pair)
    {
        Signed ??= [];
        if (!Signed.TryGetValue(pair, out FactStamp known) || stamp < known) Signed[pair] = stamp;
    }

    /// <summary>Whether a value of a tag with that stamp may be the valid one.</summary>
    public bool MayStand(FactStamp stamp, string key) => _tags.GetValueOrDefault(key).CanWin(stamp);

    /// <summary>The locations; null where none were ever given.</summary>
    public LocationSet? Locations { get; private set; }

    public void OfferLocations(FactStamp stamp, string[] locations)
    {
        Locations ??= new LocationSet();
        Locations.Merge(stamp, locations);
    }

    public void AddHold(long lockByte)
    {
        Holds ??= [];
        if (!Holds.Contains(lockByte)) Holds.Add(lockByte);
    }

    /// <summary>Takes out the holds that are over.</summary>
    public void EndHolds(Predicate<long> isHeld)
    {
        if (Holds?.RemoveAll(lockByte => !isHeld(lockByte)) > 0 && Holds.Count == 0) Holds = null;
    }
}
