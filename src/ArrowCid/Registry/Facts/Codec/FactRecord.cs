using System.Buffers.Binary;
using System.Diagnostics;
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
    private readonly int _expiryPlace;
    private readonly ulong? _expiresAfter;

    /// <param name="stamp">The stamp.</param>
    /// <param name="facts">The facts.</param>
    /// <param name="expiresAfter">The time from the put of the block to its expiry, where that is relative.</param>
    public FactRecord(FactStamp stamp, Fact[] facts, TimeSpan? expiresAfter = null)
    {
        Stamp = stamp;
        _payload = FactWriter.Write([new FactGroup(stamp, facts)], out _blanks, out _expiryPlace);
        _expiresAfter = expiresAfter is { } span ? (ulong)span.TotalMilliseconds : null;
    }

    public FactStamp Stamp { get; }

    public int Write(in BlockInfo block, Span<byte> destination)
    {
        Debug.Assert(destination.Length >= _payload.Length);
        Debug.Assert(Array.TrueForAll(_blanks, blank => blank > 0 && blank <= _payload.Length - Digest256.ByteCount));
        Debug.Assert(_expiryPlace >= 0 && _expiryPlace <= _payload.Length - sizeof(ulong));
        _payload.CopyTo(destination);
        foreach (int blank in _blanks) block.Digest.CopyTo(destination[blank..]);
        if (_expiryPlace > 0)
        {
            // A put after an expiry ends it: one that is given with the put never lies before the put.
            ulong put = (ulong)Math.Max(0, block.Time.ToUnixTimeMilliseconds());
            Span<byte> place = destination.Slice(_expiryPlace, sizeof(ulong));
            ulong expires = _expiresAfter is { } after ? put + after : BinaryPrimitives.ReadUInt64BigEndian(place);
            BinaryPrimitives.WriteUInt64BigEndian(place, Math.Min(Math.Max(expires, put), FactLimits.MaxMilliseconds));
        }

        return _payload.Length;
    }

    /// <summary>The metadata that a caller gives of a block, as facts; none if there is none.</summary>
    /// <param name="said">What he says.</param>
    /// <param name="subject">The block; the default is the one that is put with it.</param>
    /// <param name="now">The time of the call.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the JSON is none, something is over
    /// a limit, or an expiry lies in the past.</exception>
    public static List<Fact> FactsOf(BlockMetadata said, Cid subject, DateTimeOffset now)
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
        if (ExpiryOf(said, now) is { } expires) facts.Add(new ExpiryFact(subject, MillisecondsOf(expires)));
        return facts;
    }

    /// <summary>The expiry that a caller asks for; null where none is.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it lies in the past.</exception>
    private static DateTimeOffset? ExpiryOf(BlockMetadata said, DateTimeOffset now)
    {
        if (said.ExpiresAfter is not { } span)
        {
            if (said.Expires is { } expires) ThrowIfPast(expires, now);
            return said.Expires;
        }

        if (said.Expires is not null || span < TimeSpan.Zero || span >= DateTimeOffset.MaxValue - now)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, said.Expires is not null
                ? "an expiry is either a time or a duration, not both"
                : $"an expiry after {span} is not allowed; a duration is not negative and ends before the year 10000");
        }

        return now + span;
    }

    /// <summary>Throws where an expiry lies in the past.</summary>
    public static void ThrowIfPast(DateTimeOffset expires, DateTimeOffset now)
    {
        if (now - expires <= FactLimits.MaxPastExpiry) return;
        throw new ArrowCidException(ErrorCode.InvalidArgument,
            $"the expiry {expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} is in the past; give a later time");
    }

    /// <summary>An expiry as a fact has it; null is never.</summary>
    public static ulong? MillisecondsOf(DateTimeOffset expires) => expires == DateTimeOffset.MaxValue
        ? null
        : (ulong)Math.Max(0, expires.ToUnixTimeMilliseconds());

    /// <summary>Facts about a block as their caller said them; null where none is about it.</summary>
    public static BlockMetadata? MetadataOf(IEnumerable<Fact> facts, in Digest256 digest)
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

        return !isSaid ? null : new BlockMetadata
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
