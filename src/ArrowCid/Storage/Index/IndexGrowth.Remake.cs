using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>Rebuilds an index while the store is in use: a growth whose source is the logs.</summary>
internal sealed partial class IndexGrowth
{
    /// <summary>Fills a new index from the segments, every payload hashed, and puts it in the old one's
    /// place.</summary>
    /// <param name="own">The lane of this handle, if it has one.</param>
    /// <param name="timeout">How long to wait for a janitor and for writers at work.</param>
    public void Remake(WriterState? own, TimeSpan timeout)
    {
        long started = Stopwatch.GetTimestamp();
        while (!control.Janitor.TryEnter()) Wait(started, timeout);
        try
        {
            RemakeAlone(own, started, timeout);
        }
        finally
        {
            control.Janitor.Exit();
        }
    }

    private void RemakeAlone(WriterState? own, long started, TimeSpan timeout)
    {
        Debug.Assert(control.Janitor.IsHeld, "only the janitor changes which index is in use");
        while (control.Index.Previous != 0 && !TryFinish(own)) Wait(started, timeout);
        if (index.Files.Current is null)
        {
            RepairAlone();
            return;
        }

        IndexPair pair = control.Index;
        _ = IndexFile.Create(control, pair.Current + 1, FillEntries());
        Swap(pair);
        // An entry published to the old index from here on would be missing from the new one.
        for (_ = own?.TryFollowIndex(); IsNamed(pair.Current, own); _ = own?.TryFollowIndex()) Wait(started, timeout);
        if (index.Files.Current is not { } target || !TryFillFromLogs(target))
            throw StorageErrors.Corrupt(control.PathOf(StoreLayout.IndexName(pair.Current + 1)),
                "the new index cannot be filled; open a copy of the store, which makes another");
        var whole = new IndexPair(pair.Current + 1, 0);
        var both = new IndexPair(pair.Current + 1, pair.Current);
        _ = control.Map.CompareExchange(StoreLayout.IndexWord, whole.Bits, both.Bits);
        _ = control.DirectoryFile.Unlink(StoreLayout.IndexName(pair.Current));
        control.Reporter.IndexRebuilt(Stopwatch.GetElapsedTime(started));
    }

    private void Wait(long started, TimeSpan timeout)
    {
        if (Stopwatch.GetElapsedTime(started) >= timeout)
            throw new ArrowCidException(ErrorCode.Busy,
                $"{control.Directory}: the index is in use and does not come to rest; try again");
        Thread.Sleep(1);
    }
}
