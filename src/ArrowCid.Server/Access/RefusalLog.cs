using ArrowCid.Server.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Access;

/// <summary>
/// The log's lines of refused calls: a few a second, and the number of the others. <c>/metrics</c> counts them all.
/// </summary>
internal sealed partial class RefusalLog(ILogger log, TimeProvider time) : IDisposable
{
    private readonly LogThrottle _throttle = new(time);

    public void Write(in CallerConnection peer, string target, AccessNeed need, in AccessDecision decision)
    {
        if (!_throttle.TryEnter(out int omitted)) return;
        LogOmitted(omitted);
        LogRefusal(log, peer.Protocol, peer.ToString(), target, need, decision.Refusal, decision.Client);
    }

    public void Dispose() => LogOmitted(_throttle.TakeOmitted());

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
