using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Storage;

/// <summary>
/// Reports what a handle does by itself: to its log, to the meters, and to a handler of notifications. The handler is
/// called in order on a thread of the pool, because reports are made while locks are held.
/// </summary>
internal sealed class StoreReporter
{
    /// <summary>A wait for a lock is reported from this length on.</summary>
    public static readonly TimeSpan LongWait = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<StoreNotification> _queue = new();
    private readonly ILogger _log;
    private readonly TimeProvider _clock;
    private readonly Action<StoreNotification>? _handler;
    private int _isDraining;

    public StoreReporter(string directory, TimeProvider clock, ILoggerFactory? loggers,
        Action<StoreNotification>? handler)
    {
        (Directory, _clock, _handler) = (directory, clock, handler);
        _log = loggers?.CreateLogger(StoreLog.Category) ?? NullLogger.Instance;
        Tag = KeyValuePair.Create(StoreMeter.DirectoryTag, (object?)directory);
    }

    /// <summary>The tag of the store's measurements.</summary>
    public KeyValuePair<string, object?> Tag { get; }

    private string Directory { get; }

    public void Opened(long capacity) => Report(New(StoreNotificationKind.Opened) with { ByteLength = capacity });

    public void Rebuilt(long blocks, TimeSpan took) =>
        Recovered(New(StoreNotificationKind.Rebuilt) with { Count = blocks, Took = took });

    public void WriterRecovered(int log, ulong process, TimeSpan took) => Recovered(
        New(StoreNotificationKind.WriterRecovered, $"writer {log} (process {process})") with { Took = took });

    public void IndexRebuilt(TimeSpan took) =>
        Recovered(New(StoreNotificationKind.IndexRebuilt) with { Took = took });

    public void DamageFound(DamagedRange range)
    {
        StoreMeter.Damage.Add(1, Tag);
        Report(New(StoreNotificationKind.DamageFound, range.Place) with
        {
            Block = range.Block,
            ByteLength = range.Bytes,
        });
    }

    public void BlockRepaired(in BlockInfo block) => Report(New(StoreNotificationKind.BlockRepaired) with
    {
        Block = Cid.FromSha256(block.Codec, block.Digest),
        ByteLength = block.Length,
    });

    public void SegmentEvicted(string name, long bytes)
    {
        StoreMeter.Evictions.Add(1, Tag);
        Report(New(StoreNotificationKind.SegmentEvicted, name) with { ByteLength = bytes });
    }

    public void Compacted(ReclaimReport report, TimeSpan took)
    {
        int freed = report.Segments.Count(one => one.Outcome == ReclaimOutcome.Freed);
        if (freed == 0) return;
        StoreMeter.Freed.Add(report.BytesFreed, Tag);
        Report(New(StoreNotificationKind.Compacted) with
        {
            Count = freed,
            ByteLength = report.BytesFreed,
            Took = took,
        });
    }

    public void Collected(long blocks, long bytes, TimeSpan took)
    {
        if (blocks == 0) return;
        Report(New(StoreNotificationKind.Collected) with { Count = blocks, ByteLength = bytes, Took = took });
    }

    public void Maintained(string task, long count, long bytes, TimeSpan took, string? failure) => Report(
        New(failure is null ? StoreNotificationKind.MaintenanceDone : StoreNotificationKind.MaintenanceFailed, task)
            with
        { Count = count, ByteLength = bytes, Took = took, Failure = failure });

    /// <summary>Measures a wait for a lock, and reports one of <see cref="LongWait"/> or longer.</summary>
    public void LockWaited(string name, TimeSpan took)
    {
        StoreMeter.LockWait.Record(took.TotalSeconds, Tag, KeyValuePair.Create("arrowcid.lock.name", (object?)name));
        if (took >= LongWait) Report(New(StoreNotificationKind.LockWaited, name) with { Took = took });
    }

    private void Recovered(StoreNotification one)
    {
        StoreMeter.RecoveryDuration.Record(one.Took.TotalSeconds, Tag,
            KeyValuePair.Create("arrowcid.recovery.kind", (object?)one.Kind.ToString()));
        Report(one);
    }

    private StoreNotification New(StoreNotificationKind kind, string subject = "") =>
        new() { Kind = kind, Directory = Directory, Time = _clock.GetUtcNow(), Subject = subject };

    private void Report(StoreNotification one)
    {
        try
        {
            Log(one);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A log that fails keeps no store from its work.
        }

        if (_handler is null) return;
        _queue.Enqueue(one);
        if (Interlocked.Exchange(ref _isDraining, 1) == 0)
            _ = ThreadPool.UnsafeQueueUserWorkItem(static reporter => reporter.Drain(), this, preferLocal: false);
    }

    private void Drain()
    {
        do
        {
            while (_queue.TryDequeue(out StoreNotification? one)) Handle(one);
            Volatile.Write(ref _isDraining, 0);
            // One that was queued since found the work in progress.
        }
        while (!_queue.IsEmpty && Interlocked.Exchange(ref _isDraining, 1) == 0);
    }

    private void Handle(StoreNotification one)
    {
        try
        {
            _handler!(one);
        }
        catch (Exception e)
        {
            try
            {
                StoreLog.HandlerFailed(_log, Directory, e);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // Nothing is left that could report it.
            }
        }
    }

    private void Log(StoreNotification one)
    {
        switch (one.Kind)
        {
            case StoreNotificationKind.Opened:
                StoreLog.Opened(_log, Directory, one.ByteLength);
                break;
            case StoreNotificationKind.Rebuilt:
                StoreLog.Rebuilt(_log, Directory, one.Took, one.Count);
                break;
            case StoreNotificationKind.WriterRecovered:
                StoreLog.WriterRecovered(_log, Directory, one.Subject, one.Took);
                break;
            case StoreNotificationKind.IndexRebuilt:
                StoreLog.IndexRebuilt(_log, Directory, one.Took);
                break;
            case StoreNotificationKind.DamageFound:
                StoreLog.DamageFound(_log, Directory, one.ByteLength, one.Subject, one.Block);
                break;
            case StoreNotificationKind.BlockRepaired:
                StoreLog.BlockRepaired(_log, Directory, one.Block, one.ByteLength);
                break;
            case StoreNotificationKind.SegmentEvicted:
                StoreLog.SegmentEvicted(_log, Directory, one.Subject, one.ByteLength);
                break;
            case StoreNotificationKind.Compacted:
                StoreLog.Compacted(_log, Directory, one.Count, one.ByteLength, one.Took);
                break;
            case StoreNotificationKind.Collected:
                StoreLog.Collected(_log, Directory, one.Count, one.ByteLength, one.Took);
                break;
            case StoreNotificationKind.MaintenanceDone:
                StoreLog.MaintenanceDone(_log, Directory, one.Subject, one.Count, one.ByteLength, one.Took);
                break;
            case StoreNotificationKind.MaintenanceFailed:
                StoreLog.MaintenanceFailed(_log, Directory, one.Subject, one.Failure!);
                break;
            default:
                StoreLog.LockWaited(_log, Directory, one.Took, one.Subject);
                break;
        }
    }
}
