using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

public sealed class CollectedEndTests
{
    /// <summary>Found by the torture: a writer died when it had made a segment and put nothing into it, all before it
    /// was collected, and who asked the facts waited for numbers that no record has.</summary>
    [Fact]
    public void Facts_are_read_to_the_end_where_the_last_records_of_a_lane_were_collected()
    {
        using var directory = new TemporaryStore();
        directory.Open().Dispose();
        var options = new CidStoreOptions { Timeout = TimeSpan.FromMilliseconds(300) };
        var removed = new List<Cid>();
        using CidStore other = CidStore.Open(directory.Directory, options);
        using (CidStore first = CidStore.Open(directory.Directory, options))
        {
            for (int i = 0; i < 20; i++) removed.Add(first.PutRaw(StoreCalls.Numbered(i, 100_000)).Cid);
            // Another lane's.
            _ = other.PutRaw(StoreCalls.Numbered(100)).Cid;
            var broken = new ActingSource(new byte[200_000], () => throw new IOException());
            Assert.Throws<IOException>(() => first.Blocks.Put(RecordKind.Raw, TemporaryStore.RawCodec, broken, default,
                0, RecordFlags.None, out _));
        }

        Cid kept = other.PutRaw(StoreCalls.Numbered(101)).Cid;
        Assert.Equal(removed.Count, other.Retention.Remove(removed).Removed.Count);
        Assert.True(other.Blocks.Space.Reclaim(0.9).BytesFreed > 0);
        _ = other.Names.Set("name", kept);
        Assert.Equal(kept, other.Names.Resolve("name"));
        using CidStore third = CidStore.Open(directory.Directory, options);
        Assert.Equal(kept, third.Names.Resolve("name"));
        Assert.Empty(third.Diagnostics.CheckFacts());
    }

    /// <summary>What was moved is announced to nobody: only the hole that it leaves tells who was behind.</summary>
    [Fact]
    public void Who_was_behind_hears_what_was_moved_from_the_end_of_a_lane()
    {
        const int Count = 20;
        using var directory = new TemporaryStore();
        directory.Open().Dispose();
        var options = new CidStoreOptions { Timeout = TimeSpan.FromMilliseconds(300) };
        var put = new List<Cid>();
        using CidStore other = CidStore.Open(directory.Directory, options);
        Cursor saved;
        using (CidStore first = CidStore.Open(directory.Directory, options))
        {
            put.Add(first.PutRaw(StoreCalls.Numbered(0, 100_000)).Cid);
            _ = other.PutRaw(StoreCalls.Numbered(100));
            saved = Read(other, Cursor.Oldest, out _);
            for (int i = 1; i < Count; i++) put.Add(first.PutRaw(StoreCalls.Numbered(i, 100_000)).Cid);
            var broken = new ActingSource(new byte[200_000], () => throw new IOException());
            Assert.Throws<IOException>(() => first.Blocks.Put(RecordKind.Raw, TemporaryStore.RawCodec, broken, default,
                0, RecordFlags.None, out _));
        }

        Cid[] removed = [.. put.Where((_, at) => at % 2 == 0)];
        Assert.Equal(removed.Length, other.Retention.Remove(removed).Removed.Count);
        Assert.Equal(2, other.Blocks.Space.Reclaim(1).Segments.Count(one => one.Outcome == ReclaimOutcome.Freed));
        Cursor end = Read(other, saved, out List<LogEvent> heard);
        Assert.Equal((GapReason.Gone, 2ul, (ulong)Count), (heard[0].Gap!.Reason, heard[0].Gap!.First,
            heard[0].Gap!.Last));
        Assert.Equal(put.Except(removed).Order(),
            heard.Skip(1).Where(each => each.Record.Kind == (ushort)RecordKind.Raw)
            .Select(each => Cid.FromSha256(TemporaryStore.RawCodec, each.Record.Digest)).Intersect(put).Order());
        _ = Read(other, end, out heard);
        Assert.Empty(heard);
    }

    private static Cursor Read(CidStore store, Cursor from, out List<LogEvent> heard)
    {
        heard = [];
        using LogReader tail = store.Blocks.Tail(from);
        while (tail.TryNext(out LogEvent found)) heard.Add(found);
        return tail.Position;
    }
}
