using ArrowCid.Cli.Verbs;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Torture;

/// <summary>
/// What holds of the backups of a store whose worker was killed: the increments that are there are whole, what was
/// acknowledged before one was begun is in it, the next one goes on where the dead one stopped, and a store that it was
/// being restored into gets the rest.
/// </summary>
internal sealed class TortureCopyChecker
{
    /// <summary>Backups that were restored and compared.</summary>
    public long Restored { get; private set; }

    /// <param name="store">The store, which nobody else has open.</param>
    /// <param name="journal">The worker's journal.</param>
    /// <param name="damage">What was damaged in the store, and is repaired by now.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public List<string> Check(CidStore store, string journal, TortureDamage damage)
    {
        var faults = new List<string>();
        string directory = TortureCopies.BackupOf(journal);
        if (!Directory.Exists(directory)) return faults;
        CheckPromised(directory, journal, damage, faults);
        (_, BackupResult last) = BackupVerb.Write(store, directory);
        faults.AddRange(last.Faults);
        faults.AddRange(Directory.GetFiles(directory)
            .Where(file => !file.EndsWith(BackupFiles.Extension, StringComparison.Ordinal))
            .Select(file => $"{file} is left"));
        string into = TortureCopies.RestoredOf(journal);
        CheckRestored(store, directory, into, faults);
        Restored++;
        if (faults.Count > 0) return faults;
        Directory.Delete(directory, recursive: true);
        Directory.Delete(into, recursive: true);
        return faults;
    }

    /// <summary>What the worker was promised before the last whole increment is in that.</summary>
    private static void CheckPromised(string directory, string journal, TortureDamage damage, List<string> faults)
    {
        var present = new HashSet<string>(StringComparer.Ordinal);
        HashSet<string> atBegin = [], promised = [], reported = [], reportedIn = [];
        int number = 0;
        foreach (string[] line in TortureJournal.Read(journal))
        {
            switch (line[0])
            {
                case "p": _ = present.Add(line[1]); break;
                case "r?": _ = present.Remove(line[1]); break;
                case "b?": (atBegin, reported) = ([.. present], []); break;
                case "x": _ = reported.Add(line[1]); break;
                case "b":
                    number = int.Parse(line[1], System.Globalization.CultureInfo.InvariantCulture);
                    (promised, reportedIn) = (atBegin, reported);
                    break;
            }
        }

        if (number == 0) return;
        faults.AddRange(reportedIn.Where(name => !damage.MayBeDamaged(name))
            .Select(name => $"increment {number} of {directory} reports {name}, which was not damaged"));
        using BackupFiles files = BackupFiles.Find(directory, number);
        if (files.Files.Length < number)
        {
            faults.Add($"increment {number} of {directory} was acknowledged and is not there");
            return;
        }

        StoreBackup backup = files.Read(prove: true);
        foreach (string text in promised)
        {
            // A damaged block is missing only where no increment has its bytes, and is reported.
            if (!Cid.Parse(text).TryGetSha256(out var digest)) faults.Add($"{text} has another hash");
            else if (!backup.Blocks.Contains(digest) && (backup.HasBytes(digest) ||
                !(reportedIn.Contains(text) || reportedIn.Contains($"sha256:{digest}"))))
                faults.Add($"{text} is not in increment {number} of {directory}");
        }
    }

    private static void CheckRestored(CidStore store, string directory, string into, List<string> faults)
    {
        using BackupFiles files = BackupFiles.Find(directory);
        StoreBackup backup = files.Read(prove: true);
        using (CidStore restored = TortureStore.Open(into, TortureRole.Mixed))
        {
            // What its worker was making goes with the next who needs the lane, and a restore of nothing needs none.
            restored.Blocks.Examination.RepairIndex();
            // One that begins anew knows nothing of what an earlier one brought, and may be full of it.
            if (TortureStore.IsFilled(restored, TortureRole.Mixed)) return;
            _ = restored.Transfer.Restore(backup);
            RestoreResult again = restored.Transfer.Restore(backup);
            if (again.NewBlocks + again.NewFacts > 0) faults.Add($"a second restore into {into} finds more");
            var there = restored.Query().ToDictionary(entry => entry.Cid.ToString(), TextOf, StringComparer.Ordinal);
            foreach (StoredEntry entry in store.Query().Where(entry => entry.IsPresent))
            {
                string? found = there.GetValueOrDefault(entry.Cid.ToString()), wanted = TextOf(entry);
                if (found != wanted) faults.Add($"{into} has '{found}' for '{wanted}'");
            }

            faults.AddRange(restored.Diagnostics.VerifyAll().Where(result => result.Error is not null)
                .Select(result => $"{result.Cid} of {into}: {result.Error!.Message}"));
            faults.AddRange(restored.Diagnostics.CheckFacts());
        }

        faults.AddRange(TortureChecker.Findings(into));
    }

    private static string TextOf(StoredEntry entry) =>
        $"{entry.Cid} {entry.Kind} {entry.ByteLength} {entry.Created:O} {entry.Producer} pinned {entry.IsPinned} " +
        $"expires {entry.Expires:O} names {string.Join(' ', entry.Names)} json {entry.Json?.Length} tags " +
        string.Join(' ', entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
}
