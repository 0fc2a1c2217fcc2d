using ArrowCid.Registry;
using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>Options of a sync.</summary>
public sealed class SyncOptions
{
    /// <summary>Which way blocks and facts go.</summary>
    public SyncDirection Direction { get; init; }

    /// <summary>The blocks that take part, with all blocks that they need; each side applies the filter to its own
    /// facts. Null: all blocks.</summary>
    public Filter? Filter { get; init; }

    /// <summary>The only blocks that take part, at most 65,536, with all blocks that they need; null: all that pass the
    /// filter.</summary>
    public IReadOnlyCollection<Cid>? Blocks { get; init; }

    /// <summary>Whether pins go too.</summary>
    public bool WithPins { get; init; }

    /// <summary>Whether blocks that were removed on one side come back from the other. By default they do not, as long
    /// as the removal is known, which is 30 days.</summary>
    public bool Resurrect { get; init; }

    /// <summary>Whether blocks that were removed on the other side are removed here too; only for
    /// <see cref="SyncDirection.Pull"/>. A block that a name, a pin, a hold or another block keeps stays.</summary>
    public bool Delete { get; init; }

    /// <summary>Whether the changes of names that both sides changed go both ways, so that the later change is valid
    /// on both and the other one is in the history. By default such names stay as they are on both sides, and are
    /// reported.</summary>
    public bool MergeNames { get; init; }

    /// <summary>The most bytes of blocks that are moved each way; null: no limit. Blocks that do not fit are
    /// reported.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>The bytes of blocks per second that are moved at most, 65,536 or more; null: no limit.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Where names of the other side go: <c>NAME</c> comes as <c>PREFIX/NAME</c>, and <c>channel/NAME</c> as
    /// <c>channel/PREFIX/NAME</c>. Such names do not go back. Null: names are the same on both sides.</summary>
    public string? NamePrefix { get; init; }

    /// <summary>Whether all blocks and facts are compared, rather than what came since the last sync.</summary>
    public bool Full { get; init; }

    /// <summary>Whether the differences are only found and reported.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether only some blocks take part.</summary>
    internal bool IsOfSome => Filter is not null || Blocks is not null;

    internal void ThrowIfWrong()
    {
        if (Delete && Direction != SyncDirection.Pull)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "removals follow in one direction only: from the other side to this store");
        }

        if (BytesPerSecond < SyncPace.LeastRate)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"a rate of {BytesPerSecond} bytes per second; {SyncPace.LeastRate} at least");
        }

        if (Blocks?.Count > SyncLimits.Digests)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{Blocks.Count} blocks are named; {SyncLimits.Digests} at most");
        }

        if (NamePrefix is { } prefix && SyncNames.IsWrong(prefix))
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"names cannot begin with '{prefix}/'");
        if (MaxBytes < 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "the most bytes are not negative");
    }
}
