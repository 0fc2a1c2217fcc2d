using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>Which set an end compares.</summary>
/// <param name="Subject">Blocks or facts.</param>
/// <param name="Filter">The filter of the blocks, as text; null: all.</param>
/// <param name="WithPins">Whether pins are among the facts.</param>
/// <param name="Since">Where the last sync began, as the text of a cursor of the end; null: unknown.</param>
/// <param name="Blocks">The only blocks; null: all that pass the filter.</param>
internal sealed record SyncWish(SyncSubject Subject, string? Filter, bool WithPins, string? Since,
    Digest256[]? Blocks = null)
{
    /// <summary>Whether only some blocks, with what they need, are compared.</summary>
    public bool IsOfSome => Filter is not null || Blocks is not null;
}
