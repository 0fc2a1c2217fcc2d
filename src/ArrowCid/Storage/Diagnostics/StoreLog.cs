using Microsoft.Extensions.Logging;

namespace ArrowCid.Storage;

/// <summary>The log messages of a store. Their ids are those of <see cref="StoreNotificationKind"/>.</summary>
internal static partial class StoreLog
{
    /// <summary>The category of the messages.</summary>
    public const string Category = "ArrowCid.CidStore";

    [LoggerMessage((int)StoreNotificationKind.Opened, LogLevel.Debug,
        "{Directory}: opened, with a capacity of {Bytes} bytes")]
    public static partial void Opened(ILogger log, string directory, long bytes);

    [LoggerMessage((int)StoreNotificationKind.Rebuilt, LogLevel.Warning,
        "{Directory}: rebuilt table and index from the segments in {Took}; {Count} blocks found")]
    public static partial void Rebuilt(ILogger log, string directory, TimeSpan took, long count);

    [LoggerMessage((int)StoreNotificationKind.WriterRecovered, LogLevel.Information,
        "{Directory}: recovered the log of {Writer}, which ended without closing, in {Took}")]
    public static partial void WriterRecovered(ILogger log, string directory, string writer, TimeSpan took);

    [LoggerMessage((int)StoreNotificationKind.IndexRebuilt, LogLevel.Warning,
        "{Directory}: rebuilt the digest index from the segments in {Took}")]
    public static partial void IndexRebuilt(ILogger log, string directory, TimeSpan took);

    [LoggerMessage((int)StoreNotificationKind.DamageFound, LogLevel.Error,
        "{Directory}: {Bytes} damaged bytes at {Place} are quarantined (block {Block})")]
    public static partial void DamageFound(ILogger log, string directory, long bytes, string place, Cid? block);

    [LoggerMessage((int)StoreNotificationKind.BlockRepaired, LogLevel.Warning,
        "{Directory}: repaired block {Block} of {Bytes} bytes")]
    public static partial void BlockRepaired(ILogger log, string directory, Cid? block, long bytes);

    [LoggerMessage((int)StoreNotificationKind.SegmentEvicted, LogLevel.Debug,
        "{Directory}: evicted segment {Segment} of {Bytes} bytes")]
    public static partial void SegmentEvicted(ILogger log, string directory, string segment, long bytes);

    [LoggerMessage((int)StoreNotificationKind.Compacted, LogLevel.Information,
        "{Directory}: compacted {Count} segments and freed {Bytes} bytes in {Took}")]
    public static partial void Compacted(ILogger log, string directory, long count, long bytes, TimeSpan took);

    [LoggerMessage((int)StoreNotificationKind.Collected, LogLevel.Information,
        "{Directory}: collected {Count} blocks of {Bytes} bytes in {Took}")]
    public static partial void Collected(ILogger log, string directory, long count, long bytes, TimeSpan took);

    [LoggerMessage((int)StoreNotificationKind.MaintenanceDone, LogLevel.Information,
        "{Directory}: maintenance step {Task} handled {Count} items of {Bytes} bytes in {Took}")]
    public static partial void MaintenanceDone(ILogger log, string directory, string task, long count, long bytes,
        TimeSpan took);

    [LoggerMessage((int)StoreNotificationKind.MaintenanceFailed, LogLevel.Warning,
        "{Directory}: maintenance step {Task} failed: {Failure}")]
    public static partial void MaintenanceFailed(ILogger log, string directory, string task, string failure);

    [LoggerMessage((int)StoreNotificationKind.LockWaited, LogLevel.Warning,
        "{Directory}: waited {Took} for the {Lock} lock")]
    public static partial void LockWaited(ILogger log, string directory, TimeSpan took, string @lock);

    [LoggerMessage(900, LogLevel.Error, "{Directory}: a handler of notifications failed")]
    public static partial void HandlerFailed(ILogger log, string directory, Exception failure);
}
