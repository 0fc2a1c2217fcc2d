using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A result that is stored. Immutable.</summary>
public sealed class MemoEntry
{
    internal MemoEntry(StoredResult result, CallKey? key) => (Result, Key) = (result, key);

    /// <summary>The CID of the block of the call.</summary>
    public Cid Call => Result.Call;

    /// <summary>The call; null where its block is not stored here.</summary>
    public CallKey? Key { get; }

    /// <summary>The CID of the value: a batch, a dataset, or bytes.</summary>
    public Cid Value => Result.Value;

    /// <summary>When the result was stored.</summary>
    public DateTimeOffset Time => Result.Time;

    /// <summary>When the result expires.</summary>
    public DateTimeOffset Expires => Result.Expires;

    /// <summary>The tags of the call.</summary>
    public IReadOnlyDictionary<string, string> Tags => Result.Tags;

    internal StoredResult Result { get; }
}
