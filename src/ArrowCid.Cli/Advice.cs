using ArrowCid.Registry;

namespace ArrowCid.Cli;

/// <summary>The one table that words what helps as what to type.</summary>
internal static class Advice
{
    // Properties of the server's options that a remedy names.
    private static readonly Dictionary<string, string> s_flags = new(StringComparer.Ordinal)
    {
        ["AllowInsecure"] = "--allow-insecure",
        ["Certificate"] = "--tls-cert FILE",
        ["Force"] = "--force",
        ["ClientAuthority"] = "--tls-client-ca FILE",
        ["SigningKeys"] = "--signing-keys FILE",
        ["TokenFile"] = "--token-file FILE",
    };

    /// <summary>The advice for a remedy.</summary>
    public static string For(Remedy remedy) => remedy.Kind switch
    {
        RemedyKind.Compact => "nothing has to be done; 'arrowcid maintain compact' frees the space",
        RemedyKind.RestrictAccess => "run 'chmod go-w', and check what is in it",
        RemedyKind.OpenForWriting => "'arrowcid doctor --fix' does it, and so does the next writer",
        RemedyKind.RepairStore => "run 'arrowcid doctor --fix'",
        RemedyKind.RestoreFile => "restore the file, or run 'arrowcid doctor --fix' while no other process uses the " +
            "store; it rebuilds the file from the intact parts",
        RemedyKind.RestoreSegment =>
            "restore the file, or run 'arrowcid doctor --fix' and put the batches of the file again",
        RemedyKind.RepairBlock => "repair it from a copy " +
            $"('arrowcid repair {remedy.Argument ?? "CID"} --from PLACE'), put it again, or remove it",
        RemedyKind.RepairRecords => "repair it from a copy ('arrowcid repair --all --from PLACE'), or run 'arrowcid " +
            "doctor --fix', which quarantines it, and put its blocks again",
        RemedyKind.FreeSpace => "free space there, choose another directory, or give a container more of /dev/shm " +
            "(docker run --shm-size=1g)",
        RemedyKind.RemoveBlocks => "remove blocks ('arrowcid rm CID', 'arrowcid gc') and run " +
            "'arrowcid maintain compact', or make a larger store",
        RemedyKind.CheckLog => "try again, or run 'arrowcid log check'",
        RemedyKind.Reap => "'arrowcid maintain reap' does it, and so does the next maintenance",
        RemedyKind.RestrictKeyAccess => $"run 'chmod 600 {remedy.Argument ?? "FILE"}'",
        RemedyKind.SignOrChangeTrust =>
            "have a trusted key sign it ('arrowcid sign CID --key FILE'), or change the rules " +
            "('arrowcid trust ls' shows them)",
        RemedyKind.SetOption => "give " + Remedy.OneOf([.. (remedy.Argument ?? "").Split(',')
            .Select(option => s_flags.GetValueOrDefault(option, option))]),
        _ => remedy.ToString(),
    };

    /// <summary>An error and its advice.</summary>
    public static string Of(ArrowCidException error) => Join(error.Message, error.Remedy);

    /// <summary>A reason to keep a block, and the advice.</summary>
    public static string Of(KeepReason reason) => reason.Kind == KeepKind.Message
        ? $"{reason}; 'arrowcid rm --force' removes it, 'arrowcid channel rm' the channel"
        : Join(reason.ToString(), reason.Remedy);

    /// <summary>A gap of a watcher, and the advice.</summary>
    public static string Of(WatchGap gap) => Join(gap.ToString(), gap.Remedy);

    private static string Join(string problem, Remedy? remedy) =>
        remedy is { } known ? $"{problem}; {For(known)}" : problem;
}
