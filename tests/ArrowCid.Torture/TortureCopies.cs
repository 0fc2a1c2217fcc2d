using System.Globalization;
using ArrowCid.Cli.Verbs;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Torture;

/// <summary>
/// A worker's backups, an increment after the other, and what it restores of them into a store of its own. The journal
/// says where an increment was begun and where it was whole.
/// </summary>
internal sealed class TortureCopies(CidStore store, TortureJournal journal, TortureRole role)
{
    /// <summary>The directory of a worker's increments.</summary>
    public static string BackupOf(string journal) => journal + "-backup/";

    /// <summary>The store that it restores them into.</summary>
    public static string RestoredOf(string journal) => journal + "-restored";

    /// <summary>One increment, or what all of them hold, elsewhere.</summary>
    public void Step(Random random)
    {
        if (random.Next(3) > 0) BackUp();
        else Restore();
    }

    private void BackUp()
    {
        journal.Write("b?");
        (_, BackupResult made) = BackupVerb.Write(store, BackupOf(journal.Path));
        // Damage is reported, and the checker knows what was damaged; in a store without damage nothing is.
        if (role == TortureRole.Disk && made.Faults.Count > 0)
            throw new ArrowCidException(ErrorCode.BlockCorrupt, made.Faults[0]);
        foreach (string fault in made.Faults) journal.Write($"x {TortureDamage.NameIn(fault)}");
        journal.Write(string.Create(CultureInfo.InvariantCulture, $"b {made.Number}"));
    }

    private void Restore()
    {
        using BackupFiles files = BackupFiles.Find(BackupOf(journal.Path));
        if (files.Files.Length == 0) return;
        StoreBackup backup = files.Read(prove: true);
        using CidStore restored = TortureStore.Open(RestoredOf(journal.Path), TortureRole.Mixed);
        if (!TortureStore.IsFilled(restored, TortureRole.Mixed)) _ = restored.Transfer.Restore(backup);
    }
}
