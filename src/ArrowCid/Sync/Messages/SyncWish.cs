namespace ArrowCid.Sync;

/// <summary>Which set an end compares.</summary>
/// <param name="Subject">Blocks or facts.</param>
/// <param name="Filter">The filter of the blocks, as text; null: all.</param>
/// <param name="WithPins">Whether pins are among the facts.</param>
/// <param name="Since">Where the last sync began, as the text of a cursor of the end; null: unknown.</param>
internal sealed record SyncWish(SyncSubject Subject, string? Filter, bool WithPins, string? Since);
