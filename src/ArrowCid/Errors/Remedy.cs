namespace ArrowCid;

/// <summary>
/// What the caller can do about an error or a finding. It names no command, flag or route: each surface words it in its
/// own terms, and <see cref="ToString"/> in those of the library.
/// </summary>
/// <param name="Kind">What helps.</param>
/// <param name="Argument">What it applies to, where <paramref name="Kind"/> has an argument and it is known.</param>
public readonly record struct Remedy(RemedyKind Kind, string? Argument = null)
{
    /// <summary>The advice in words.</summary>
    /// <returns>A clause without a full stop.</returns>
    public override string ToString() => Kind switch
    {
        RemedyKind.None => "nothing has to be done",
        RemedyKind.Compact => "nothing has to be done; a compaction frees the space",
        RemedyKind.Retry => "try again",
        RemedyKind.ChooseDirectory => "store something there, or choose another directory",
        RemedyKind.RestrictAccess => "remove the write permission of other users, and check the contents",
        RemedyKind.UseOwnStore => "use a store of your own",
        RemedyKind.UseOtherVersion => "use the version that made it",
        RemedyKind.OpenForWriting => "open the store for writing, or repair it",
        RemedyKind.RepairStore => "repair the store",
        RemedyKind.RestoreFile => "restore the file, or repair the store while no other process uses it",
        RemedyKind.RestoreSegment => "restore the file, or repair the store and put the batches of the file again",
        RemedyKind.RepairBlock => "repair the block from a copy, put it again, or remove it",
        RemedyKind.RepairRecords =>
            "repair the damaged blocks from a copy, or repair the store and put the blocks again",
        RemedyKind.PutAgain => "put the batches again",
        RemedyKind.WriteMetadataAgain => "write the missing metadata again, or restore the file",
        RemedyKind.DeleteFile => "delete the file once it needs no examination",
        RemedyKind.FreeSpace => "free space there, choose another directory, or give a container more shared memory",
        RemedyKind.RemoveBlocks => "remove blocks, or make a larger store",
        RemedyKind.CheckLog => "try again, and check the log if this persists",
        RemedyKind.Reap => "reap what processes that died have left",
        RemedyKind.RestrictKeyAccess => "take away the access of other users",
        RemedyKind.SignOrChangeTrust => "have a trusted key sign it, or change the rule",
        RemedyKind.SetOption => $"set {OneOf(Argument?.Split(',') ?? [])}",
        _ => Kind.ToString(),
    };

    /// <summary>The problem and the advice in words, for surfaces without terms of their own.</summary>
    internal static string Join(string problem, Remedy? remedy) =>
        remedy is { } advice ? $"{problem}; {advice}" : problem;

    /// <summary>Alternatives in words: <c>a, b or c</c>.</summary>
    internal static string OneOf(IReadOnlyList<string> texts) => texts.Count < 2
        ? string.Concat(texts)
        : $"{string.Join(", ", texts.SkipLast(1))} or {texts[^1]}";
}
