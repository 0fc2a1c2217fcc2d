namespace ArrowCid;

/// <summary>Hearing of every put.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Watches the puts of batches by any process from a cursor on; blocks while there is none. Each lane's puts come
    /// in log order, none is left out and none comes twice, unless a <see cref="StoreEventKind.Gap"/> reports it; there
    /// is no order between lanes. <see cref="Cursor.Now"/> is the time of this call: puts that returned before are left
    /// out. A slow watcher delays no writer (<c>Storage/FORMAT.md</c>, Watching).
    /// </summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="options">What it brings, and how long it waits; null: announcements, for ever.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The announcements, which end also when the store is disposed. While they are being read, the segments
    /// that they come from are leased.</returns>
    /// <exception cref="ArrowCidException">While it is read: <see cref="ErrorCode.StoreGone"/>: the store was
    /// removed.</exception>
    /// <exception cref="ObjectDisposedException">The store was disposed before.</exception>
    public IEnumerable<StoreEvent> Watch(Cursor from, WatchOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new WatchOptions();
        if (options.Timeout is { } given)
            ArgumentOutOfRangeException.ThrowIfLessThan(given, TimeSpan.Zero, nameof(options));
        return Watching.WatchFrom(Blocks.Listing.Fix(from), options, cancellationToken);
    }

    /// <summary>As <see cref="Watch(Cursor, WatchOptions, CancellationToken)"/>, without a thread of its own while
    /// there is nothing: the watchers of a store object share one that sleeps.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="options">What it brings; a timeout is for <see cref="Watch"/> only. Null: announcements.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The announcements; it ends when the store is disposed.</returns>
    /// <exception cref="ArrowCidException">While it is read: <see cref="ErrorCode.StoreGone"/>: the store was
    /// removed.</exception>
    /// <exception cref="ObjectDisposedException">The store was disposed before.</exception>
    public IAsyncEnumerable<StoreEvent> WatchAsync(Cursor from, WatchOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new WatchOptions();
        if (options.Timeout is not null)
            throw new ArgumentException("a watch that does not block has no timeout; cancel it", nameof(options));
        return Watching.WatchFromAsync(Blocks.Listing.Fix(from), options, cancellationToken);
    }
}
