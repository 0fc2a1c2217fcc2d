namespace ArrowCid;

/// <summary>How the result of a call is stored.</summary>
public sealed class MemoOptions
{
    /// <summary>How long the result is kept, from when it was computed; null: 30 days. Zero stores nothing.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Whether a computed result is stored, by its CID; null: each is. A result that is not stored is computed
    /// again by the next call.</summary>
    public Func<Cid, bool>? KeepIf { get; init; }

    /// <summary>Tags of the call, beside those that describe every result (<c>Store/Memos/CALLS.md</c>).</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>A name that points to the value once it is computed or found; null: none.</summary>
    public string? Name { get; init; }

    /// <summary>The handlers of values, for <see cref="Memo.GetOrComputeValueAsync"/>; null:
    /// <see cref="ContentHandlers.Default"/>.</summary>
    public ContentHandlers? Handlers { get; init; }

    internal static MemoOptions Default { get; } = new();
}
