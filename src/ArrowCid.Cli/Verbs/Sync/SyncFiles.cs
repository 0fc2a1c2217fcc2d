using ArrowCid.Cli.Inputs;
using ArrowCid.Client;
using ArrowCid.Sync;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Cli.Verbs;

/// <summary>Files as the other side of a sync: a backup gets what it lacks, and a CAR that is no backup gives its
/// blocks.</summary>
internal static class SyncFiles
{
    /// <summary>Whether a side is files: a backup, a CAR, or a CAR that does not exist yet.</summary>
    public static bool Matches(string side) => SyncSide.IsBackupPath(side) || (!Directory.Exists(side) &&
        !ServerSync.Matches(side) && side.EndsWith(BackupFiles.Extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a side is a CAR that is no backup.</summary>
    public static bool IsPlainCar(string side)
    {
        if (!File.Exists(side)) return false;
        using Stream stream = Input.OpenSeekable(side);
        try
        {
            _ = StoreBackup.Read([stream], prove: false);
            return false;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.Unsupported)
        {
            return true;
        }
    }

    /// <summary>Writes what a backup lacks: a new file whole, a directory by an increment.</summary>
    public static SyncReport Push(CidStore store, string path, bool isDryRun)
    {
        bool isOne = BackupFiles.IsFileToWrite(path);
        using BackupFiles files = BackupFiles.Find(path);
        StoreBackup? earlier = files.Files.Length == 0 ? null : files.Read(prove: false);
        (long here, IReadOnlyList<SyncItem> lacking) = BackupDifferences.Of(store, earlier, path);
        BackupResult? made = isDryRun ? null : BackupVerb.Write(store, path).Made;
        return ReportOf(path) with
        {
            BlocksHere = here,
            BlocksThere = earlier?.BlockCount ?? 0,
            BlocksPushed = made is null ? lacking.Count : isOne ? made.Blocks : made.NewBlocks,
            BytesPushed = made is null || !isOne ? lacking.Sum(block => block.ByteLength) : made.ByteLength,
            FactsPushed = made?.NewFacts ?? 0,
            Items = isDryRun ? lacking : [],
            IsDryRun = isDryRun,
        };
    }

    /// <summary>Takes the blocks of a CAR that is no backup.</summary>
    public static SyncReport Pull(CidStore store, string path)
    {
        using Stream car = Input.OpenSeekable(path);
        using var progress = new Progress("bytes read");
        CarImport read = store.Transfer.ImportCar(car, progress: progress);
        ImportedBlock[] taken = [.. read.Blocks.Where(block => block.IsNew)];
        return ReportOf(path) with
        {
            BlocksThere = read.Blocks.Count,
            BlocksPulled = taken.Length,
            BytesPulled = taken.Sum(block => block.ByteLength),
        };
    }

    private static SyncReport ReportOf(string path) => new()
    {
        Peer = path,
        Way = SyncWay.List,
        BlocksHere = 0,
        BlocksThere = 0,
        SearchBytes = 0,
        RoundTrips = 0,
        BlocksPulled = 0,
        BytesPulled = 0,
        BlocksPushed = 0,
        BytesPushed = 0,
        FactsPulled = 0,
        FactsPushed = 0,
        FactsRefused = 0,
        NamesPulled = [],
        NamesPushed = [],
        Conflicts = [],
        NamesWaiting = [],
        Items = [],
        IsDryRun = false,
    };
}
