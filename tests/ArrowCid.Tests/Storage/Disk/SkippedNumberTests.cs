using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Storage;
using StoreLayout = ArrowCid.Storage.StoreLayout;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>After a loss of power a lane gives no number a second time: facts and cursors may speak of the lost
/// ones.</summary>
[Collection(FileSeamTests.Name)]
public sealed class SkippedNumberTests
{
    [Fact]
    public void A_drop_of_what_the_power_took_does_not_hit_what_is_put_later()
    {
        using var disk = new DiskSeam();
        var puts = new List<Cid>();
        byte[] control;
        using (CidStore store = CidStore.Open(disk.Directory, new CidStoreOptions { Durability = Durability.None }))
        using (CidStore cleaner = CidStore.Open(disk.Directory))
        {
            for (int i = 0; i < 10; i++) puts.Add(store.Put(Batch(i)).Cid);
            Assert.Equal([puts[9]], cleaner.Retention.Remove([puts[9]]).Removed);
            control = File.ReadAllBytes(disk.PathOf(StoreLayout.ControlName));
        }

        // The schema has number 1.
        LosePower(disk, control, from: 4);
        using CidStore again = OpenAfterBoot(disk);
        Assert.Equal(puts.Take(2), again.List().Select(block => block.Cid));
        // With the next number it would fall under the fence.
        Assert.True(again.Put(Batch(9)).IsNew);
        Assert.Equal([.. puts.Take(2), puts[9]], again.List().Select(block => block.Cid));
        Assert.Empty(again.Diagnostics.CheckFacts());
    }

    [Fact]
    public void A_cursor_goes_on_over_the_skipped_numbers_and_one_that_was_further_hears_of_the_loss()
    {
        using var disk = new DiskSeam();
        var digests = new List<Digest256>();
        var cursors = new List<Cursor>();
        byte[] control;
        using (BlockStore store = disk.Open())
        {
            using LogReader tail = store.Tail(Cursor.Oldest);
            for (int i = 0; i < 10; i++)
            {
                digests.Add(store.PutRaw(StoreCalls.Numbered(i)));
                Assert.True(tail.TryNext(out LogEvent found));
                cursors.Add(found.Cursor);
            }

            control = File.ReadAllBytes(disk.PathOf(StoreLayout.ControlName));
        }

        LosePower(disk, control, from: 6);
        using BlockStore left = disk.OpenAfterBoot();
        using LogReader now = left.Tail(Cursor.Now);
        Digest256 next = left.PutRaw([1, 2, 3]);
        Assert.Equal([next], Drain(now).Select(found => found.Record.Digest));
        using (LogReader early = left.Tail(cursors[2]))
            Assert.Equal([digests[3], digests[4], next], Drain(early).Select(found => found.Record.Digest));
        using LogReader late = left.Tail(cursors[8]);
        List<LogEvent> heard = Drain(late);
        Assert.Equal(new WatchGap { Reason = GapReason.PastEnd, Lane = 0, First = 6, Last = 9 }, heard[0].Gap);
        Assert.Equal([.. digests.Take(5), next], heard.Skip(1).Select(found => found.Record.Digest));
    }

    /// <summary>The control file as it was in use; of the first segment's records those from a number on are
    /// lost.</summary>
    private static void LosePower(DiskSeam disk, byte[] control, ulong from)
    {
        using (FileStream file = File.OpenWrite(disk.PathOf(StoreLayout.ControlName))) file.Write(control);
        string path = disk.PathOf(StoreLayout.SegmentName(0, 1));
        byte[] segment = File.ReadAllBytes(path);
        segment.AsSpan((int)SegmentBytes.Records(segment)[(int)from - 1].Offset).Clear();
        using FileStream written = File.OpenWrite(path);
        written.Write(segment);
    }

    private static RecordBatch Batch(int number) => RecordBatch.Of(("n", ArrowArray.From<int>(new[] { number })));

    private static CidStore OpenAfterBoot(DiskSeam disk)
    {
        StoreIdentity.AssumedBoot = Guid.NewGuid();
        try
        {
            return CidStore.Open(disk.Directory);
        }
        finally
        {
            StoreIdentity.AssumedBoot = null;
        }
    }

    private static List<LogEvent> Drain(LogReader tail)
    {
        var found = new List<LogEvent>();
        while (tail.TryNext(out LogEvent one)) found.Add(one);
        return found;
    }
}
