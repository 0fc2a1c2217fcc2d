using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Registry;

public class IndexRunTests
{
    private const ulong RecordTime = 1_800_000_000_000_000_000;
    private static readonly Guid s_store = Guid.NewGuid();

    [Fact]
    public void Facts_in_runs_merged_at_random_and_a_book_behind_them_are_the_registry_of_all_of_them()
    {
        for (int seed = 0; seed < FactBookTests.Rounds; seed++)
        {
            var random = new Random(seed);
            var facts = new RandomFacts(seed);
            List<FactGroup> groups = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => facts.Group())];
            List<Announced> announced = [.. Enumerable.Range(0, random.Next(10)).Select(_ => facts.Announced())];
            object[] steps = [.. groups, .. announced];
            random.Shuffle(steps);
            var runs = new List<RunFile>();
            var totals = IndexTotals.Zero;
            int parts = random.Next(1, 6), at = 0;
            for (int part = 0; part < parts; part++)
            {
                int end = part == parts - 1 ? random.Next(at, steps.Length + 1) : random.Next(at, steps.Length);
                var builder = new RunBuilder();
                foreach (object step in steps.AsSpan(at, end - at)) Take(builder, step);
                at = end;
                totals = builder.Totals(totals);
                runs.Add(RunOf(builder));
                if (runs.Count > 1 && random.Next(2) == 0) runs = [Merged(runs)];
            }

            var book = new RegistryState(new IndexSnapshot(runs, Cursor.Oldest, totals, 1));
            foreach (object step in steps.AsSpan(at))
            {
                if (step is FactGroup group) book.Apply(group);
                else if (step is Announced put) book.Announce(HeaderOf(put), put.Lane);
            }

            Assert.True(SlowBook.Of(groups, announced) == SlowBook.Of(book), $"seed {seed}");
            Assert.Equal(groups.Sum(group => group.Facts.Length), book.Facts);
            Assert.Equal(groups.Any(group => group.Facts.Any(fact => fact is DropFact)), book.HasDrops);
            Assert.Equal(groups.Max(group => group.Stamp.Time), book.MaxTime);
        }
    }

    [Fact]
    public void A_byte_changed_anywhere_in_a_run_is_found_or_changes_nothing()
    {
        var facts = new RandomFacts(7);
        var builder = new RunBuilder();
        List<FactGroup> groups = [.. Enumerable.Range(0, 40).Select(_ => facts.Group())];
        foreach (FactGroup group in groups) Take(builder, group);
        var memory = new MemoryStream();
        int length = (int)builder.Write(memory, s_store, 1);
        byte[] bytes = memory.ToArray();
        string whole = Text(new RunFile(new RunBytes(bytes, length), s_store, 1, "run"));
        int found = 0;
        for (int at = 0; at < length; at += at < 512 ? 1 : 7)
        {
            bytes[at] ^= 0x11;
            try
            {
                Assert.True(whole == Text(new RunFile(new RunBytes(bytes, length), s_store, 1, "run")), $"byte {at}");
            }
            catch (IndexDamagedException)
            {
                found++;
            }

            bytes[at] ^= 0x11;
        }

        Assert.True(found > 500, $"{found} of {length} bytes");
    }

    [Fact]
    public void A_key_that_a_later_word_replaced_is_not_in_the_run_that_both_became()
    {
        Cid block = RandomFacts.Block(1);
        RunFile[] runs = [.. Enumerable.Range(0, 3).Select(number =>
        {
            var builder = new RunBuilder();
            Take(builder, new FactGroup(new FactStamp((ulong)(number + 1) << 16, 1),
                [new TagsFact(block, [KeyValuePair.Create("day", (string?)$"{number}")]), new ProducerFact(block, $"p{number}")]));
            return RunOf(builder);
        })];
        RunFile merged = Merged([.. runs]);
        Assert.Equal(1, merged.Section(IndexKind.Tag)!.Entries);
        Assert.Equal(1, merged.Section(IndexKind.Producer)!.Entries);
        Assert.True(Text(merged).Contains("(day, 2)", StringComparison.Ordinal));
        MergedCursor cursor = new IndexSnapshot([merged], Cursor.Oldest, IndexTotals.Zero, 1)
            .Open(IndexKind.Producer, IndexKey.OfText("p2"), IndexKey.BehindText("p2"), isDescending: true);
        Assert.True(cursor.Next());
        Assert.False(cursor.Next());
    }

    /// <summary>A merge that may take out few replaced keys says so, and a count does not trust such keys.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void A_run_with_keys_that_lead_nowhere_says_so(int maxReplaced, bool hasOnlyItsKeys)
    {
        RunFile[] runs = [.. Enumerable.Range(0, 2).Select(number =>
        {
            var builder = new RunBuilder();
            foreach (int block in (int[])[1, 2])
            {
                Take(builder, new FactGroup(new FactStamp((ulong)(number + 1) << 16, 1),
                    [new ProducerFact(RandomFacts.Block(block), $"p{number}")]));
            }

            return RunOf(builder);
        })];
        var memory = new MemoryStream();
        int length = (int)IndexRunMerge.Write(runs, memory, s_store, 1, CancellationToken.None, maxReplaced);
        var merged = new RunFile(new RunBytes(memory.ToArray(), length), s_store, 1, "run");
        Assert.Equal(hasOnlyItsKeys, merged.HasOnlyItsKeys);
        Assert.Equal(hasOnlyItsKeys ? 2 : 3, merged.Section(IndexKind.Producer)!.Entries);
        _ = RandomFacts.Block(1).TryGetSha256(out Digest256 digest);
        Assert.Equal(hasOnlyItsKeys, new IndexSnapshot([merged], Cursor.Oldest, IndexTotals.Zero, 1).IsSaidOnce(in digest));
        Assert.Equal(hasOnlyItsKeys, Merged([merged]).HasOnlyItsKeys);
    }

    /// <summary>Digests of which many are made alike lie where no guess expects them.</summary>
    [Theory]
    [InlineData(20_000, 0)]
    [InlineData(20_000, 7)]
    [InlineData(20_000, 8)]
    [InlineData(1, 0)]
    public void Every_digest_of_a_run_is_found_and_no_other(int count, int alike)
    {
        var random = new Random(4);
        var digests = new HashSet<Digest256>();
        Span<byte> bytes = stackalloc byte[Digest256.ByteCount];
        while (digests.Count < count)
        {
            random.NextBytes(bytes);
            if (digests.Count % 2 == 0) bytes[..alike].Fill(0x7f);
            _ = digests.Add(new Digest256(bytes));
        }

        var builder = new RunBuilder();
        foreach (Digest256 digest in digests)
        {
            Digest256 one = digest;
            PageItems.WriteCodec(builder.BeginFact(in one, Multicodec.Raw), Multicodec.Raw);
            builder.End();
        }

        RunSection section = RunOf(builder).Section(IndexKind.Cid)!;
        foreach (Digest256 digest in digests)
        {
            Digest256 one = digest;
            byte[] key = Digest256.Bytes(in one).ToArray();
            Assert.True(section.TryFind(key, out _));
            key[^1] ^= 1;
            Assert.Equal(digests.Contains(new Digest256(key)), section.TryFind(key, out _));
        }
    }

    /// <summary>What a range is taken by is how many keys it has, nearly: two pages of them are not counted.</summary>
    [Fact]
    public void An_estimate_is_off_by_two_pages_of_keys_at_most()
    {
        var random = new Random(5);
        var builder = new RunBuilder();
        var stamps = new List<ulong>();
        for (int i = 0; i < 20_000; i++)
        {
            var bytes = new byte[Digest256.ByteCount];
            random.NextBytes(bytes);
            var digest = new Digest256(bytes);
            stamps.Add((ulong)random.NextInt64(1L << 40));
            PageItems.WriteProducer(builder.BeginFact(in digest, Multicodec.Raw), new FactStamp(stamps[^1], 1), true,
                "p"u8);
            builder.End();
        }

        RunSection section = RunOf(builder).Section(IndexKind.Producer)!;
        double most = 2.0 * stamps.Count / section.Pages;
        byte[] group = IndexKey.OfText("p");
        for (int round = 0; round < 1000; round++)
        {
            ulong low = (ulong)random.NextInt64(1L << 40);
            ulong high = low + (ulong)random.NextInt64(1L << random.Next(20, 40));
            long estimate = section.Estimate(IndexKey.Join(group, IndexKey.OfTime(low)),
                IndexKey.Join(group, IndexKey.OfTime(high)));
            int keys = stamps.Count(stamp => stamp >= low && stamp < high);
            Assert.True(Math.Abs(estimate - keys) <= most + (keys * 0.05), $"{estimate} of {keys}, {low} to {high}");
        }
    }

    /// <summary>A long run goes on up to a large page's end, for its filter.</summary>
    [Fact]
    public void A_run_of_many_blocks_ends_with_zeros_and_is_read_like_any_other()
    {
        const int Blocks = 80_000;
        var builder = new RunBuilder();
        byte[] producer = new byte[200];
        producer.AsSpan().Fill((byte)'p');
        for (int i = 0; i < Blocks; i++)
        {
            Digest256 digest = Sha256.Hash(BitConverter.GetBytes(i));
            PageItems.WriteProducer(builder.BeginFact(in digest, Multicodec.Raw), new FactStamp(1, 1), true, producer);
            builder.End();
        }

        var memory = new MemoryStream();
        int length = (int)builder.Write(memory, s_store, 1);
        Assert.Equal(0, length % LargePages.Bytes);
        Assert.Equal(length, memory.Length);
        var run = new RunFile(new RunBytes(memory.GetBuffer(), length), s_store, 1, "run");
        Assert.Equal(Blocks, run.Blocks);
        Digest256 last = Sha256.Hash(BitConverter.GetBytes(Blocks - 1));
        Assert.True(run.MayHave(in last));
        Assert.True(run.Section(IndexKind.Cid)!.TryFind(Digest256.Bytes(in last), out _));
    }

    private static void Take(RunBuilder builder, object step)
    {
        if (step is FactGroup group) builder.Apply(FactWriter.Write([group], out _), RecordTime, 0, 1);
        else if (step is Announced put) builder.Announce(HeaderOf(put), put.Lane);
    }

    private static RecordHeader HeaderOf(Announced put) => new()
    {
        Kind = (ushort)RecordKind.Raw,
        Digest = put.Digest,
        Sequence = put.Sequence,
        TimeNanoseconds = put.Nanoseconds,
    };

    private static RunFile RunOf(RunBuilder builder)
    {
        var memory = new MemoryStream();
        int length = (int)builder.Write(memory, s_store, 1);
        return new RunFile(new RunBytes(memory.ToArray(), length), s_store, 1, "run");
    }

    private static RunFile Merged(IReadOnlyList<RunFile> runs)
    {
        var memory = new MemoryStream();
        int length = (int)IndexRunMerge.Write(runs, memory, s_store, 1, CancellationToken.None);
        return new RunFile(new RunBytes(memory.ToArray(), length), s_store, 1, "run");
    }

    private static string Text(RunFile run) =>
        SlowBook.Of(new RegistryState(new IndexSnapshot([run], Cursor.Oldest, IndexTotals.Zero, 1)));
}
