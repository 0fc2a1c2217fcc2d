using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Looks at a store from outside first, so that one that cannot be opened still gets a finding, and then from
/// inside.
/// </summary>
internal static class StoreDoctor
{
    private const uint OthersWrite = 0x12; // 022
    private const uint Sticky = 0x200; // 01000

    // Findings that the log itself, or what says where it lies, is not what was written.
    private static readonly string[] s_damage =
    [
        "broken-link", "committed-word", "control-file", "damaged-payload", "damaged-record", "damaged-segment",
        "missing-segment", "no-control-file", "number-twice", "orphan-segment", "table-word", "wrong-segment",
    ];

    /// <summary>Everything that is found, most severe first.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="open">Opens it, for writing or not, with what knows its facts; null: the blocks alone.</param>
    public static IReadOnlyList<StoreFinding> Examine(string directory, StoreOpener? open = null)
    {
        var findings = new List<StoreFinding>();
        if (ExamineDirectory(directory, findings)) ExamineStore(directory, open ?? OpenBlocks, findings);
        return [.. findings.OrderByDescending(finding => finding.Severity)];
    }

    /// <summary>
    /// Does what is safe. Damaged records of data segments are quarantined while others use the store. Where the
    /// control file, a segment's header or a record of facts is damaged, the file is quarantined and made again of what
    /// is whole, alone with the store; then what <see cref="StoreExamination.RepairIndex"/> does, and opening alone
    /// sweeps
    /// and rebuilds.
    /// </summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="found">What <see cref="Examine"/> found there.</param>
    /// <param name="open">As for <see cref="Examine"/>.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a whole file is to be quarantined, and another
    /// process has the store open.</exception>
    public static void Repair(string directory, IReadOnlyList<StoreFinding> found, StoreOpener? open = null)
    {
        if (found.Any(IsOfRecords)) found = Quarantine(directory, found, open ?? OpenBlocks);
        if (found.Any(finding => s_damage.Contains(finding.Name))) _ = BlockStore.Rebuild(directory, repairs: true);
        using IDisposable owner = (open ?? OpenBlocks)(directory, true, out BlockStore store);
        if (!store.IsReadOnly) store.Examination.RepairIndex();
    }

    private static bool IsOfRecords(StoreFinding finding) => finding.Name is "damaged-payload" or "damaged-record";

    /// <summary>Quarantines damaged records beside other processes.</summary>
    /// <returns>What is left to be done.</returns>
    private static List<StoreFinding> Quarantine(string directory, IReadOnlyList<StoreFinding> found,
        StoreOpener open)
    {
        try
        {
            using IDisposable owner = open(directory, true, out BlockStore store);
            // Without the facts there is nothing that could record it.
            if (store.IsReadOnly || store.Damages.Damaged.Facts is null) return [.. found];
            store.Damages.Quarantine();
            return [.. found.Where(finding => !IsOfRecords(finding)),
                .. store.Examination.CheckLog().Where(IsOfRecords)];
        }
        catch (ArrowCidException)
        {
            // One that cannot be opened is rebuilt alone.
            return [.. found];
        }
    }

    private static BlockStore OpenBlocks(string directory, bool forWriting, out BlockStore store) => store =
        BlockStore.Open(directory, new StoreSettings { MustExist = true, ReadOnly = !forWriting });

    private static bool ExamineDirectory(string directory, List<StoreFinding> findings)
    {
        int errno = FileDescriptor.StatPath(directory, out FileStatus status);
        using FileDescriptor? folder = FileDescriptor.TryOpenDirectory(directory, out _);
        if (errno != 0 || folder is null)
        {
            findings.Add(new StoreFinding("no-store", FindingSeverity.Error, directory,
                errno == Errno.NotFound ? "nothing is there" : "not a directory that can be opened",
                new Remedy(RemedyKind.ChooseDirectory)));
            return false;
        }

        bool isOwn = status.UserId == FileDescriptor.EffectiveUserId;
        if (!isOwn || (status.Mode & OthersWrite) != 0)
            findings.Add(new StoreFinding("directory-access", FindingSeverity.Error, directory,
                $"user {status.UserId} and mode {Convert.ToString(status.Mode & 0xfff, 8)} let others write it",
                new Remedy(isOwn ? RemedyKind.RestrictAccess : RemedyKind.UseOwnStore)));
        string? parent = Path.GetDirectoryName(directory);
        bool isReplaceable = parent is not null && FileDescriptor.StatPath(parent, out FileStatus above) == 0 &&
            (above.Mode & OthersWrite) != 0 && (above.Mode & Sticky) == 0;
        if (isReplaceable)
            findings.Add(new StoreFinding("parent-access", FindingSeverity.Error, parent!,
                "others may write there and so replace the store", new Remedy(RemedyKind.RestrictAccess)));
        if (folder.StatFile(StoreLayout.ControlName, out _) == 0) return findings.Count == 0;
        bool isForeign = Directory.EnumerateFiles(directory, "seg-*").Any();
        findings.Add(new StoreFinding("no-control-file", FindingSeverity.Error, StoreLayout.ControlName,
            isForeign ? "there are segments but no control file" : "the directory has no store",
            new Remedy(isForeign ? RemedyKind.RestoreFile : RemedyKind.ChooseDirectory)));
        return false;
    }

    private static void ExamineStore(string directory, StoreOpener open, List<StoreFinding> findings)
    {
        try
        {
            using IDisposable owner = open(directory, false, out BlockStore store);
            findings.AddRange(store.Examination.Examine());
        }
        catch (ArrowCidException e)
        {
            (string name, FindingSeverity severity, RemedyKind? remedy) = e.Code switch
            {
                ErrorCode.Unsupported => ("stale-boot", FindingSeverity.Warning, RemedyKind.OpenForWriting),
                ErrorCode.FormatVersion => ("format-version", FindingSeverity.Error, RemedyKind.UseOtherVersion),
                ErrorCode.AccessDenied => ("file-access", FindingSeverity.Error, RemedyKind.RestrictAccess),
                ErrorCode.Busy => ("busy", FindingSeverity.Note, RemedyKind.Retry),
                ErrorCode.BlockCorrupt => ("control-file", FindingSeverity.Error, RemedyKind.RestoreFile),
                _ => ("cannot-open", FindingSeverity.Error, (RemedyKind?)null),
            };
            findings.Add(new StoreFinding(name, severity, StoreLayout.ControlName, e.Message,
                remedy is { } kind ? new Remedy(kind) : e.Remedy));
        }
    }
}
