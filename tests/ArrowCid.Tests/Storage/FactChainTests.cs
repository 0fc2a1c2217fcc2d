using System.Buffers.Binary;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>A fact that says a text, and of which block.</summary>
internal sealed class TextFact(string text) : IFactSource
{
    public BlockInfo Of { get; private set; }

    public int Write(in BlockInfo block, Span<byte> destination)
    {
        Of = block;
        return Encoding.UTF8.GetBytes(text, destination);
    }
}

/// <summary>Facts and blocks in one lane: two chains of segments, one numbering.</summary>
public sealed class FactChainTests
{
    [Fact]
    public void Facts_put_with_a_block_come_before_it_in_the_log()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        var fact = new TextFact("first");
        Digest256 digest = Put(store, 1, fact);
        LogPlace alone = store.Append(new TextFact("alone"));
        _ = Put(store, 1, new TextFact("again"));
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        Assert.Equal(["1 Fact first", "2 Raw", "3 Fact alone", "4 Fact again", "5 Ref"], Tell(tail));
        Assert.Equal((digest, 64L), (fact.Of.Digest, fact.Of.Length));
        Assert.Equal(new LogPlace(0, 3), alone);
    }

    [Fact]
    public void A_tail_tells_of_what_its_scope_says()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        _ = Put(store, 1, new TextFact("one"));
        _ = Put(store, 2, null);
        _ = store.Append(new TextFact("two"));
        using LogReader blocks = store.Tail(Cursor.Oldest);
        Assert.Equal(["2 Raw", "3 Raw"], Tell(blocks));
        using LogReader facts = store.Tail(Cursor.Oldest, TailScope.Facts);
        Assert.Equal(["1 Fact one", "4 Fact two"], Tell(facts));
        Assert.Equal(blocks.Position, facts.Position);
    }

    [Fact]
    public void A_fact_tells_the_first_puts_block_where_it_is_known()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        byte[] bytes = StoreCalls.Numbered(1);
        _ = store.Put(RecordKind.Batch, 0x55, new BytesSource(bytes), default, 7, RecordFlags.OwnEncoder, out _);
        var fact = new TextFact("again");
        Assert.False(store.Put(new PutRequest(RecordKind.Raw, 0x71, new BytesSource(bytes), default, 0, default, fact),
            out BlockInfo info));
        Assert.Equal((RecordKind.Batch, 7L, 0x55u), (fact.Of.Kind, fact.Of.Rows, fact.Of.Codec));
        // The fact belongs to this put, the block keeps the time of its first one.
        Assert.True(fact.Of.Time >= info.Time);
        Assert.Equal(fact.Of with { Time = info.Time }, info);
    }

    [Fact]
    public void Full_fact_segments_follow_each_other_and_none_is_missing()
    {
        using var directory = new TemporaryStore();
        using (BlockStore store = directory.Open())
        {
            // A segment of 1 MiB holds 15 of them.
            for (int i = 0; i < 40; i++) _ = Put(store, i, new TextFact(Long(i)));
            _ = store.Append(new TextFact(new string('x', StoreLayout.MaxFactBytes)));
        }

        using BlockStore again = directory.Open();
        _ = again.Append(new TextFact("last"));
        using LogReader tail = again.Tail(Cursor.Oldest, TailScope.All);
        List<string> told = Tell(tail);
        List<string> expected = Enumerable.Range(0, 40)
            .SelectMany(i => new[] { $"{(2 * i) + 1} Fact {Long(i)}", $"{(2 * i) + 2} Raw" })
            .Append($"81 Fact {new string('x', StoreLayout.MaxFactBytes)}").Append("82 Fact last").ToList();
        Assert.Equal(expected, told);
        Assert.True(Directory.GetFiles(directory.Directory, "seg-*").Length >= 4);

        static string Long(int i) => new((char)('a' + (i % 26)), 65_000);
    }

    [Fact]
    public void A_fact_that_throws_takes_its_put_with_it_and_nothing_else()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Assert.Throws<InvalidOperationException>(() => store.Append(new ThrowingFact()));
        Assert.Throws<InvalidOperationException>(() => Put(store, 1, new ThrowingFact()));
        Digest256 digest = Put(store, 2, new TextFact("two"));
        Assert.Null(store.Read(Sha256.Hash(StoreCalls.Numbered(1))));
        Assert.NotNull(store.Read(digest));
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        Assert.Equal(["1 Fact two", "2 Raw"], Tell(tail));
    }

    [Fact]
    public void A_fact_does_not_wait_for_a_source_that_stalls()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        ulong sequence = 0;
        var source = new ActingSource(StoreCalls.Numbered(1), () =>
            sequence = Task.Run(() => store.Append(new TextFact("meanwhile")).Sequence).Result);
        _ = store.Put(RecordKind.Raw, 0x55, source, default, 0, default, out _);
        Assert.Equal(1ul, sequence);
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        Assert.Equal(["1 Fact meanwhile", "2 Raw"], Tell(tail));
    }

    [Fact]
    public void Blocks_are_announced_again_with_a_fact_or_not_at_all()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256[] digests = Enumerable.Range(0, 3).Select(i => Put(store, i, null)).ToArray();
        Digest256 absent = Sha256.Hash([1]);
        Assert.False(store.TryAnnounce([digests[0], absent], new TextFact("no"), out Digest256 missing));
        Assert.Equal(absent, missing);
        Assert.True(store.TryAnnounce(digests, new TextFact("all"), out _));
        Assert.True(store.TryAnnounce([], new TextFact("none"), out _));
        Assert.True(store.TryAnnounce([digests[1]], null, out _));
        // More than one turn takes.
        Assert.True(store.TryAnnounce(Enumerable.Repeat(digests[2], 1000).ToArray(), new TextFact("many"), out _));
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        List<string> told = Tell(tail);
        Assert.Equal(["4 Ref", "5 Ref", "6 Ref", "7 Fact all", "8 Fact none", "9 Ref"], told.Skip(3).Take(6));
        Assert.Equal((1010, "1010 Fact many"), (told.Count, told[^1]));
    }

    [Fact]
    public void Marks_are_the_last_committed_number_of_every_lane()
    {
        using var directory = new TemporaryStore();
        using BlockStore one = directory.Open();
        using BlockStore two = directory.Open();
        Assert.All(one.Listing.Marks(), mark => Assert.Equal(0ul, mark));
        _ = Put(one, 1, new TextFact("one"));
        Assert.Equal([2ul, 0ul], one.Listing.Marks().Take(2));
        _ = two.Append(new TextFact("two"));
        Assert.Equal([2ul, 1ul], one.Listing.Marks().Take(2));
        Assert.Equal(one.Listing.Marks(), two.Listing.Marks());
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 4)]
    [InlineData(2, 4)]
    [InlineData(3, 4)]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    [InlineData(4, 6)]
    [InlineData(0, 6)]
    [InlineData(0, 0)]
    public void Both_tails_are_taken_over_as_one_log(int committed, int last)
    {
        // Numbers 1 to 6 alternate: fact, block; what is committed grows in their order.
        using var directory = new TemporaryStore();
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < 3; i++) _ = Put(store, i, new TextFact($"{i}"));
        }

        (string data, string facts) = Files(directory);
        SetBack(data, (ulong)committed, tear: (ulong)last + 1);
        SetBack(facts, (ulong)committed, tear: (ulong)last + 1);
        using (BlockStore store = directory.Open())
        {
            // Taken over, all before the torn one; the numbers go on where they ended.
            Assert.Equal(new LogPlace(0, (ulong)last + 1), store.Append(new TextFact("next")));
            using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
            List<string> told = Tell(tail);
            Assert.Equal(Enumerable.Range(1, last + 1), told.Select(line => int.Parse(line.Split(' ')[0])));
            Assert.Equal($"{last + 1} Fact next", told[^1]);
        }

        // Nothing of the old tails stands behind the new one.
        using (BlockStore store = directory.Open())
        {
            _ = Put(store, 99, null);
            using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
            Assert.Equal(last + 2, Tell(tail).Count);
        }
    }

    [Fact]
    public void A_damaged_fact_is_a_gap_and_the_watch_goes_on()
    {
        using var directory = new TemporaryStore();
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < 3; i++) _ = store.Append(new TextFact($"fact {i}"));
        }

        string facts = Files(directory).Facts;
        byte[] bytes = File.ReadAllBytes(facts);
        bytes[SegmentBytes.Records(bytes)[1].Offset + 128] ^= 1;
        WriteOver(facts, bytes);
        using BlockStore again = directory.Open();
        using LogReader tail = again.Tail(Cursor.Oldest, TailScope.Facts);
        Assert.Equal(["1 Fact fact 0", "Damaged 2-2", "3 Fact fact 2"], Tell(tail));
    }

    internal static Digest256 Put(BlockStore store, int number, IFactSource? fact)
    {
        var request = new PutRequest(RecordKind.Raw, 0x55, new BytesSource(StoreCalls.Numbered(number)), default, 0,
            default, fact);
        _ = store.Put(in request, out BlockInfo info);
        return info.Digest;
    }

    internal static List<string> Tell(LogReader tail)
    {
        var told = new List<string>();
        while (tail.TryNext(out LogEvent found))
        {
            RecordHeader record = found.Record;
            told.Add(found.Gap is { } gap ? $"{gap.Reason} {gap.First}-{gap.Last}"
                : record.RecordKind == RecordKind.Fact
                    ? $"{record.Sequence} Fact {Encoding.UTF8.GetString(found.Payload.Span)}"
                    : $"{record.Sequence} {record.RecordKind}");
        }

        return told;
    }

    private static (string Data, string Facts) Files(TemporaryStore directory)
    {
        string[] files = Directory.GetFiles(directory.Directory, "seg-*");
        string Of(SegmentKind kind) => files.FirstOrDefault(file =>
            SegmentHeader.Read(File.ReadAllBytes(file).AsSpan(0, 2048))!.Kind == kind) ?? "";
        return (Of(SegmentKind.Data), Of(SegmentKind.Facts));
    }

    /// <summary>As a killed owner would have left the segment: committed up to a number, and one of the records behind
    /// it not whole.</summary>
    private static void SetBack(string path, ulong committed, ulong tear)
    {
        byte[] file = File.ReadAllBytes(path);
        List<(long Offset, RecordHeader Header)> records = SegmentBytes.Records(file);
        foreach ((long offset, RecordHeader header) in records.Where(record => record.Header.Sequence == tear))
            file[(int)offset + (header.HasPayload ? 128 : 100)] ^= 1;
        long end = records.Where(record => record.Header.Sequence <= committed)
            .Select(record => record.Offset + record.Header.Extent).LastOrDefault(4096);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(2048), end);
        WriteOver(path, file);
    }

    private static void WriteOver(string path, byte[] bytes)
    {
        using FileStream file = File.OpenWrite(path);
        file.Write(bytes);
    }

    private sealed class ThrowingFact : IFactSource
    {
        public int Write(in BlockInfo block, Span<byte> destination) => throw new InvalidOperationException("no");
    }
}
