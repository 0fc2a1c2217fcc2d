using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Torture;

/// <summary>What holds of a store once its processes are dead, whatever they died of.</summary>
internal sealed class TortureChecker
{
    // A growth that nobody is at goes on with the next writer; room runs out by and by.
    private static readonly string[] s_expected = ["store-full", "file-system-full"];

    private readonly TortureCopyChecker _copies = new();

    /// <summary>Blocks whose bytes were hashed again.</summary>
    public long Hashed { get; private set; }

    /// <summary>Promises that were held against the store.</summary>
    public long Promised { get; private set; }

    /// <summary>Backups that were restored and compared with their store.</summary>
    public long Restored => _copies.Restored;

    /// <summary>Opens, adopts and looks at everything.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="journals">What the workers were promised.</param>
    /// <param name="role">What kind of store it is.</param>
    /// <param name="damage">What was damaged in it, with the right bytes.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public List<string> Check(string directory, IReadOnlyList<string> journals, TortureRole role, TortureDamage damage)
    {
        var faults = new List<string>();
        using (CidStore store = TortureStore.Open(directory, role))
        {
            store.Blocks.Examination.RepairIndex();
            if (role != TortureRole.Disk) faults.AddRange(damage.Repair(store));
            CheckPromises(store, journals, role, faults);
            if (role != TortureRole.Ring)
            {
                // What has expired was announced as gone by whoever let it expire.
                CheckCollection(store, new CollectOptions(), faults);
                foreach (string journal in journals)
                {
                    faults.AddRange(_copies.Check(store, journal, damage));
                    faults.AddRange(TorturePlaceChecker.Check(journal));
                }
            }

            CheckBlocks(store, faults);
            CheckGarbage(store, faults);
        }

        // The second opening finds nothing left to do.
        faults.AddRange(Findings(directory));
        faults.AddRange(Descriptors(directory).Select(name => $"{name} is left open"));
        return faults;
    }

    /// <summary>What is left of a store once all goes that nothing keeps, also after its room was given back and it
    /// was opened again.</summary>
    /// <param name="directory">The store, which has had its day.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public static List<string> CheckEnd(string directory)
    {
        var faults = new List<string>();
        var all = new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero };
        string[] kept, left;
        using (CidStore store = CidStore.Open(directory))
        {
            kept = [.. store.Query().Where(entry => entry.IsPinned || entry.Names.Count > 0).Select(TextOf)];
            CheckCollection(store, all, faults);
            left = State(store);
            faults.AddRange(kept.Except(left).Select(text => $"'{text}' is kept and was collected"));
            _ = store.Maintenance.Compact(1);
            CheckState(store, left, "a compaction", faults);
        }

        using (CidStore store = CidStore.Open(directory))
        {
            CheckState(store, left, "an opening", faults);
            if (store.Retention.Collect(all).Collected.Count > 0) faults.Add("opened again, more is collected");
        }

        faults.AddRange(Findings(directory));
        return faults;
    }

    /// <summary>What the doctor finds that is worse than a note.</summary>
    public static IEnumerable<string> Findings(string directory)
    {
        using CidStore store = CidStore.Open(directory);
        return [.. store.Blocks.Examination.Examine()
            .Where(finding => finding.Severity > FindingSeverity.Note && !s_expected.Contains(finding.Name))
            .Select(finding => $"{finding.Name} at {finding.Place}: {finding.Message}")];
    }

    /// <summary>The same collection twice is as good as once.</summary>
    private static void CheckCollection(CidStore store, CollectOptions options, List<string> faults)
    {
        _ = store.Retention.Collect(options);
        string[] before = State(store);
        foreach (CollectedBlock block in store.Retention.Collect(options).Collected)
            faults.Add($"{block.Cid} is collected by the second of two collections ({block.Reason})");
        CheckState(store, before, "a second collection", faults);
    }

    private static void CheckState(CidStore store, string[] expected, string what, List<string> faults)
    {
        string[] found = State(store);
        faults.AddRange(expected.Except(found).Select(text => $"'{text}' is gone after {what}"));
        faults.AddRange(found.Except(expected).Select(text => $"'{text}' is new after {what}"));
    }

    private static string[] State(CidStore store) =>
        [.. store.Query().Where(entry => entry.IsPresent).Select(TextOf)];

    private static string TextOf(StoredEntry entry) =>
        $"{entry.Cid} {entry.ByteLength} {string.Join(' ', entry.Tags)} {string.Join(' ', entry.Names)} " +
        $"{entry.IsPinned}";

    /// <summary>No file is left that belongs to nobody.</summary>
    private static void CheckGarbage(CidStore store, List<string> faults)
    {
        _ = store.Maintenance.Reap();
        faults.AddRange(store.Maintenance.Reap(dryRun: true).Select(item => $"{item.Name} is left after tidying up"));
        faults.AddRange(Directory.EnumerateFiles(store.Directory, "*.tmp-*").Where(IsNobodys)
            .Select(file => $"{file} is left"));
    }

    /// <summary>The next segment, made ahead, has a temporary name until it is used.</summary>
    private static bool IsNobodys(string file) =>
        !Path.GetFileName(file).StartsWith("seg-", StringComparison.Ordinal);

    private void CheckPromises(CidStore store, IReadOnlyList<string> journals, TortureRole role, List<string> faults)
    {
        var promises = new TorturePromises();
        foreach (string path in journals) promises.Read(path);
        Promised += promises.Count;
        // What a ring let go of nobody was promised to keep.
        if (role == TortureRole.Ring) return;
        HashSet<Digest256> announced = Announced(store);
        foreach (string text in promises.Present)
        {
            var cid = Cid.Parse(text);
            if (!store.Contains(cid)) faults.Add($"{cid} was acknowledged and is not there");
            else if (!cid.TryGetSha256(out Digest256 digest) || !announced.Contains(digest))
                faults.Add($"{cid} was acknowledged and the log does not announce it");
        }

        faults.AddRange(TortureTransactions.Check(store, journals));
        faults.AddRange(promises.CheckFacts(store));
    }

    /// <summary>Damages acknowledged blocks of a store that keeps them, before the next round.</summary>
    /// <param name="directory">The store, which no process has open.</param>
    /// <param name="journals">What the workers were promised.</param>
    /// <param name="role">What kind of store it is.</param>
    /// <param name="damage">Gets the right bytes.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public static List<string> Damage(string directory, IReadOnlyList<string> journals, TortureRole role,
        TortureDamage damage)
    {
        var promises = new TorturePromises();
        foreach (string path in journals) promises.Read(path);
        using CidStore store = TortureStore.Open(directory, role);
        return damage.Damage(store, promises.Present);
    }

    /// <summary>Proves every block, so that all damage is recorded: a rebuild takes unrecorded damage for the
    /// torn end of a log.</summary>
    /// <param name="directory">The store, which no process has open.</param>
    /// <param name="role">What kind of store it is.</param>
    /// <returns>Nothing: damage is no fault here.</returns>
    public static List<string> RecordDamage(string directory, TortureRole role)
    {
        using CidStore store = TortureStore.Open(directory, role);
        foreach (VerifyResult result in store.Diagnostics.VerifyAll()) _ = result;
        return [];
    }

    private static HashSet<Digest256> Announced(CidStore store)
    {
        var announced = new HashSet<Digest256>();
        using LogReader tail = store.Blocks.Tail(Cursor.Oldest);
        while (tail.TryNext(out LogEvent found))
        {
            if (found.Gap is null) announced.Add(found.Record.Digest);
        }

        return announced;
    }

    /// <summary>Every block that is listed, acknowledged or not, is whole.</summary>
    private void CheckBlocks(CidStore store, List<string> faults)
    {
        foreach (VerifyResult result in store.Diagnostics.VerifyAll())
        {
            Hashed++;
            if (result.Error is { } error) faults.Add($"{result.Cid} at {result.Location}: {error.Message}");
        }

        foreach (BlockInfo info in store.Blocks.Listing.List())
        {
            using RecordLease? lease = store.Blocks.Find(info.Digest);
            Hashed++;
            if (lease is null || Sha256.Hash(lease.Memory.Span) != info.Digest)
                faults.Add($"sha256:{info.Digest} is listed and {(lease is null ? "not there" : "has other bytes")}");
        }
    }

    /// <summary>What this process still has open of the store.</summary>
    private static IEnumerable<string> Descriptors(string directory)
    {
        foreach (FileInfo descriptor in new DirectoryInfo("/proc/self/fd").EnumerateFiles())
        {
            if (descriptor.LinkTarget is { } target && target.StartsWith(directory, StringComparison.Ordinal))
                yield return Path.GetFileName(target);
        }

        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            int at = line.IndexOf(directory, StringComparison.Ordinal);
            // Index files are unmapped by the collector.
            if (at >= 0 && line.Contains("/seg-", StringComparison.Ordinal)) yield return $"a mapping of {line[at..]}";
        }
    }
}
