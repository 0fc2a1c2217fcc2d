using System.Buffers.Binary;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Tests.Ipld;

namespace ArrowCid.Tests.Registry;

/// <summary>A block's announcement in a lane.</summary>
internal readonly record struct Announced(Digest256 Digest, int Lane, ulong Sequence, ulong Nanoseconds);

/// <summary>Facts about few blocks and names, by few writers at few times, so that much collides.</summary>
internal sealed class RandomFacts(int seed)
{
    public const int Blocks = 6;
    public const int Lanes = 4;

    private static readonly string[] s_keys = ["day", "sym", "é", "longer key", ""];
    private readonly Random _random = new(seed);

    public static Digest256 Digest(int block)
    {
        var bytes = new byte[Digest256.ByteCount];
        BinaryPrimitives.WriteInt32BigEndian(bytes, block + 1);
        return new Digest256(bytes);
    }

    public static Cid Block(int block) => Cid.FromSha256(Multicodec.Raw, Digest(block));

    public static string Name(int name) => $"name/{name}";

    public FactStamp Stamp() =>
        new(((1_700_000_000_000UL + (ulong)_random.Next(8)) << 16) + (ulong)_random.Next(3), (UInt128)_random.Next(1, 4));

    public FactGroup Group() => new(Stamp(), [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => One())]);

    public Announced Announced() => new(Digest(_random.Next(Blocks)), _random.Next(Lanes), (ulong)_random.Next(1, 50),
        1_700_000_000_000_000_000 + (ulong)_random.Next(1000));

    public Fact One()
    {
        Cid subject = Block(_random.Next(Blocks));
        return _random.Next(16) switch
        {
            0 or 1 => new TagsFact(subject, Tags()),
            2 => new ProducerFact(subject, Maybe() ? null : $"p{_random.Next(3)}"),
            3 => new ParentsFact(subject, [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Block(_random.Next(Blocks)))]),
            4 => new JsonFact(subject, Maybe() ? IpldNode.Null : new RandomNodes(_random.Next()).Node()),
            5 => new LocationsFact(subject, [.. Enumerable.Range(0, _random.Next(3)).Select(n => $"file:{n}")]),
            6 => new ExpiryFact(subject, Maybe() ? null : (ulong)_random.Next()),
            10 => new CopyFact(subject, $"place {_random.Next(2)}", Maybe() ? null : Copy()),
            11 => new ResultFact(subject, Maybe() ? null : Block(_random.Next(Blocks))),
            12 => new SignedFact(subject, Block(_random.Next(2)).WithCodec(Multicodec.DagCbor), Block(_random.Next(2))),
            13 => new MessageFact(subject, new MessageState(Block(_random.Next(2)).WithCodec(Multicodec.DagCbor),
                (ulong)_random.Next(3), Digest(_random.Next(2)), (UInt128)_random.Next(2), (ulong)_random.Next(1, 3))),
            14 => new ConsumerFact(subject.WithCodec(Multicodec.DagCbor), $"c{_random.Next(2)}",
                new ConsumerState(new byte[_random.Next(3)], [.. Enumerable.Range(0, _random.Next(3)).Select(n => (ulong)n)])),
            15 => new BeatFact(subject.WithCodec(Multicodec.DagCbor), Digest(_random.Next(2)),
                new BeatState([.. Enumerable.Range(0, _random.Next(3)).Select(Block)], (ulong)_random.Next(3))),
            7 => new NameFact(Name(_random.Next(3)), Maybe() ? null : subject, Maybe() ? null : Stamp()),
            8 => Maybe() ? new PinFact(subject, Maybe()) : new HoldFact([subject], (ulong)_random.Next(5)),
            _ => new DropFact([.. Enumerable.Range(0, _random.Next(Lanes + 1)).Select(_ => (ulong)_random.Next(50))],
                [Digest(_random.Next(Blocks)), Digest(_random.Next(Blocks))]),
        };
    }

    private CopyState Copy() => new(Maybe() ? "block" : "zstd", (ulong)_random.Next(3), (ulong)_random.Next(1, 8),
        (ulong)_random.Next(2), Maybe() ? Block(_random.Next(2)) : null);

    private bool Maybe() => _random.Next(3) == 0;

    private KeyValuePair<string, string?>[] Tags()
    {
        KeyValuePair<string, string?>[] tags = [.. s_keys.Where(key => key.Length > 0 && _random.Next(2) == 0)
            .Select(key => KeyValuePair.Create(key, Maybe() ? null : $"v{_random.Next(3)}"))];
        if (tags.Length == 0) tags = [KeyValuePair.Create("day", (string?)"")];
        Array.Sort(tags, (one, other) => IpldText.CompareKeys(one.Key, other.Key));
        return tags;
    }
}
