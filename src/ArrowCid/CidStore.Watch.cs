using System.Diagnostics;
using System.Runtime.CompilerServices;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Hearing of every put.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// The puts of batches by any process from a cursor on, as they come; blocks while there is none. Each lane's are
    /// in log order, none is left out and none comes twice, unless a <see cref="AnnouncementKind.Gap"/> says so; there
    /// is no order between lanes. <see cref="Cursor.Now"/> is when this is called: puts that returned before are left
    /// out. Nobody waits for a slow watcher (<c>Storage/FORMAT.md</c>, Watching).
    /// </summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="timeout">The watch ends once nothing has come for so long; zero ends it with what is there, null
    /// (the default) never.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The announcements, which end also when the store is disposed. While they are being read, the segments
    /// that they come from are leased.</returns>
    /// <exception cref="ArrowCidException">While it is read: <see cref="ErrorCode.StoreGone"/>: the store was
    /// removed.</exception>
    /// <exception cref="ObjectDisposedException">The store was disposed before.</exception>
    public IEnumerable<Announcement> Watch(Cursor from, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        if (timeout is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, TimeSpan.Zero, nameof(timeout));
        return WatchFrom(_blocks.Fix(from), timeout ?? TimeSpan.MaxValue, cancellationToken);
    }

    /// <summary>As <see cref="Watch"/>, without a thread of its own while there is nothing: the watchers of a store
    /// object share one that sleeps.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The announcements; it ends when the store is disposed.</returns>
    /// <exception cref="ArrowCidException">While it is read: <see cref="ErrorCode.StoreGone"/>: the store was
    /// removed.</exception>
    /// <exception cref="ObjectDisposedException">The store was disposed before.</exception>
    public IAsyncEnumerable<Announcement> WatchAsync(Cursor from, CancellationToken cancellationToken = default) =>
        WatchFromAsync(_blocks.Fix(from), cancellationToken);

    private IEnumerable<Announcement> WatchFrom(Cursor from, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using LogTail tail = _blocks.Tail(from);
        using CancellationTokenRegistration disturbance = cancellationToken.UnsafeRegister(
            static signal => ((LogSignal)signal!).Disturb(), _blocks.Signal);
        var pause = new LogPause(_blocks.Signal);
        long idle = 0;
        while (!tail.IsClosed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (tail.TryNext(out LogEvent found))
            {
                idle = 0;
                pause.Reset();
                if (TryAnnounce(in found, out Announcement announcement)) yield return announcement;
                continue;
            }

            if (idle == 0) idle = Stopwatch.GetTimestamp();
            TimeSpan left = timeout - Stopwatch.GetElapsedTime(idle);
            if (left <= TimeSpan.Zero) yield break;
            if (pause.LooksAgain()) continue;
            tail.ThrowIfGone();
            pause.Sleep(left);
        }
    }

    private async IAsyncEnumerable<Announcement> WatchFromAsync(Cursor from,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using LogTail tail = _blocks.Tail(from);
        var pause = new LogPause(_blocks.Signal);
        while (!tail.IsClosed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (tail.TryNext(out LogEvent found))
            {
                pause.Reset();
                if (TryAnnounce(in found, out Announcement announcement)) yield return announcement;
            }
            else if (!pause.LooksAgain())
            {
                tail.ThrowIfGone();
                await pause.SleepAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private bool TryAnnounce(in LogEvent found, out Announcement announcement)
    {
        announcement = default;
        if (found.Gap is { } gap)
        {
            announcement = new Announcement(AnnouncementKind.Gap, default, default, found.Lane, 0, found.Cursor, gap);
            return true;
        }

        RecordHeader record = found.Record;
        bool isAgain = record.RecordKind == RecordKind.Ref;
        if (isAgain ? !IsOfBatch(in record) : record.RecordKind != RecordKind.Batch) return false;
        BlockInfo info = record.ToInfo();
        AnnouncementKind kind = isAgain ? AnnouncementKind.Again : AnnouncementKind.New;
        announcement = new Announcement(kind, AddressOf(in info), info.Time, found.Lane, record.Sequence, found.Cursor,
            null);
        return true;
    }

    /// <summary>A REF does not say what kind its block is of.</summary>
    private bool IsOfBatch(in RecordHeader again)
    {
        // A schema is its own, and raw bytes have none.
        if (again.SchemaDigest == again.Digest || again.SchemaDigest == default) return false;
        try
        {
            using BlockLease? block = _blocks.Find(again.Digest);
            return block is null || block.Info.Kind == RecordKind.Batch;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // It was put; who asks for it hears what is wrong with it.
            return true;
        }
        catch (ObjectDisposedException)
        {
            // Nothing more is announced.
            return false;
        }
    }
}
