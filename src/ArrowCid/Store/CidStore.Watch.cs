using System.Diagnostics;
using System.Runtime.CompilerServices;
using ArrowCid.Registry;
using ArrowCid.Storage;

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
        return WatchFrom(_blocks.Listing.Fix(from), options, cancellationToken);
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
        return WatchFromAsync(_blocks.Listing.Fix(from), options, cancellationToken);
    }

    private IEnumerable<StoreEvent> WatchFrom(Cursor from, WatchOptions options, CancellationToken cancellationToken)
    {
        TimeSpan timeout = options.Timeout ?? TimeSpan.MaxValue;
        PutFacts? facts = options.WithMetadata ? new PutFacts() : null;
        using LogReader tail = _blocks.Tail(from, facts is null ? TailScope.Blocks : TailScope.All);
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
                if (TryAnnounce(in found, facts, out StoreEvent announcement)) yield return announcement;
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

    private async IAsyncEnumerable<StoreEvent> WatchFromAsync(Cursor from, WatchOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PutFacts? facts = options.WithMetadata ? new PutFacts() : null;
        using LogReader tail = _blocks.Tail(from, facts is null ? TailScope.Blocks : TailScope.All);
        var pause = new LogPause(_blocks.Signal);
        while (!tail.IsClosed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (tail.TryNext(out LogEvent found))
            {
                pause.Reset();
                if (TryAnnounce(in found, facts, out StoreEvent announcement)) yield return announcement;
            }
            else if (!pause.LooksAgain())
            {
                tail.ThrowIfGone();
                await pause.SleepAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    internal bool TryAnnounce(in LogEvent found, PutFacts? facts, out StoreEvent announcement)
    {
        announcement = default;
        if (found.Gap is { } gap)
        {
            announcement = new StoreEvent
            {
                Kind = StoreEventKind.Gap,
                Address = default,
                Time = default,
                Lane = found.Lane,
                Sequence = 0,
                Cursor = found.Cursor,
                Gap = gap,
            };
            return true;
        }

        RecordHeader record = found.Record;
        if (record.RecordKind == RecordKind.Fact)
        {
            facts?.Keep(in found);
            return false;
        }

        bool isAgain = record.RecordKind == RecordKind.Ref;
        if (isAgain ? !IsOfBatch(in record) : record.RecordKind != RecordKind.Batch) return false;
        BlockInfo info = record.ToInfo();
        StoreEventKind kind = isAgain ? StoreEventKind.Repeated : StoreEventKind.New;
        announcement = new StoreEvent
        {
            Kind = kind,
            Address = AddressOf(in info),
            Time = info.Time,
            Lane = found.Lane,
            Sequence = record.Sequence,
            Cursor = found.Cursor,
            Gap = null,
            Metadata = facts?.Of(in record, found.Lane),
        };
        return true;
    }

    /// <summary>The metadata of a put is the record just in front of the block's in its lane.</summary>
    internal sealed class PutFacts
    {
        private readonly Dictionary<int, (RecordHeader Record, ReadOnlyMemory<byte> Payload)> _last = [];

        public void Keep(in LogEvent found) => _last[found.Lane] = (found.Record, found.Payload);

        public BlockMetadata? Of(in RecordHeader block, int lane)
        {
            if (!_last.Remove(lane, out var last) || last.Record.Sequence + 1 != block.Sequence) return null;
            List<FactGroup> groups = FactReader.Read(last.Payload.Span, last.Record.TimeNanoseconds, static _ => { });
            return FactRecord.MetadataOf(groups.SelectMany(group => group.Facts), in block.Digest);
        }
    }

    /// <summary>A REF does not say what kind its block is of.</summary>
    private bool IsOfBatch(in RecordHeader again)
    {
        // A schema is its own, and raw bytes have none.
        if (again.SchemaDigest == again.Digest || again.SchemaDigest == default) return false;
        try
        {
            using RecordLease? block = _blocks.Find(again.Digest);
            return block is null || block.Info.Kind == RecordKind.Batch;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // It was put; a request for it gets the error.
            return true;
        }
        catch (ObjectDisposedException)
        {
            // Nothing more is announced.
            return false;
        }
    }
}
