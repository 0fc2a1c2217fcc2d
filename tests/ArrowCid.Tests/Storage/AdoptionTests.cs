using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>What a new owner makes of a lane's end. Deaths are played by setting the committed word back, which is
/// where a killed owner would have left it.</summary>
public sealed class AdoptionTests
{
    private const string FirstSegment = "seg-0000-00000001";

    [Fact]
    public void Records_past_the_committed_word_are_indexed_and_committed()
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests = PutFive(directory);
        Edit(directory, (file, records) => SetCommitted(file, records[1].Offset));
        ClearIndex(directory);
        using BlockStore store = directory.Open();
        Assert.Null(store.Read(digests[3]));
        Digest256 next = store.PutRaw(StoreCalls.Numbered(99));
        Assert.Equal(digests.Skip(1).Append(next), store.Listing.List().Select(info => info.Digest));
    }

    [Fact]
    public void A_torn_last_record_is_dropped_and_the_log_stays_writable()
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests = PutFive(directory);
        Edit(directory, (file, records) =>
        {
            SetCommitted(file, records[4].Offset);
            file[(int)records[4].Offset + 128] ^= 1;
        });
        ClearIndex(directory);
        using BlockStore store = directory.Open();
        Digest256 next = store.PutRaw(StoreCalls.Numbered(99));
        Assert.Null(store.Read(digests[4]));
        Assert.NotNull(store.Read(next));
        byte[] after = File.ReadAllBytes(directory.PathOf(FirstSegment));
        Assert.Equal(digests.Take(4).Append(next), SegmentBytes.Records(after).Select(record => record.Header.Digest));
    }

    [Fact]
    public void An_old_tail_of_equal_sizes_does_not_rise_again()
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests = PutFive(directory);
        // The third is torn, so the fourth and fifth are lost behind it; the next put writes over the third alone.
        Edit(directory, (file, records) =>
        {
            SetCommitted(file, records[2].Offset);
            file[(int)records[2].Offset + 128] ^= 1;
        });
        ClearIndex(directory);
        Digest256 next;
        using (BlockStore store = directory.Open()) next = store.PutRaw(StoreCalls.Numbered(98));
        using (BlockStore store = directory.Open())
        {
            Digest256 last = store.PutRaw(StoreCalls.Numbered(99));
            Assert.Null(store.Read(digests[3]));
            Assert.Null(store.Read(digests[4]));
            byte[] file = File.ReadAllBytes(directory.PathOf(FirstSegment));
            Assert.Equal(digests.Take(2).Append(next).Append(last),
                SegmentBytes.Records(file).Select(record => record.Header.Digest));
        }
    }

    [Fact]
    public void A_committed_word_that_cannot_be_right_seals_the_segment()
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests = PutFive(directory);
        Edit(directory, (file, _) => SetCommitted(file, 12345));
        using BlockStore store = directory.Open();
        Digest256 next = store.PutRaw(StoreCalls.Numbered(99));
        Assert.All(digests.Append(next), digest => Assert.NotNull(store.Read(digest)));
        Assert.True(File.Exists(directory.PathOf("seg-0001-00000001")));
        Assert.Equal((1, 1), (store.Examination.GetStatistics().OpenSegments,
            store.Examination.GetStatistics().SealedSegments));
    }

    [Fact]
    public void A_damaged_header_is_passed_over_in_a_listing_and_reported_by_a_lookup()
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests = PutFive(directory);
        Edit(directory, (file, records) => file[(int)records[2].Offset + 100] ^= 1);
        using BlockStore store = directory.Open();
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => store.Read(digests[2])).Code);
        Assert.Equal(digests.Where((_, i) => i != 2), store.Listing.List().Select(info => info.Digest));
        // A put of the same bytes heals it.
        Assert.True(store.PutRaw(StoreCalls.Numbered(2), out _));
        Assert.NotNull(store.Read(digests[2]));
    }

    [Fact]
    public void A_slot_that_a_dead_owner_was_filling_is_freed()
    {
        using var directory = new TemporaryStore();
        _ = PutFive(directory);
        var word = new TableWord(SegmentState.Creating, 0, 1, 1);
        EditFile(directory.PathOf("ctl.v1"), file =>
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan((int)StoreLayout.TableOffset + 64), word.Bits));
        File.WriteAllBytes(directory.PathOf("seg-0001-00000001.tmp-owner"), new byte[100]);
        using BlockStore store = directory.Open();
        Assert.Equal(1, store.Examination.GetStatistics().UnfinishedSegments);
        _ = store.PutRaw([1]);
        Assert.Equal(0, store.Examination.GetStatistics().UnfinishedSegments);
        Assert.Empty(Directory.GetFiles(directory.Directory, "*.tmp-*"));
    }

    private static List<Digest256> PutFive(TemporaryStore directory)
    {
        using BlockStore store = directory.Open();
        return Enumerable.Range(0, 5).Select(i => store.PutRaw(StoreCalls.Numbered(i))).ToList();
    }

    private static void SetCommitted(byte[] file, long value) =>
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(2048), value);

    private static void ClearIndex(TemporaryStore directory) =>
        EditFile(Directory.GetFiles(directory.Directory, "idx-*").Single(), file => file.AsSpan(4096).Clear());

    private static void Edit(TemporaryStore directory, Action<byte[], List<(long Offset, RecordHeader Header)>> edit) =>
        EditFile(directory.PathOf(FirstSegment), file => edit(file, SegmentBytes.Records(file)));

    private static void EditFile(string path, Action<byte[]> edit)
    {
        byte[] bytes = File.ReadAllBytes(path);
        edit(bytes);
        using FileStream file = File.OpenWrite(path);
        file.Write(bytes);
    }
}
