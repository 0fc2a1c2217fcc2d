using ArrowCid.Registry;

namespace ArrowCid.Server.Service;

/// <summary>
/// One watcher: it reads the log until it has caught up, then follows the shared pages, and returns to the log if it
/// falls behind what is kept for them. It has a cursor and no queue. One caller.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="live">What all hear.</param>
/// <param name="from">Where to begin; what is put after this is made is heard.</param>
/// <param name="filter">Which puts are given; null: all.</param>
/// <param name="names">A pattern of names whose changes are given; null: none.</param>
/// <param name="withPuts">Whether puts are given.</param>
/// <exception cref="ArrowCidException">The cursor is not one of this store's.</exception>
internal sealed class WatchFeed(CidStore store, LiveAnnouncements live, Cursor from, Filter? filter,
    string? names = null, bool withPuts = true)
{
    private const int MostRows = 1024;

    private readonly FilterGlob? _names = names is null ? null : new FilterGlob(names);

    // Null while it waits with the others.
    private List<StoreEvent>? _found;

    /// <summary>The cursor after the last event returned or skipped.</summary>
    public Cursor At { get; private set; } = store.Blocks.Listing.Fix(from);

    /// <summary>Gives pages until there will be no more.</summary>
    /// <param name="pause">How long nothing may come before an empty page is given.</param>
    /// <param name="give">Takes a page; its list is used again afterwards.</param>
    /// <param name="ends">Ends it with <see cref="OperationCanceledException"/>.</param>
    public async Task RunAsync(TimeSpan pause, Func<WatchPage, Task> give, CancellationToken ends)
    {
        live.Begin();
        live.Count(1);
        try
        {
            while (await CatchUpAsync(pause, give, ends).ConfigureAwait(false) is { } number)
                await FollowAsync(number, pause, give, ends).ConfigureAwait(false);
        }
        finally
        {
            live.Count(-1);
        }
    }

    /// <summary>Reads the log until what comes next is what all hear of next.</summary>
    /// <returns>Its number; null where there is no more.</returns>
    private async Task<long?> CatchUpAsync(TimeSpan pause, Func<WatchPage, Task> give, CancellationToken ends)
    {
        using var own = CancellationTokenSource.CreateLinkedTokenSource(ends);
        var options = new WatchOptions { WithMetadata = true, Names = "*" };
        IAsyncEnumerator<StoreEvent> puts =
            store.WatchAsync(At, options, own.Token).GetAsyncEnumerator(own.Token);
        await using (puts.ConfigureAwait(false))
        {
            Task<bool> next = puts.MoveNextAsync().AsTask();
            try
            {
                while (true)
                {
                    if (!next.IsCompleted && live.Find(At) is { } number) return number;
                    await ComesAsync(next, pause, give).ConfigureAwait(false);
                    bool isEnd = !await next.ConfigureAwait(false);
                    _found ??= [];
                    while (!isEnd && _found.Count < MostRows)
                    {
                        At = puts.Current.Cursor;
                        if (Passes(puts.Current)) _found.Add(puts.Current);
                        next = puts.MoveNextAsync().AsTask();
                        if (!next.IsCompletedSuccessfully) break;
                        isEnd = !await next.ConfigureAwait(false);
                    }

                    _ = await GivesAsync(null, give).ConfigureAwait(false);
                    if (isEnd) return null;
                }
            }
            finally
            {
                // The watch is released only after its last waiter has left.
                await own.CancelAsync().ConfigureAwait(false);
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Follows the shared pages, until it falls behind the kept ones.</summary>
    private async Task FollowAsync(long number, TimeSpan pause, Func<WatchPage, Task> give, CancellationToken ends)
    {
        var watcher = new LiveWatcher((long)pause.TotalMilliseconds);
        live.Add(watcher);
        CancellationTokenRegistration end =
            ends.UnsafeRegister(static watcher => ((LiveWatcher)watcher!).Wake(), watcher);
        await using (end.ConfigureAwait(false))
        {
            try
            {
                while (true)
                {
                    ends.ThrowIfCancellationRequested();
                    long first = number;
                    if (!live.TryTake(ref number, ref _found, MostRows)) return;
                    if (number != first)
                    {
                        At = _found![^1].Cursor;
                        _ = _found.RemoveAll(put => !Passes(put));
                        // All who hear every put, and nothing else, are given the same.
                        bool isShared = filter is null && _names is null && withPuts;
                        if (await GivesAsync(isShared ? first : null, give).ConfigureAwait(false))
                            watcher.Spoke();
                    }

                    if (watcher.IsSilent)
                    {
                        await give(new WatchPage([], null)).ConfigureAwait(false);
                        watcher.Spoke();
                    }

                    if (number != first) continue;
                    _found = null;
                    await watcher.WaitAsync().ConfigureAwait(false);
                }
            }
            finally
            {
                live.Remove(watcher);
            }
        }
    }

    /// <summary>Waits, and says after each pause that nothing has come.</summary>
    private static async Task ComesAsync(Task next, TimeSpan pause, Func<WatchPage, Task> give)
    {
        while (!next.IsCompleted)
        {
            try
            {
                await next.WaitAsync(pause).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                await give(new WatchPage([], null)).ConfigureAwait(false);
            }
        }

        await next.ConfigureAwait(false);
    }

    /// <returns>Whether there was something to give.</returns>
    private async ValueTask<bool> GivesAsync(long? number, Func<WatchPage, Task> give)
    {
        if (_found is not { Count: > 0 } found) return false;
        await give(new WatchPage(found, number)).ConfigureAwait(false);
        found.Clear();
        return true;
    }

    private bool Passes(in StoreEvent put) => put.Kind switch
    {
        StoreEventKind.Gap => true,
        StoreEventKind.Name => _names?.IsMatch(put.Name) == true,
        _ => withPuts && PassesFilter(in put),
    };

    private bool PassesFilter(in StoreEvent put) => filter is null
        || (store.Metadata.Get(put.Cid) is { } entry
        && filter.Matches(entry, store.Clock.GetUtcNow()));
}
