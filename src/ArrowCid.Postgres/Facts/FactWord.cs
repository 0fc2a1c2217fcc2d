using System.Buffers.Binary;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid.Postgres;

/// <summary>
/// A part of a fact about a block of which the last value counts, such as one tag: a row of the table <c>word</c>. The
/// greater stamp wins, and among equal stamps the greater value.
/// </summary>
internal sealed record FactWord
{
    private static readonly byte[] s_none = [0];

    public required Digest256 Digest { get; init; }

    public required FactKind Kind { get; init; }

    public required byte[] Key { get; init; }

    public required FactStamp Stamp { get; init; }

    /// <summary>What decides among equal stamps; the least one removes the word.</summary>
    public required byte[] Value { get; init; }

    public required ulong Codec { get; init; }

    public byte[]? Text { get; init; }

    public long? Number { get; init; }

    /// <summary>The digests that the value links to.</summary>
    public byte[][]? Links { get; init; }

    /// <summary>The word as the payload of a record of facts.</summary>
    public required byte[] Facts { get; init; }

    /// <summary>The words of a fact; none where it is about no block.</summary>
    public static IEnumerable<FactWord> Of(FactStamp stamp, Fact fact)
    {
        if (fact is not TagsFact tags)
        {
            if (Single(stamp, fact) is { } word) yield return word;
            yield break;
        }

        foreach (KeyValuePair<string, string?> tag in tags.Tags)
        {
            byte[]? text = tag.Value is null ? null : Encoding.UTF8.GetBytes(tag.Value);
            yield return Make(stamp, tags with { Tags = [tag] }, Encoding.UTF8.GetBytes(tag.Key), text) with
            {
                Text = text,
            };
        }
    }

    /// <summary>Of words with one key the one that counts, in the order of their keys.</summary>
    public static List<FactWord> Fold(IEnumerable<FactWord> words)
    {
        var last = new Dictionary<(Digest256, FactKind, string), FactWord>();
        foreach (FactWord word in words)
        {
            (Digest256, FactKind, string) key = (word.Digest, word.Kind, Convert.ToHexString(word.Key));
            if (!last.TryGetValue(key, out FactWord? known) || word.Wins(known)) last[key] = word;
        }

        return [.. last.OrderBy(each => each.Key.Item1.ToString(), StringComparer.Ordinal)
            .ThenBy(each => each.Key.Item2).ThenBy(each => each.Key.Item3, StringComparer.Ordinal)
            .Select(each => each.Value)];
    }

    private bool Wins(FactWord other) => Stamp > other.Stamp ||
        (Stamp == other.Stamp && Value.AsSpan().SequenceCompareTo(other.Value) > 0);

    private static FactWord? Single(FactStamp stamp, Fact fact)
    {
        switch (fact)
        {
            case ProducerFact producer:
                byte[]? text = producer.Producer is null ? null : Encoding.UTF8.GetBytes(producer.Producer);
                return Make(stamp, fact, [], text) with { Text = text };
            case ParentsFact parents:
                return Make(stamp, fact, [], Payload(stamp, fact)) with
                {
                    Links = [.. parents.Parents.Select(DigestOf)],
                };
            case ExpiryFact { Expires: { } expires }:
                byte[] number = new byte[sizeof(ulong)];
                BinaryPrimitives.WriteUInt64BigEndian(number, expires);
                return Make(stamp, fact, [], number) with { Number = (long)expires };
            case ExpiryFact: return Make(stamp, fact, [], null);
            case PinFact pin:
                byte[] flag = pin.IsPinned ? "1"u8.ToArray() : "0"u8.ToArray();
                return Make(stamp, fact, [], flag) with { Text = flag };
            case CopyFact copy:
                return Make(stamp, fact, Encoding.UTF8.GetBytes(copy.Place),
                    copy.State is null ? null : Payload(stamp, fact));
            case LocationsFact:
                byte[] writer = new byte[FactStamp.WriterBytes];
                stamp.WriteWriter(writer);
                return Make(stamp, fact, writer, Payload(stamp, fact));
            case SignedFact signed:
                byte[][] links = [DigestOf(signed.Statement), DigestOf(signed.Signature)];
                return Make(stamp, fact, [.. links[0], .. links[1]], Payload(stamp, fact)) with { Links = links };
            case JsonFact or ResultFact: return Make(stamp, fact, [], Payload(stamp, fact));
            // Names have tables of their own, and the others never leave their store.
            default: return null;
        }
    }

    private static FactWord Make(FactStamp stamp, Fact fact, byte[] key, byte[]? value)
    {
        Cid subject = FactWriter.SubjectOf(fact);
        _ = subject.TryGetSha256(out Digest256 digest);
        return new FactWord
        {
            Digest = digest,
            Kind = fact.Kind,
            Key = key,
            Stamp = stamp,
            Value = value is null ? s_none : [1, .. value],
            Codec = subject.Codec,
            Facts = Payload(stamp, fact),
        };
    }

    private static byte[] Payload(FactStamp stamp, Fact fact) =>
        FactWriter.Write([new FactGroup(stamp, [fact])], out _);

    private static byte[] DigestOf(Cid cid)
    {
        _ = cid.TryGetSha256(out Digest256 digest);
        return Digest256.Bytes(in digest).ToArray();
    }
}
