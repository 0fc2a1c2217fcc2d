using System.Diagnostics;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>The index's files in a store's directory. Any handle opens them; a writer of them holds their
/// lock.</summary>
internal sealed class IndexDirectory(DerivedFiles files, Guid store)
{
    /// <summary>With more runs than these that may be merged the smallest are made one.</summary>
    private const int MaxRuns = 12;
    private const int MergedAtOnce = 8;

    /// <summary>The blocks of a run that a merge makes, at most. A run of half as many is merged no more.</summary>
    public const long MaxMergedBlocks = 8 << 20;

    private ulong _seen;

    /// <summary>Opens what the manifest names.</summary>
    /// <returns>Null where there is no index.</returns>
    /// <exception cref="IndexDamagedException">It is damaged, of another version, or another store's.</exception>
    public IndexSnapshot? TryOpen()
    {
        for (int round = 0; ; round++)
        {
            ulong identity = files.IdentityOf(IndexManifest.FileName);
            if (TryReadManifest() is not { } manifest) return null;
            if (TryOpen(manifest) is { } snapshot)
            {
                _seen = identity;
                return snapshot;
            }

            // A run that goes has been merged, and the manifest that says so is there before it goes.
            if (round > 100) throw new IndexDamagedException("a run of the registry's index is missing");
        }
    }

    /// <summary>Whether there is another manifest than the one that was opened last.</summary>
    public bool HasChanged => files.IdentityOf(IndexManifest.FileName) is var now && now != 0 && now != _seen;

    /// <summary>Deletes the leftovers of a dead writer, if no process is writing now.</summary>
    public void Sweep()
    {
        string[] found = [.. files.Names(DerivedFiles.Prefix)];
        bool isTidy = !found.Any(name => name.Contains(StoreLayout.TemporaryMark, StringComparison.Ordinal)) &&
            found.Length == (found.Contains(IndexManifest.FileName) ? CountNamed() + 1 : 0);
        if (isTidy || !files.TryLock()) return;
        try
        {
            SweepLocked();
        }
        finally
        {
            files.Unlock();
        }
    }

    /// <summary>With the lock: what the manifest does not name goes.</summary>
    public void SweepLocked()
    {
        HashSet<string> named = [IndexManifest.FileName, .. NamedNow()];
        string[] garbage = [.. files.Names(DerivedFiles.Prefix).Where(name => !named.Contains(name))];
        foreach (string name in garbage) files.Remove(name);
    }

    /// <summary>With the lock: writes a run, which nothing names yet.</summary>
    public RunFile WriteRun(ulong number, Func<Stream, ulong, long> write)
    {
        var run = new RunName(number, 0);
        files.Write(run.File, output => run = run with { Length = write(output, number) }, CrashStep.K1, CrashStep.K2);
        return Open(run) ?? throw new IndexDamagedException($"{run.File} went as soon as it was written");
    }

    /// <summary>With the lock: names runs, merged where they are many, as the index, and takes others away.</summary>
    /// <param name="before">The index that they are added to.</param>
    /// <param name="runs">All runs.</param>
    /// <param name="cursor">The log up to here is in them.</param>
    /// <param name="totals">What was counted.</param>
    /// <param name="next">The next number that no run has had.</param>
    /// <param name="cancel">Ends a merge.</param>
    public IndexSnapshot Commit(IndexSnapshot before, List<RunFile> runs, Cursor cursor, IndexTotals totals,
        ulong next, CancellationToken cancel)
    {
        while (ToMerge(runs, MaxRuns) is { } smallest) Merge(runs, smallest, next++, cancel);
        return Name(before, runs, cursor, totals, next);
    }

    /// <summary>Merges several runs of an index into one if it has more than a limit. The caller holds the
    /// lock.</summary>
    /// <returns>The index, and the blocks that the new run speaks of; null where there is nothing to merge.</returns>
    public (IndexSnapshot Index, int Runs, long Blocks)? MergeOnce(IndexSnapshot index, int most,
        CancellationToken cancel)
    {
        List<RunFile> runs = [.. index.Runs];
        if (ToMerge(runs, most) is not { } smallest) return null;
        ulong next = NextNumber();
        RunFile merged = Merge(runs, smallest, next, cancel);
        return (Name(index, runs, index.Cursor, index.Totals, next + 1), smallest.Count, merged.Blocks);
    }

    /// <summary>The runs that are to be made one, as many as fit into the size limit of one; null where no more
    /// than <paramref name="most"/> may be merged at all.</summary>
    public static List<RunFile>? ToMerge(IEnumerable<RunFile> runs, int most, long mostBlocks = MaxMergedBlocks)
    {
        RunFile[] open = [.. runs.Where(run => run.Blocks <= mostBlocks / 2).OrderBy(run => run.Length)];
        if (open.Length <= Math.Max(most, 1)) return null;
        var smallest = new List<RunFile>();
        long blocks = 0;
        foreach (RunFile run in open.Take(MergedAtOnce))
        {
            if (smallest.Count >= 2 && blocks + run.Blocks > mostBlocks) break;
            smallest.Add(run);
            blocks += run.Blocks;
        }

        Debug.Assert(smallest.Count >= 2 && smallest.Count <= MergedAtOnce, "one run alone is not merged");
        return smallest;
    }

    private RunFile Merge(List<RunFile> runs, List<RunFile> smallest, ulong number, CancellationToken cancel)
    {
        RunFile merged = WriteRun(number,
            (output, number) => IndexRunMerge.Write(smallest, output, store, number, cancel));
        int at = runs.FindIndex(smallest.Contains);
        runs.RemoveAll(smallest.Contains);
        Debug.Assert(at >= 0 && at <= runs.Count, "the merged runs were among them");
        runs.Insert(at, merged);
        CrashPoint.Pass(CrashStep.K6);
        return merged;
    }

    private IndexSnapshot Name(IndexSnapshot before, List<RunFile> runs, Cursor cursor, IndexTotals totals, ulong next)
    {
        ulong epoch = Math.Max(before.Epoch, TryReadEpoch()) + 1;
        var manifest = new IndexManifest(epoch, next, cursor, totals,
            [.. runs.Select(run => new RunName(run.Number, run.Length))]);
        byte[] bytes = manifest.ToBytes(store);
        files.Write(IndexManifest.FileName, output => output.Write(bytes), CrashStep.K3, CrashStep.K4);
        _seen = files.IdentityOf(IndexManifest.FileName);
        SweepLocked();
        CrashPoint.Pass(CrashStep.K5);
        return new IndexSnapshot(runs, cursor, totals, epoch);
    }

    /// <summary>With the lock: a number that no run has had, whatever the manifest is.</summary>
    public ulong NextNumber()
    {
        ulong next = 1;
        try
        {
            next = TryReadManifest()?.NextNumber ?? 1;
        }
        catch (IndexDamagedException)
        {
            // It is about to be replaced; names that are in use are seen below.
        }

        foreach (string name in files.Names(RunName.Prefix))
        {
            bool isNumber = ulong.TryParse(name.AsSpan(RunName.Prefix.Length),
                System.Globalization.NumberStyles.AllowHexSpecifier, null, out ulong number);
            if (isNumber) next = Math.Max(next, number + 1);
        }

        return next;
    }

    /// <summary>With the lock: there is no index any more.</summary>
    public void Discard()
    {
        files.Remove(IndexManifest.FileName);
        SweepLocked();
        _seen = 0;
    }

    private int CountNamed()
    {
        try
        {
            return NamedNow().Count();
        }
        catch (IndexDamagedException)
        {
            return -1;
        }
    }

    private IEnumerable<string> NamedNow()
    {
        try
        {
            return [.. TryReadManifest()?.Runs.Select(run => run.File) ?? []];
        }
        catch (IndexDamagedException)
        {
            return [];
        }
    }

    private ulong TryReadEpoch()
    {
        try
        {
            return TryReadManifest()?.Epoch ?? 0;
        }
        catch (IndexDamagedException)
        {
            return 0;
        }
    }

    private IndexManifest? TryReadManifest()
    {
        using Mapping? map = files.TryMap(IndexManifest.FileName);
        return map is null ? null : IndexManifest.Read(map.Bytes(0, checked((int)map.Length)), store);
    }

    private IndexSnapshot? TryOpen(IndexManifest manifest)
    {
        var runs = new List<RunFile>(manifest.Runs.Count);
        foreach (RunName named in manifest.Runs)
        {
            if (Open(named) is not { } run) return null;
            runs.Add(run);
        }

        return new IndexSnapshot(runs, manifest.Cursor, manifest.Totals, manifest.Epoch);
    }

    private RunFile? Open(RunName named)
    {
        if (files.TryMap(named.File) is not { } map) return null;
        if (map.Length == named.Length && named.Length >= RunFormat.HeaderBytes)
            return new RunFile(new RunBytes(map), store, named.Number, named.File);
        map.Dispose();
        throw new IndexDamagedException($"the registry's index file {named.File} is cut short");
    }
}
