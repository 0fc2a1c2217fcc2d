using Microsoft.Extensions.Logging;

namespace ArrowCid.Flight.Access;

/// <summary>
/// The log's lines of refused calls: a few a second, and how many there were beside, so that whoever knocks often fills
/// no disk. <c>/metrics</c> counts them all.
/// </summary>
internal sealed partial class RefusalLog(ILogger log, TimeProvider time) : IDisposable
{
    /// <summary>Lines a second.</summary>
    public const int Most = 10;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _began;
    private int _written, _omitted;

    public void Write(in Peer peer, string target, AccessNeed need, in AccessDecision decision)
    {
        int omitted = 0;
        lock (_lock)
        {
            long now = time.GetTimestamp();
            if (_written == 0 || time.GetElapsedTime(_began, now) >= s_window)
                (_began, _written, omitted, _omitted) = (now, 0, _omitted, 0);
            if (_written == Most)
            {
                _omitted++;
                return;
            }

            _written++;
        }

        LogOmitted(omitted);
        LogRefusal(log, peer.Protocol, peer.ToString(), target, need, decision.Refusal, decision.Client);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            LogOmitted(_omitted);
            _omitted = 0;
        }
    }

    private void LogOmitted(int count)
    {
        if (count > 0) LogOmitted(log, count);
    }

    [LoggerMessage(1, LogLevel.Warning,
        "refused: {Protocol} {Peer} {Target} needs {Need}: {Refusal} (client {Client})")]
    private static partial void LogRefusal(ILogger log, string protocol, string peer, string target, AccessNeed need,
        Refusal refusal, string client);

    [LoggerMessage(4, LogLevel.Warning, "refused: {Count} calls more, which are not logged one by one")]
    private static partial void LogOmitted(ILogger log, int count);
}
