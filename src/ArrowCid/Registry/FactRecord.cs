using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Facts in the form in which a lane takes them: written before, so that at the lane's turn only the digest of
/// the block that they are put with is filled in.</summary>
internal sealed class FactRecord : IFactSource
{
    private readonly byte[] _payload;
    private readonly int[] _blanks;

    public FactRecord(FactStamp stamp, Fact[] facts)
    {
        Stamp = stamp;
        _payload = FactWriter.Write([new FactGroup(stamp, facts)], out _blanks);
    }

    public FactStamp Stamp { get; }

    public int Write(in BlockInfo block, Span<byte> destination)
    {
        _payload.CopyTo(destination);
        foreach (int blank in _blanks) block.Digest.CopyTo(destination[blank..]);
        return _payload.Length;
    }

    /// <summary>What a caller says of a block as facts; none where he says nothing.</summary>
    /// <param name="said">What he says.</param>
    /// <param name="subject">The block; the default is the one that is put with it.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the JSON is none, or something is
    /// over a limit.</exception>
    public static List<Fact> FactsOf(BlockFacts said, Cid subject)
    {
        var facts = new List<Fact>();
        if (said.Tags is { Count: > 0 } tags)
        {
            KeyValuePair<string, string?>[] sorted = [.. tags];
            Array.Sort(sorted, static (one, other) => IpldText.CompareKeys(one.Key, other.Key));
            facts.Add(new TagsFact(subject, sorted));
        }

        if (said.Producer is { } producer) facts.Add(new ProducerFact(subject, producer.Length == 0 ? null : producer));
        if (said.Parents is { } parents) facts.Add(new ParentsFact(subject, [.. parents]));
        if (said.Json is { } json) facts.Add(new JsonFact(subject, JsonText.Parse(json)));
        if (said.Locations is { } locations) facts.Add(new LocationsFact(subject, [.. locations]));
        if (said.Expires is { } expires) facts.Add(new ExpiryFact(subject, MillisecondsOf(expires)));
        return facts;
    }

    /// <summary>An expiry as a fact has it; null is never.</summary>
    public static ulong? MillisecondsOf(DateTimeOffset expires) => expires == DateTimeOffset.MaxValue
        ? null
        : (ulong)Math.Max(0, expires.ToUnixTimeMilliseconds());

    /// <summary>Facts about a block as their caller said them; null where none is about it.</summary>
    public static BlockFacts? SaidOf(IEnumerable<Fact> facts, in Digest256 digest)
    {
        Dictionary<string, string?>? tags = null;
        string? producer = null, json = null;
        Cid[]? parents = null;
        string[]? locations = null;
        DateTimeOffset? expires = null;
        bool isSaid = false;
        foreach (Fact fact in facts)
        {
            Cid subject = FactWriter.SubjectOf(fact);
            if (!subject.TryGetSha256(out Digest256 about) || about != digest) continue;
            isSaid = true;
            switch (fact)
            {
                case TagsFact said:
                    tags ??= new Dictionary<string, string?>(StringComparer.Ordinal);
                    foreach ((string key, string? value) in said.Tags) tags[key] = value;
                    break;
                case ProducerFact said: producer = said.Producer ?? ""; break;
                case ParentsFact said: parents = said.Parents; break;
                case JsonFact said: json = JsonText.Format(said.Data); break;
                case LocationsFact said: locations = said.Locations; break;
                case ExpiryFact said:
                    expires = said.Expires is { } at
                        ? DateTimeOffset.FromUnixTimeMilliseconds((long)at) : DateTimeOffset.MaxValue;
                    break;
            }
        }

        return !isSaid ? null : new BlockFacts
        {
            Tags = tags,
            Producer = producer,
            Json = json,
            Parents = parents,
            Locations = locations,
            Expires = expires,
        };
    }
}
