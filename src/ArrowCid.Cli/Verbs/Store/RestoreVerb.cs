using System.CommandLine;
using System.Globalization;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>restore</c>: a backup into a store.</summary>
internal static class RestoreVerb
{
    public static Command Make()
    {
        Argument<string> from = Verb.File("PATH", "A directory of increments, or one file; or s3://….");
        Option<string?> store = Verb.Store();
        Option<bool> dryRun = Verb.DryRun();
        Option<bool> json = Verb.Json();
        Option<int?> increment = Verb.Number("--increment", 1, "The number of the increment to restore. Default: " +
            "the last one.");
        var sizes = new SizeOptions();
        var verb = new Verb("restore",
            "Restore a backup into a store. The store is created if it does not exist, as large as the store of the " +
            "backup. It gets the same blocks, names with their history, tags, pins and times. The whole backup is " +
            "hashed first, and nothing is written if it is damaged; every block is hashed again in the store. " +
            "Existing blocks stay, and are repaired if they are damaged.",
            "arrowcid restore /mnt/backup/quotes --store /srv/quotes",
            "arrowcid restore quotes.car --store /srv/quotes --dry-run",
            "arrowcid restore s3://bucket/backup/quotes/ --store /srv/quotes",
            "arrowcid restore /mnt/backup/quotes --increment 3 --store /srv/monday --capacity 2G")
        {
            from, store, increment, dryRun, json,
        };
        sizes.AddTo(verb);
        verb.SetAction(parsed =>
        {
            string path = parsed.GetValue(from)!;
            using var files = BackupFiles.Find(path, parsed.GetValue(increment));
            bool isThere = files.Files.Length > 0 && (parsed.GetValue(increment) ?? 0) <= files.Files.Length;
            if (!isThere)
            {
                throw new ArrowCidException(ErrorCode.Io, files.Files.Length == 0
                    ? $"no backup at {path}"
                    : $"{path} has {files.Files.Length} increments");
            }

            StoreBackup backup = files.Read(prove: true);
            CidStoreOptions options = sizes.Read(parsed, parsed.GetValue(store), backup.Capacity, backup.SegmentSize,
                backup.IsRing, backup.CapacityNeeded);
            RestoreResult result = parsed.GetValue(dryRun)
                ? Try(backup, parsed.GetValue(store))
                : Restore(backup, parsed.GetValue(store), options);
            Print(result, parsed.GetValue(json));
            if (result.StatementsBroken == 0) return 0;
            CommandError.Say(string.Create(CultureInfo.InvariantCulture,
                $"{result.StatementsBroken} signed statements do not hold; " +
                $"'arrowcid verify --signed CID' tells which"));
            return ErrorTable.ExitCode(ErrorCode.InvalidData);
        });
        return verb;
    }

    /// <summary>Says what came, or would come; also of <c>migrate</c>.</summary>
    public static void Print(RestoreResult result, bool json)
    {
        using var output = Output.Open();
        if (!json)
        {
            string verb = result.IsDryRun ? "would be put" : "put";
            string repaired = result.BlocksRepaired == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
                $", {result.BlocksRepaired} damaged blocks {(result.IsDryRun ? "would be repaired" : "repaired")}");
            string signed = result.StatementsHolding == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
                $"; {result.StatementsHolding} signed statements hold");
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{result.NewBlocks} blocks of {result.ByteLength} bytes and {result.NewFacts} records of facts " +
                $"{verb}{repaired}{signed}"));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteNumber("newBlocks", result.NewBlocks);
            writer.WriteNumber("newFacts", result.NewFacts);
            writer.WriteNumber("repaired", result.BlocksRepaired);
            writer.WriteNumber("statementsHolding", result.StatementsHolding);
            writer.WriteNumber("statementsBroken", result.StatementsBroken);
            writer.WriteNumber("bytes", result.ByteLength);
            writer.WriteBoolean("isDryRun", result.IsDryRun);
        });
    }

    private static RestoreResult Restore(StoreBackup backup, string? directory, CidStoreOptions options)
    {
        using var store = CidStore.Open(directory, options);
        using var progress = new Progress("bytes put");
        return store.Transfer.Restore(backup, progress: progress);
    }

    /// <summary>Makes no store.</summary>
    private static RestoreResult Try(StoreBackup backup, string? directory)
    {
        try
        {
            using CidStore store = StoreReading.Open(directory);
            return store.Transfer.Restore(backup, dryRun: true);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreGone)
        {
            return new RestoreResult
            {
                NewBlocks = backup.BlockCount,
                NewFacts = backup.FactCount,
                ByteLength = backup.ByteLength,
                IsDryRun = true,
            };
        }
    }
}
