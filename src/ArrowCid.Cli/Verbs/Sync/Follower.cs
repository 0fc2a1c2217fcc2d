using System.Diagnostics.CodeAnalysis;
using ArrowCid.Registry;
using ArrowCid.Sync;

namespace ArrowCid.Cli.Verbs;

/// <summary>Pulls again and again what comes to another store. While the other side does not answer it asks less
/// often.</summary>
/// <param name="store">The store that follows.</param>
/// <param name="from">The other side.</param>
internal sealed class Follower(CidStore store, string from)
{
    /// <summary>The time between two looks where none is given.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(5);

    private const int MostSlower = 12;

    private bool _isFirst = true;

    /// <summary>The blocks that come; null: all.</summary>
    public Filter? Filter { get; init; }

    /// <summary>Whether removals follow.</summary>
    public bool Delete { get; init; }

    /// <summary>The time between two looks.</summary>
    public TimeSpan Every { get; init; } = Usual;

    /// <summary>Where names of the other side go; null: they are the same on both sides.</summary>
    public string? NamePrefix { get; init; }

    /// <summary>The most bytes of blocks per second; null: no limit.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Gets the progress.</summary>
    public IProgress<SyncProgress>? Progress { get; init; }

    /// <summary>Gets each report that has something in it, and gives an exit code.</summary>
    public required Func<SyncReport, int> Synced { get; init; }

    /// <summary>Pulls once.</summary>
    /// <returns>The exit code.</returns>
    public int Once(CancellationToken end) => Synced(Pull(end));

    /// <summary>Follows until it is canceled.</summary>
    public void Run(CancellationToken end)
    {
        int slower = 1;
        while (!end.IsCancellationRequested)
        {
            try
            {
                SyncReport report = Pull(end);
                bool isNews = _isFirst || report.BlocksPulled + report.FactsPulled + report.NamesPulled.Count > 0 ||
                    report.Items.Any(item => item.Outcome == SyncOutcome.Delete);
                if (isNews) _ = Synced(report);
                (_isFirst, slower) = (false, 1);
            }
            catch (ArrowCidException e) when (MayPass(e))
            {
                CommandError.Say($"{from} is asked again later: {Advice.Of(e)}");
                slower = Math.Min(slower * 2, MostSlower);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }

            _ = end.WaitHandle.WaitOne(Every * slower);
        }
    }

    [SuppressMessage("Style", "IDE0078", Justification = "Codes, one below the other, are read as a list.")]
    private static bool MayPass(ArrowCidException e) => e.Code is ErrorCode.Busy or ErrorCode.Io or ErrorCode.StoreFull
        or ErrorCode.StoreGone or ErrorCode.ResourceExhausted;

    private SyncReport Pull(CancellationToken end)
    {
        using SyncSide side = SyncSide.Open(from);
        using SyncPeer peer = side.AsPeer();
        return store.Transfer.Sync(peer, new SyncOptions
        {
            Direction = SyncDirection.Pull,
            Filter = Filter,
            NamePrefix = NamePrefix,
            BytesPerSecond = BytesPerSecond,
            Delete = Delete,
            // What was removed before this began follows too.
            Full = Delete && _isFirst,
        }, Progress, end);
    }
}
