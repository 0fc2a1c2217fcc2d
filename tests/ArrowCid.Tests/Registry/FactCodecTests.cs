using System.Text;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Ipld;

namespace ArrowCid.Tests.Registry;

/// <summary>Facts as bytes: the vectors of FACTS.md, limits on both sides, and bytes that somebody else wrote.</summary>
public class FactCodecTests
{
    private const ulong Now = 1_700_000_000_000_000_000;
    private static readonly FactStamp s_stamp = new(1_700_000_000_000UL << 16, 7);

    public static TheoryData<string, string> Vectors
    {
        get
        {
            var vectors = new TheoryData<string, string>();
            var said = new StringBuilder();
            var hex = new StringBuilder();
            string[] lines = File.ReadAllLines(Repository.PathOf("src/ArrowCid/Registry/FACTS.md"));
            foreach (string line in lines.Append(""))
            {
                if (line.StartsWith("    say ", StringComparison.Ordinal)) said.Append(line.AsSpan(8));
                else if (line.StartsWith("    hex ", StringComparison.Ordinal)) hex.Append(line.AsSpan(8));
                else if (hex.Length > 0)
                {
                    vectors.Add(said.ToString(), hex.ToString());
                    said.Clear();
                    hex.Clear();
                }
            }

            return vectors;
        }
    }

    [Fact]
    public void The_text_has_a_vector_of_every_kind() => Assert.Equal(
        Enum.GetValues<FactKind>().Order(),
        Vectors.SelectMany(vector => Read(Hex.Bytes((string)vector[1]))).SelectMany(group => group.Facts)
            .Select(fact => fact.Kind).Distinct().Order());

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_vector_of_the_text_says_what_stands_beside_it_and_is_written_so(string said, string hex)
    {
        byte[] bytes = Hex.Bytes(hex);
        Assert.Equal(said, DagCbor.Decode(bytes).ToString());
        List<FactGroup> groups = Read(bytes);
        Assert.Equal(Hex.Of(bytes), Hex.Of(FactWriter.Write([.. groups], out int[] blanks)));
        Assert.Empty(blanks);
    }

    [Fact]
    public void Facts_are_read_as_they_were_written()
    {
        for (int seed = 0; seed < FactBookTests.Rounds; seed++)
        {
            var facts = new RandomFacts(seed);
            FactGroup[] groups = [.. Enumerable.Range(0, 1 + (seed % 3)).Select(_ => facts.Group())];
            byte[] bytes = FactWriter.Write(groups, out _);
            List<FactGroup> read = Read(bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(FactWriter.Write([.. read], out _)), $"seed {seed}");
            Assert.Equal(groups.Select(group => group.Stamp), read.Select(group => group.Stamp));
            Assert.Equal(groups.Sum(group => group.Facts.Length), read.Sum(group => group.Facts.Length));
        }
    }

    [Fact]
    public void A_fact_about_the_block_it_is_put_with_leaves_its_digest_blank()
    {
        Fact[] facts = [new ProducerFact(default, "p"), new PinFact(RandomFacts.Block(1), true), new PinFact(default, true)];
        byte[] bytes = FactWriter.Write([new FactGroup(s_stamp, facts)], out int[] blanks);
        Assert.Equal(2, blanks.Length);
        Digest256 digest = RandomFacts.Digest(3);
        foreach (int blank in blanks) digest.CopyTo(bytes.AsSpan(blank));
        Fact[] read = Read(bytes).Single().Facts;
        Assert.Equal([RandomFacts.Block(3), RandomFacts.Block(1), RandomFacts.Block(3)],
            read.Select(fact => fact is ProducerFact producer ? producer.Subject : ((PinFact)fact).Subject));
    }

    [Fact]
    public void What_is_over_a_limit_is_refused_where_it_is_said_and_void_where_it_is_read()
    {
        Cid cid = RandomFacts.Block(0);
        Fact[] over =
        [
            new TagsFact(cid, []), new TagsFact(cid, [new("", "v")]), new TagsFact(cid, [new(new string('k', 129), "v")]),
            new TagsFact(cid, [new("k", new string('é', 513))]),
            new TagsFact(cid, [.. Enumerable.Range(100, 257).Select(n => KeyValuePair.Create($"k{n}", (string?)""))]),
            new ProducerFact(cid, ""), new ProducerFact(cid, new string('p', 257)),
            new ParentsFact(cid, [.. Enumerable.Repeat(cid, 513)]), new ParentsFact(cid, [cid.WithCodec(Multicodec.DagPb).ToV0()]),
            new ParentsFact(cid, [Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Sha512, new byte[64]))]),
            new PinFact(Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Identity, [1, 2])), true),
            new JsonFact(cid, IpldNode.Text(new string('x', 32_768))), new JsonFact(cid, Nested(33)),
            new LocationsFact(cid, [""]), new LocationsFact(cid, [new string('l', 1025)]),
            new LocationsFact(cid, [.. Enumerable.Repeat("file:x", 33)]),
            new ExpiryFact(cid, FactLimits.MaxMilliseconds + 1),
            new NameFact("", cid, null), new NameFact(" a", cid, null), new NameFact("a\n", cid, null),
            new NameFact("\x7f", cid, null), new NameFact(new string('n', 256), cid, null),
            new HoldFact([], 1), new HoldFact([.. Enumerable.Repeat(cid, 1025)], 1), new HoldFact([cid], 1UL << 63),
            new DropFact(new ulong[65], [default]), new DropFact([], []), new DropFact([], new Digest256[1025]),
            new DamagedFact(cid, 65536, 1, 4096, 128, 0), new DamagedFact(null, 1, 1ul << 32, 4096, 128, 0),
            new DamagedFact(null, 1, 1, 4097, 128, 0), new DamagedFact(null, 1, 1, 4096, 0, 0),
        ];
        foreach (Fact fact in over)
        {
            var e = Assert.Throws<ArrowCidException>(() => FactWriter.Write([new FactGroup(s_stamp, [fact])], out _));
            Assert.Equal(ErrorCode.InvalidArgument, e.Code);
            Assert.EndsWith("is not allowed in a fact", e.Message, StringComparison.Ordinal);
        }

        // The same over-limit values, written by somebody who does not keep to the rules.
        IpldNode link = IpldNode.Link(cid);
        IpldNode[] bodies =
        [
            Body(1, link, IpldNode.Map()), Body(2, link, IpldNode.Text("")), Body(6, link, IpldNode.Integer(ulong.MaxValue)),
            Body(7, IpldNode.Text(" "), link, IpldNode.Null), Body(10, IpldNode.List(), IpldNode.Bytes(new byte[31])),
            Body(9, IpldNode.List(), IpldNode.Integer(1)), Body(8, link, IpldNode.Integer(1)), Body(8, link), IpldNode.List(),
            Body(3, link, IpldNode.List([.. Enumerable.Repeat(link, 513)])), IpldNode.Text("no list"),
            Body(5, link, IpldNode.List([.. Enumerable.Repeat(IpldNode.Text("x"), 33)])),
            Body(10, IpldNode.List([.. Enumerable.Repeat(IpldNode.Integer(1), 65)]), IpldNode.Bytes(new byte[32])),
            Body(7, IpldNode.Text("n"), link, IpldNode.List(IpldNode.Integer(1), IpldNode.Bytes([1]))),
        ];
        foreach (IpldNode body in bodies)
        {
            // What stands beside it counts.
            byte[] bytes = Payload(body, Body(8, link, IpldNode.True));
            var faults = new List<string>();
            FactGroup group = FactReader.Read(bytes, Now, faults.Add).Single();
            Assert.True(faults.Count == 1, $"{body}: {string.Join("; ", faults)}");
            Assert.Equal([new PinFact(cid, true)], group.Facts);
        }
    }

    [Fact]
    public void Facts_that_are_too_many_at_once_are_refused()
    {
        Fact fact = new JsonFact(RandomFacts.Block(0), IpldNode.Text(new string('x', 30_000)));
        var e = Assert.Throws<ArrowCidException>(() =>
            FactWriter.Write([new FactGroup(s_stamp, [fact, fact, fact])], out _));
        Assert.Equal(ErrorCode.TooLarge, e.Code);
        Assert.Contains("65536 at most", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Facts_of_an_unknown_kind_are_passed_over()
    {
        byte[] bytes = Payload(Body(19, IpldNode.Text("what a later version says")), Body(ulong.MaxValue), Body(0),
            Body(8, IpldNode.Link(RandomFacts.Block(0)), IpldNode.True));
        Assert.Equal([new PinFact(RandomFacts.Block(0), true)], Read(bytes).Single().Facts);
    }

    [Fact]
    public void Facts_from_long_after_their_record_are_void()
    {
        byte[] Payload(ulong milliseconds) => FactWriter.Write(
            [new FactGroup(new FactStamp(milliseconds << 16, 1), [new PinFact(RandomFacts.Block(0), true)])], out _);
        const ulong Day = 24 * 3600 * 1000;
        Assert.Single(FactReader.Read(Payload((Now / 1_000_000) + Day), Now, Assert.Fail));
        var faults = new List<string>();
        Assert.Empty(FactReader.Read(Payload((Now / 1_000_000) + Day + 1), Now, faults.Add));
        Assert.Single(faults);
        Assert.Empty(FactReader.Read(Payload((1UL << 48) - 1), 0, faults.Add));
        Assert.Single(Read(Payload(0)));
    }

    [Fact]
    public void A_payload_that_is_broken_or_over_the_limit_is_void_whole_and_reported()
    {
        byte[] sound = FactWriter.Write([new FactGroup(s_stamp, [new PinFact(RandomFacts.Block(0), true)])], out _);
        byte[][] broken = [[], [0xff], sound[..^1], [.. sound, 0], new byte[65_537], Hex.Bytes("80ff"), Hex.Bytes("818301"),
            DagCbor.Encode(IpldNode.List(IpldNode.List(IpldNode.Integer(1), IpldNode.Bytes([1]), IpldNode.List())))];
        foreach (byte[] bytes in broken)
        {
            var faults = new List<string>();
            Assert.Empty(FactReader.Read(bytes, Now, faults.Add));
            Assert.True(faults.Count == 1, Hex.Of(bytes.AsSpan(0, Math.Min(40, bytes.Length))));
        }
    }

    [Fact]
    public void Mutated_payloads_neither_crash_nor_hang_nor_take_memory()
    {
        int rounds = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 2_000_000 : 60_000;
        var random = new Random(17);
        for (int round = 0; round < rounds; round++)
        {
            var facts = new RandomFacts(round);
            byte[] bytes = FactWriter.Write([facts.Group(), facts.Group()], out _);
            for (int left = random.Next(3); left >= 0; left--) bytes = Mutation.Of(bytes, random);
            var book = new RegistryState();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                book.Apply(bytes, Now, 0, 1);
                foreach (NameLog log in book.Names) _ = log.History();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"round {round}, {Hex.Of(bytes)}", e);
            }

            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < 40_000 + (200L * bytes.Length), $"round {round}: {taken} bytes for {Hex.Of(bytes)}");
        }
    }

    private static IpldNode Nested(int depth) => depth == 0 ? IpldNode.True : IpldNode.List(Nested(depth - 1));

    private static IpldNode Body(ulong kind, params IpldNode[] items) =>
        IpldNode.List([IpldNode.Integer(kind), .. items]);

    private static byte[] Payload(params IpldNode[] facts) => DagCbor.Encode(IpldNode.List(IpldNode.List(
        IpldNode.Integer(s_stamp.Time), IpldNode.Bytes(new byte[16]), IpldNode.List(facts))));

    private static List<FactGroup> Read(byte[] payload) =>
        FactReader.Read(payload, 2 * Now, fault => Assert.Fail(fault));
}
