using System.CommandLine;
using System.Globalization;
using ArrowCid.S3;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>backup</c>: the store as it is at one moment, to files.</summary>
internal static class BackupVerb
{
    public static Command Make()
    {
        Argument<string> to = Verb.File("PATH",
            "A directory for increments, created if its name ends in /; or a file that ends in .car, for a complete " +
            "backup. An existing file is replaced only if it is such a backup. s3://BUCKET/FOLDER/ and " +
            "s3://BUCKET/FILE.car are such places too.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("backup",
            "Write a consistent backup of blocks and metadata to CARs. The output is FILE  ROOT. Readers and " +
            "writers continue. A directory gets an increment with the blocks that it lacks. A file appears complete " +
            "or not at all; every block is hashed as it is written. Exit code 4 if something in the store is " +
            "damaged; the rest is in the backup.",
            "arrowcid backup /mnt/backup/quotes/",
            "arrowcid backup quotes.car",
            "arrowcid backup s3://bucket/backup/quotes/",
            "arrowcid backup --store /srv/quotes /mnt/backup/quotes/ --json")
        {
            to, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(to)!, parsed.GetValue(store), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string path, string? directory, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        (string file, BackupResult made) = Write(store, path);
        using var output = Output.Open();
        if (json) PrintJson(output, file, made);
        else Print(output, file, made);
        foreach (string fault in made.Faults) CommandError.Say(fault);
        if (made.Faults.Count == 0) return 0;
        CommandError.Say($"{made.Faults.Count} faults; {Advice.For(new Remedy(RemedyKind.RepairRecords))}");
        return ErrorTable.ExitCode(ErrorCode.BlockCorrupt);
    }

    /// <summary>Writes the one file, or the next increment of a directory.</summary>
    public static (string File, BackupResult Made) Write(CidStore store, string path)
    {
        bool isOne = BackupFiles.IsFileToWrite(path);
        bool isRemote = S3Files.Matches(path);
        if (!isOne && !isRemote) ExportVerb.MakeDirectory(path);
        using BackupFiles? files = isOne ? null : BackupFiles.Find(path);
        StoreBackup? earlier = files is { Files.Length: > 0 } ? files.Read(prove: false) : null;
        string name = BackupFiles.NameOf((earlier?.Increments[^1].Number ?? 0) + 1) + BackupFiles.Extension;
        string file = isOne ? path : isRemote ? S3Files.Combine(path, name) : Path.Combine(path, name);
        BackupResult made = null!;
        using var progress = new Progress("bytes written");
        OutputFile.Write(file, stream => made = store.Transfer.Backup(stream, earlier, progress), isStaged: true,
            StoreBackup.PassFlushed);
        return (file, made);
    }

    private static void Print(Output output, string file, BackupResult made)
    {
        output.Line($"{file}  {made.Root}");
        output.Writer.Flush();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{made.Blocks} blocks in the store; {made.NewBlocks} blocks and {made.NewFacts} records of facts " +
            $"written, {made.Removed} blocks gone, {made.ByteLength} bytes"));
    }

    private static void PrintJson(Output output, string file, BackupResult made) => output.JsonLine(writer =>
    {
        writer.WriteString("file", file);
        writer.WriteString("root", made.Root.ToString());
        writer.WriteNumber("number", made.Number);
        writer.WriteString("at", made.At);
        writer.WriteNumber("blocks", made.Blocks);
        writer.WriteNumber("newBlocks", made.NewBlocks);
        writer.WriteNumber("newFacts", made.NewFacts);
        writer.WriteNumber("removed", made.Removed);
        writer.WriteNumber("bytes", made.ByteLength);
        writer.WriteNumber("faults", made.Faults.Count);
    });
}
