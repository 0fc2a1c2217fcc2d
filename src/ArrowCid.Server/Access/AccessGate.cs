using ArrowCid.Server.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Access;

/// <summary>Decides what a caller may do: the one place that Flight and HTTP ask. For any number of threads.</summary>
/// <param name="settings">The rules.</param>
/// <param name="log">Gets the refusals.</param>
/// <param name="counters">Counts the refusals; null counts none.</param>
internal sealed class AccessGate(AccessSettings settings, ILogger log, ServerCounters? counters = null)
    : IDisposable
{
    private readonly RefusalLog _refusals = new(log, TimeProvider.System);

    /// <summary>Decides. A refusal is logged, without the token, unless there are too many.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="need">What the call asks for.</param>
    /// <param name="peer">Where it comes from.</param>
    /// <param name="target">What it is about, for the log: a route or a method.</param>
    public AccessDecision Decide(Caller caller, AccessNeed need, in CallerConnection peer, string target)
    {
        AccessDecision decision = Evaluate(caller, need, in peer);
        if (!decision.IsAllowed) Count(in peer, target, need, in decision);
        return decision;
    }

    /// <summary>Counts and logs a refusal.</summary>
    public void Count(in CallerConnection peer, string target, AccessNeed need, in AccessDecision decision)
    {
        counters?.Refused.Add(1, new KeyValuePair<string, object?>("protocol", peer.Protocol));
        _refusals.Write(in peer, target, need, in decision);
    }

    public void Dispose() => _refusals.Dispose();

    /// <summary>Decides without a line in the log.</summary>
    public AccessDecision Evaluate(Caller caller, AccessNeed need, in CallerConnection peer)
    {
        AccessScope least = AccessDecision.Least(need);
        if (settings.IsReadOnly && least > AccessScope.Read)
            return new AccessDecision(Refusal.Role, caller.Name ?? peer.ToString(), AccessScope.Read);
        if (caller.Name is { } name)
        {
            Refusal refusal = caller.Scope >= least ? Refusal.None : Refusal.SmallScope;
            return new AccessDecision(refusal, name, caller.Scope);
        }

        // A wrong token is refused also where none is needed: its owner believes it counts.
        if (caller.HasCredentials) return new AccessDecision(Refusal.WrongToken, peer.ToString(), AccessScope.None);
        return IsOpen(need, in peer)
            ? new AccessDecision(Refusal.None, peer.ToString(), least)
            : new AccessDecision(Refusal.NoToken, peer.ToString(), AccessScope.None);
    }

    /// <summary>Whether no token is needed.</summary>
    private bool IsOpen(AccessNeed need, in CallerConnection peer) => need switch
    {
        AccessNeed.Fetch => settings.AnonymousRead == AnonymousRead.Always
            || (settings.AnonymousRead == AnonymousRead.Loopback && peer.IsLocal),
        AccessNeed.Put => settings.AllowAnonymousPut && peer.Protocol == CallerConnection.Flight && peer.IsLocal,
        _ => false,
    };
}
