namespace ArrowCid.Server.Service;

/// <summary>What a watcher is given at once.</summary>
/// <param name="Puts">The announcements, in order; none where nothing came for a while.</param>
/// <param name="Number">The first one's number (<see cref="LiveAnnouncements"/>), where every watcher that hears with
/// the others is given the same.</param>
internal readonly record struct WatchPage(IReadOnlyList<StoreEvent> Puts, long? Number);
