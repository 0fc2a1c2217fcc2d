using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Messages of channels, and the state of channels that is stored as facts (<c>FACTS.md</c>).</summary>
internal sealed class RegistryMessages(BlockStore blocks, RegistryReader reader, FactAppender facts)
{
    // The number of keys read before others get their turn at the registry.
    private const int AtOnce = 4096;

    /// <summary>The messages of a channel, also those whose blocks are gone, in the order of their times and
    /// digests.</summary>
    public IEnumerable<(Digest256 Digest, ulong At)> List(Digest256 channel)
    {
        byte[] low = IndexKey.OfDigest(in channel);
        byte[]? high = IndexKey.Behind(low);
        while (true)
        {
            byte[] from = low;
            List<byte[]> keys = reader.Ask(() =>
            {
                var some = new List<byte[]>();
                MergedCursor cursor = reader.Open(IndexKind.Message, new KeyRange(from, high), isDescending: false);
                while (some.Count < AtOnce && cursor.Next()) some.Add(cursor.Key.ToArray());
                return some;
            });
            foreach (byte[] key in keys) yield return (IndexKey.DigestOf(key), IndexKey.TimeOf(key));
            if (keys.Count < AtOnce) yield break;
            low = [.. keys[^1], 0];
        }
    }

    /// <summary>What a fact repeats of a message; null where no fact calls the block a message.</summary>
    public MessageState? Find(Digest256 message) =>
        reader.Ask(() => reader.State.Find(in message)?.Sheet?.Message.Value);

    /// <summary>The positions of the consumers of a channel, by name.</summary>
    public List<(string Name, ConsumerState State, DateTimeOffset When)> Consumers(Digest256 channel) =>
        reader.Ask(() => (reader.State.Find(in channel)?.Sheet?.Consumers ?? [])
            .Select(pair => (pair.Key, pair.Value.Value!, pair.Value.Stamp.When)).ToList());

    /// <summary>The newest beat of each participant of a channel.</summary>
    public List<(Digest256 Writer, BeatState State)> Beats(Digest256 channel) =>
        reader.Ask(() => (reader.State.Find(in channel)?.Sheet?.Beats ?? [])
            .Select(pair => (pair.Key, pair.Value.Value!)).ToList());

    /// <summary>Records the position of a consumer.</summary>
    public void SetConsumer(Cid channel, string consumer, ConsumerState state) =>
        facts.Append(new ConsumerFact(channel, consumer, state));

    /// <summary>Records a beat.</summary>
    public void SetBeat(Cid channel, Digest256 writer, BeatState state) =>
        facts.Append(new BeatFact(channel, writer, state));

    /// <summary>Whether a channel that is stored here keeps a block, which is a message whose time is not over. Under
    /// the gate.</summary>
    public Cid? KeptBy(BlockState? page)
    {
        if (page?.Sheet?.Message.Value is not { } message) return null;
        if (EntryReader.ExpiryOf(page) <= blocks.Clock.GetUtcNow()) return null;
        if (!message.Channel.TryGetSha256(out Digest256 channel)) return null;
        BlockState? home = reader.State.Find(in channel);
        return home is { IsAlive: true } ? message.Channel : null;
    }
}
