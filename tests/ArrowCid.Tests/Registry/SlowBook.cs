using System.Globalization;
using System.Text;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid.Tests.Registry;

/// <summary>What stands, worked out from the heap of all facts by the words of FACTS.md; and the same of a
/// <see cref="RegistryState"/>, both as text.</summary>
internal static class SlowBook
{
    public static string Of(IReadOnlyList<FactGroup> groups, IReadOnlyList<Announced> announced)
    {
        var said = groups.SelectMany(group => group.Facts.Select(fact => (group.Stamp, Fact: fact))).ToList();
        var text = new StringBuilder();
        for (int block = 0; block < RandomFacts.Blocks; block++)
        {
            Cid cid = RandomFacts.Block(block);
            Digest256 digest = RandomFacts.Digest(block);
            List<Announced> puts = [.. announced.Where(put => put.Digest == digest)];
            List<DropFact> drops = [.. said.Select(one => one.Fact).OfType<DropFact>()
                .Where(drop => drop.Digests.Contains(digest))];
            bool isAlive = puts.Exists(put => !drops.Exists(drop =>
                put.Lane < drop.Horizon.Length && put.Sequence <= drop.Horizon[put.Lane]));
            var tags = said.Where(one => one.Fact is TagsFact fact && fact.Subject == cid)
                .SelectMany(one => ((TagsFact)one.Fact).Tags.Select(tag => (one.Stamp, tag.Key, tag.Value)))
                .GroupBy(tag => tag.Key)
                .Select(key => key.OrderBy(tag => tag.Stamp).ThenBy(tag => tag.Value, Comparer<string?>.Create(FactOrder.OfTexts)).Last())
                .Where(tag => tag.Value is not null).Select(tag => (tag.Key, tag.Value!));
            Write(text, block, isAlive, puts.Count == 0 ? 0 : puts.Max(put => put.Nanoseconds), tags,
                Last<ProducerFact, string?>(said, fact => fact.Subject == cid, fact => fact.Producer, FactOrder.OfTexts),
                Last<ParentsFact, Cid[]>(said, fact => fact.Subject == cid, fact => fact.Parents, FactOrder.OfCidLists),
                Last<JsonFact, IpldNode>(said, fact => fact.Subject == cid, fact => fact.Data, FactOrder.OfNodes),
                LocationsOf([.. said.Where(one => one.Fact is LocationsFact fact && fact.Subject == cid)
                    .Select(one => (one.Stamp, ((LocationsFact)one.Fact).Locations))]),
                Last<ExpiryFact, ulong?>(said, fact => fact.Subject == cid, fact => fact.Expires, FactOrder.OfNumbers),
                Last<PinFact, bool>(said, fact => fact.Subject == cid, fact => fact.IsPinned, FactOrder.OfFlags),
                said.Select(one => one.Fact).OfType<HoldFact>().Where(hold => hold.Subjects.Contains(cid))
                    .Select(hold => (long)hold.LockByte).Distinct(),
                said.Where(one => one.Fact is CopyFact fact && fact.Subject == cid)
                    .GroupBy(one => ((CopyFact)one.Fact).Place)
                    .Select(place => (place.Key, place.OrderBy(one => one.Stamp)
                        .ThenBy(one => ((CopyFact)one.Fact).State, Comparer<CopyState?>.Create(FactOrder.OfCopies))
                        .Select(one => ((CopyFact)one.Fact).State).Last())),
                Last<ResultFact, Cid?>(said, fact => fact.Subject == cid, fact => fact.Value, FactOrder.OfCids),
                said.Where(one => one.Fact is SignedFact fact && fact.Subject == cid).Select(one => (SignedFact)one.Fact)
                    .Select(fact => new SignedPair(fact.Statement, fact.Signature)).Distinct());
            WriteChannel(text, Last<MessageFact, MessageState?>(said, fact => fact.Subject == cid, fact => fact.State,
                FactOrder.OfMessages), said.Where(one => one.Fact is ConsumerFact fact && fact.Subject.Hash == cid.Hash)
                .GroupBy(one => ((ConsumerFact)one.Fact).Consumer)
                .Select(consumer => (consumer.Key, consumer.OrderBy(one => one.Stamp)
                    .ThenBy(one => ((ConsumerFact)one.Fact).State, Comparer<ConsumerState?>.Create(FactOrder.OfConsumers))
                    .Select(one => ((ConsumerFact)one.Fact).State).Last())),
                said.Where(one => one.Fact is BeatFact fact && fact.Subject.Hash == cid.Hash)
                .GroupBy(one => ((BeatFact)one.Fact).Writer)
                .Select(writer => (writer.Key, writer.OrderBy(one => one.Stamp)
                    .ThenBy(one => ((BeatFact)one.Fact).State, Comparer<BeatState?>.Create(FactOrder.OfBeats))
                    .Select(one => ((BeatFact)one.Fact).State).Last())));
        }

        foreach (var name in said.Where(one => one.Fact is NameFact).GroupBy(one => ((NameFact)one.Fact).Name)
            .OrderBy(name => name.Key, StringComparer.Ordinal))
        {
            var changes = name.Select(one => (NameFact: (NameFact)one.Fact, one.Stamp)).GroupBy(one => one.Stamp)
                .Select(same => same.Select(one => new NameRecord(one.Stamp, one.NameFact.Target, one.NameFact.Previous))
                    .Aggregate((left, right) => left.CompareContent(right) >= 0 ? left : right))
                .OrderBy(change => change.Stamp).ToList();
            text.Append(name.Key);
            foreach (NameRecord change in changes)
            {
                bool isConflict = changes.Count(other => other.Previous == change.Previous) > 1;
                Write(text, change.Stamp.When, change.Target, change.Stamp.WriterId, isConflict);
            }

            text.AppendLine();
        }

        return text.ToString();
    }

    /// <summary>The last list of each writer after the last empty list of any, the newest first.</summary>
    private static string[]? LocationsOf((FactStamp Stamp, string[] Locations)[] said)
    {
        FactStamp? cleared = said.Where(one => one.Locations.Length == 0).Select(one => (FactStamp?)one.Stamp).Max();
        string[] all = [.. said.Where(one => one.Locations.Length > 0 && !(one.Stamp < cleared))
            .GroupBy(one => one.Stamp.Writer)
            .Select(writer => writer.OrderBy(one => one.Stamp)
                .ThenBy(one => one.Locations, Comparer<string[]>.Create(FactOrder.OfTextLists)).Last())
            .OrderByDescending(one => one.Stamp).SelectMany(one => one.Locations).Distinct()];
        return all.Length > 0 ? all : null;
    }

    public static string Of(RegistryState book)
    {
        var text = new StringBuilder();
        for (int block = 0; block < RandomFacts.Blocks; block++)
        {
            BlockState? page = book.Find(RandomFacts.Digest(block));
            BlockMetadataState? sheet = page?.Sheet;
            Write(text, block, page?.IsAlive ?? false, page?.LastPut ?? 0,
                (sheet?.Tags ?? new Dictionary<string, string>()).Select(tag => (tag.Key, tag.Value)),
                sheet?.Producer.Value, sheet?.Parents.Value, sheet?.Data.Value, sheet?.Locations?.All is { Length: > 0 } all ? all : null,
                sheet?.Expires.Value, sheet?.Pin.Value ?? false, sheet?.Holds ?? [],
                (sheet?.Copies ?? []).Select(copy => (copy.Key, copy.Value.Value)), sheet?.Result.Value,
                sheet?.Signed?.Keys.ToArray() ?? []);
            WriteChannel(text, sheet?.Message.Value, (sheet?.Consumers ?? []).Select(one => (one.Key, one.Value.Value!)),
                (sheet?.Beats ?? []).Select(one => (one.Key, one.Value.Value!)));
        }

        foreach (NameLog log in book.Names.OrderBy(log => log.Name, StringComparer.Ordinal))
        {
            text.Append(log.Name);
            foreach (NameChange change in log.History())
                Write(text, change.Time, change.Cid, change.Writer, change.IsConflict);
            text.AppendLine();
            Assert.Equal(log.History()[^1], log.Show());
        }

        return text.ToString();
    }

    private static TValue? Last<TFact, TValue>(List<(FactStamp Stamp, Fact Fact)> said, Predicate<TFact> isAbout,
        Func<TFact, TValue> value, Comparison<TValue> compare) where TFact : Fact =>
        said.Where(one => one.Fact is TFact fact && isAbout(fact))
            .OrderBy(one => one.Stamp).ThenBy(one => value((TFact)one.Fact), Comparer<TValue>.Create(compare))
            .Select(one => value((TFact)one.Fact)).LastOrDefault();

    private static void Write(StringBuilder text, int block, bool isAlive, ulong lastPut,
        IEnumerable<(string Key, string Value)> tags, string? producer, Cid[]? parents, IpldNode? data,
        string[]? locations, ulong? expires, bool isPinned, IEnumerable<long> holds,
        IEnumerable<(string Place, CopyState? State)> copies, Cid? result, IEnumerable<SignedPair> signed)
    {
        text.Append(CultureInfo.InvariantCulture, $"{block} {isAlive} {lastPut} ");
        text.AppendJoin(',', tags.OrderBy(tag => tag.Key, StringComparer.Ordinal)).Append(' ').Append(producer);
        text.Append(" [").AppendJoin(',', parents ?? []).Append("] ").Append(data is null ? "" : Convert.ToHexString(DagCbor.Encode(data)));
        text.Append(" [").AppendJoin(',', locations ?? []).Append("] ").Append(expires).Append(' ').Append(isPinned);
        text.Append(" [").AppendJoin(',', holds.Order()).Append("] ");
        text.AppendJoin(',', copies.OrderBy(copy => copy.Place, StringComparer.Ordinal)).Append(' ').Append(result);
        text.Append(' ').AppendJoin(',', signed.Order()).AppendLine();
    }

    private static void WriteChannel(StringBuilder text, MessageState? message,
        IEnumerable<(string Name, ConsumerState State)> consumers, IEnumerable<(Digest256 Writer, BeatState State)> beats)
    {
        text.Append(message);
        foreach ((string name, ConsumerState state) in consumers.OrderBy(one => one.Name, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $" {name} {Convert.ToHexString(state.Cursor)} ")
                .AppendJoin(',', state.Ahead);
        }

        foreach ((Digest256 writer, BeatState state) in beats.OrderBy(one => one.Writer.ToString(), StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $" {writer} {state.At} ").AppendJoin(',', state.Heads);
        text.AppendLine();
    }

    private static void Write(StringBuilder text, DateTimeOffset time, Cid? target, Guid writer, bool isConflict) =>
        text.Append(CultureInfo.InvariantCulture, $" {time:O} {target} {writer} {isConflict};");
}
