using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Cli.Torture;

/// <summary>What holds of a store once its processes are dead, whatever they died of.</summary>
internal sealed class TortureChecker
{
    // A growth that nobody is at goes on with the next writer; room runs out by and by.
    private static readonly string[] s_expected = ["store-full", "file-system-full"];

    /// <summary>Blocks whose bytes were hashed again.</summary>
    public long Hashed { get; private set; }

    /// <summary>Promises that were held against the store.</summary>
    public long Promised { get; private set; }

    /// <summary>Opens, adopts and looks at everything.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="journals">What the workers were promised.</param>
    /// <param name="role">What kind of store it is.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public List<string> Check(string directory, IReadOnlyList<string> journals, TortureRole role)
    {
        var faults = new List<string>();
        using (CidStore store = TortureStore.Open(directory, role))
        {
            store.Blocks.Mend();
            CheckPromises(store, journals, role, faults);
            CheckBlocks(store, faults);
        }

        // The second opening finds nothing left to do.
        using (CidStore store = CidStore.Open(directory))
        {
            faults.AddRange(store.Blocks.Examine()
                .Where(finding => finding.Severity > FindingSeverity.Note && !s_expected.Contains(finding.Name))
                .Select(finding => $"{finding.Name} at {finding.Place}: {finding.Message}"));
        }

        faults.AddRange(Descriptors(directory).Select(name => $"{name} is left open"));
        return faults;
    }

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

        faults.AddRange(promises.CheckFacts(store));
    }

    private static HashSet<Digest256> Announced(CidStore store)
    {
        var announced = new HashSet<Digest256>();
        using LogTail tail = store.Blocks.Tail(Cursor.Oldest);
        while (tail.TryNext(out LogEvent found))
        {
            if (found.Gap is null) announced.Add(found.Record.Digest);
        }

        return announced;
    }

    /// <summary>Every block that is listed, acknowledged or not, is whole.</summary>
    private void CheckBlocks(CidStore store, List<string> faults)
    {
        foreach (VerifyResult result in store.VerifyAll())
        {
            Hashed++;
            if (result.Error is { } error) faults.Add($"{result.Cid} at {result.Location}: {error.Message}");
        }

        foreach (BlockInfo info in store.Blocks.List())
        {
            using BlockLease? lease = store.Blocks.Find(info.Digest);
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
