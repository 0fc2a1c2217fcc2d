using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Sync;

namespace ArrowCid.Tests.Sync;

/// <summary>The difference of two sets is found exactly, with few bytes; what a peer that lies sends ends in an
/// error.</summary>
public class SyncSearchTests
{
    [Fact]
    public void Difference_is_exact_over_random_sets()
    {
        foreach (int seed in SyncSeeds.All)
        {
            var random = new Random(seed);
            int common = random.Next(4) switch { 0 => 0, 1 => random.Next(50), 2 => random.Next(3000), _ => random.Next(9000) };
            Digest256[] both = Digests(random, common), here = Digests(random, random.Next(1 << random.Next(11))),
                there = Digests(random, random.Next(1 << random.Next(11)));
            (SyncDifference found, SyncLink link) = Find([.. both, .. here], [.. both, .. there]);
            Assert.True(here.ToHashSet().SetEquals(found.Here) && found.Here.Count == here.Length, $"seed {seed}");
            Assert.True(there.ToHashSet().SetEquals(found.There) && found.There.Count == there.Length, $"seed {seed}");
            Assert.True(link.ByteLength < 3000 + (120 * (here.Length + there.Length)) + (32 * Math.Min(2048, common +
                there.Length)) + (common / 20), $"seed {seed}: {link.ByteLength} bytes");
        }
    }

    [Fact]
    public void Equal_sets_take_under_400_bytes()
    {
        Digest256[] items = Digests(new Random(1), 10_000);
        (SyncDifference found, SyncLink link) = Find(items, items);
        Assert.Equal(SyncWay.Sum, found.Way);
        Assert.InRange(link.ByteLength, 1, 400);
    }

    [Theory]
    [InlineData(200_000, 37, 10_000)]
    [InlineData(200_000, 1000, 110_000)]
    public void Few_differences_of_many_items_take_few_bytes(int items, int differences, long most)
    {
        var random = new Random(differences);
        Digest256[] all = Digests(random, items);
        (SyncDifference found, SyncLink link) = Find(all[differences..], all);
        Assert.Equal(differences, found.There.Count);
        Assert.Empty(found.Here);
        Assert.InRange(link.ByteLength, 1, most);
        Assert.InRange(link.RoundTrips, 1, 6);
    }

    [Fact]
    public void Answers_that_are_changed_anywhere_end_in_an_error_or_in_the_right_difference()
    {
        int errors = 0;
        foreach (int seed in SyncSeeds.All)
        {
            var random = new Random(seed);
            Digest256[] both = Digests(random, 3000), there = Digests(random, random.Next(1, 60));
            int at = random.Next(6), seen = 0;
            var end = new SetEnd([.. both, .. there]);
            using var peer = new ChangedPeer(new LocalPeer("set", end, SyncRights.Read),
                answer => seen++ == at ? Change(answer, random) : [answer]);
            try
            {
                SyncDifference found = Find([.. both], peer, out _);
                Assert.True(there.ToHashSet().SetEquals(found.There) && found.Here.Count == 0, $"seed {seed}");
            }
            catch (ArrowCidException e) when (e.Code != ErrorCode.Internal)
            {
                errors++;
            }
        }

        Assert.InRange(errors, SyncSeeds.All.Count() / 4, int.MaxValue);
    }

    [Fact]
    public void Symbols_that_never_come_true_end_in_a_list_or_an_error()
    {
        Digest256[] both = Digests(new Random(2), 20_000), there = Digests(new Random(3), 50);
        var random = new Random(4);
        long asked = 0;
        using var peer = new ChangedPeer(new LocalPeer("set", new SetEnd([.. both, .. there]), SyncRights.Read), answer =>
        {
            SyncMessage message = SyncMessage.Read(answer);
            if (message.Kind != SyncMessageKind.Symbols) return [answer];
            CodedSymbol[] symbols = Sketch.Read(message.Bytes.Span, SyncLimits.Symbols);
            asked += symbols.Length;
            foreach (ref CodedSymbol symbol in symbols.AsSpan())
            {
                Digest256 noise = Digests(random, 1)[0];
                symbol.Add(in noise, (ulong)random.NextInt64(), 1);
            }

            return [SyncMessage.Write(SyncMessageKind.Symbols, [.. message.Numbers], Sketch.Write(symbols))];
        });
        SyncDifference found = Find(both, peer, out _);
        Assert.True(there.ToHashSet().SetEquals(found.There));
        Assert.InRange(asked, 1, 64 + (3 * 40_000));
    }

    [Fact]
    public void Endless_list_ends_in_an_error()
    {
        Digest256[] both = Digests(new Random(2), 100);
        byte[]? listed = null;
        using var peer = new ChangedPeer(new LocalPeer("set", new SetEnd(both), SyncRights.Read), answer =>
        {
            if (SyncMessage.Read(answer).Kind == SyncMessageKind.List) listed = answer;
            return listed is null ? [answer] : Enumerable.Repeat(listed, int.MaxValue);
        });
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => Find([], peer, out _));
        Assert.Equal(ErrorCode.InvalidData, e.Code);
    }

    [Fact]
    public void Answer_that_ends_early_is_an_error()
    {
        using var peer = new ChangedPeer(new LocalPeer("set", new SetEnd([]), SyncRights.Read),
            answer => answer.AsSpan().SequenceEqual(SyncMessage.Done) ? [] : [answer]);
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => Find([], peer, out _));
        Assert.Equal(ErrorCode.Io, e.Code);
    }

    [Fact]
    public void Session_refuses_random_requests_and_goes_on()
    {
        foreach (int seed in SyncSeeds.All)
        {
            var random = new Random(seed);
            var session = new SyncSession(new SetEnd(Digests(random, 100)), SyncRights.All);
            var hello = new SyncHello(new byte[SyncHash.NonceBytes], new SyncWish(SyncSubject.Blocks, null, false, null));
            for (int i = 0; i < 20; i++)
            {
                byte[] request = random.Next(4) switch
                {
                    0 => Noise(random),
                    1 => [.. Change(hello.Encode(), random).Single()],
                    2 => SyncMessage.Write((SyncMessageKind)random.Next(21),
                        [.. Enumerable.Range(0, random.Next(4)).Select(_ => (ulong)random.NextInt64() >> random.Next(64))]),
                    _ => SyncMessage.Write((SyncMessageKind)random.Next(21), [(ulong)random.Next(20)], Noise(random)),
                };
                byte[][] answers = [.. session.Answer(request, CancellationToken.None)];
                Assert.True(answers.Length > 0 && answers[^1].AsSpan().SequenceEqual(SyncMessage.Done), $"seed {seed}");
            }

            byte[] last = session.Answer(hello.Encode(), CancellationToken.None).First();
            Assert.Equal(100, SyncWelcome.Decode(SyncMessage.Read(last)).Count);
        }
    }

    [Fact]
    public void Message_over_the_limit_is_refused()
    {
        var session = new SyncSession(new SetEnd([]), SyncRights.All);
        byte[] answer = session.Answer(new byte[SyncLimits.MessageBytes + 1], CancellationToken.None).First();
        Assert.Equal((ulong)ErrorCode.TooLarge, SyncMessage.Read(answer).Number(0));
    }

    [Fact]
    public void Block_that_promises_much_takes_no_memory_for_it()
    {
        var session = new SyncSession(new SetEnd([]), SyncRights.All);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < 1000; i++)
        {
            Digest256 digest = Digests(new Random(i), 1)[0];
            byte[] part = PartialBlock.Write(SyncMessageKind.PutBlock, in digest, Multicodec.Raw,
                SyncLimits.PushedBlockBytes, 0, [1]);
            Assert.Equal(SyncMessageKind.States, SyncMessage.Read(
                session.Answer(part, CancellationToken.None).First()).Kind);
        }

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 256L << 20);
    }

    private static (SyncDifference Found, SyncLink Link) Find(Digest256[] here, Digest256[] there)
    {
        using var peer = new LocalPeer("set", new SetEnd(there), SyncRights.Read);
        return (Find(here, peer, out SyncLink link), link);
    }

    private static SyncDifference Find(Digest256[] here, SyncPeer peer, out SyncLink link)
    {
        link = new SyncLink(peer, CancellationToken.None);
        return new SyncSearch(link).Find(new SyncWish(SyncSubject.Blocks, null, false, null), _ => new SyncSet(here));
    }

    private static IEnumerable<byte[]> Change(byte[] answer, Random random)
    {
        byte[] changed = [.. answer];
        switch (random.Next(4))
        {
            case 0: changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8)); break;
            case 1: changed = changed[..random.Next(changed.Length)]; break;
            case 2: random.NextBytes(changed.AsSpan(random.Next(changed.Length))); break;
            default: changed = [.. changed, .. Noise(random)]; break;
        }

        return [changed];
    }

    private static byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(1, 200)];
        random.NextBytes(noise);
        return noise;
    }

    private static Digest256[] Digests(Random random, int count)
    {
        var digests = new Digest256[count];
        var bytes = new byte[Digest256.ByteCount];
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(bytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(28), i);
            digests[i] = new Digest256(bytes);
        }

        return digests;
    }
}
