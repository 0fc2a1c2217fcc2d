using ArrowCid.Registry;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Access;

/// <summary>What every call passes first, over Flight and over HTTP.</summary>
internal sealed class Guard(AccessGate gate, ClientLimits limits)
{
    /// <summary>Asks whether a call may begin.</summary>
    /// <param name="context">The request.</param>
    /// <param name="need">What it asks for.</param>
    /// <param name="protocol">Over what (<see cref="CallerConnection"/>).</param>
    /// <param name="target">What it is about, for the log.</param>
    public Permit Enter(HttpContext context, AccessNeed need, string protocol, string target)
    {
        RecordCaller(context);
        AccessDecision decision = Decide(context, need, protocol, target);
        if (!decision.IsAllowed) return new Permit(decision, TimeSpan.Zero, null);
        TimeSpan wait = limits.TryEnter(decision.Client, out IDisposable? hold);
        return new Permit(decision, wait, hold);
    }

    /// <summary>As <see cref="Enter"/>, without counting the call: for what a call asks for beside.</summary>
    public AccessDecision Decide(HttpContext context, AccessNeed need, string protocol, string target) =>
        gate.Decide(CallerAuthentication.CallerOf(context), need, PeerOf(context, protocol), target);

    /// <summary>Returns what the caller of a call that was let in to store something may change.</summary>
    public CallerRights RightsOf(HttpContext context, CidStore store, string protocol, string target)
    {
        const AccessNeed Admin = AccessNeed.Admin;
        AccessDecision decision = Decide(context, AccessNeed.Put, protocol, target);
        return new CallerRights(store, decision.Scope, () =>
        {
            AccessDecision refusal = decision with { Refusal = Refusal.SmallScope };
            gate.Count(PeerOf(context, protocol), target, Admin, in refusal);
        });
    }

    /// <summary>Counts a call that needs nothing: for the client that shows its token, or for its address.</summary>
    public Permit EnterOpen(HttpContext context, string protocol)
    {
        RecordCaller(context);
        CallerConnection peer = PeerOf(context, protocol);
        AccessDecision known = gate.Evaluate(CallerAuthentication.CallerOf(context), AccessNeed.Fetch, in peer);
        var decision = new AccessDecision(Refusal.None, known.IsAllowed ? known.Client : peer.ToString(), known.Scope);
        TimeSpan wait = limits.TryEnter(decision.Client, out IDisposable? hold);
        return new Permit(decision, wait, hold);
    }

    /// <summary>Whether a caller may do something, without a line in the log.</summary>
    public bool IsAllowed(HttpContext context, AccessNeed need, string protocol) =>
        gate.Evaluate(CallerAuthentication.CallerOf(context), need, PeerOf(context, protocol)).IsAllowed;

    /// <summary>Lets what the call does be recorded as done by its caller. It counts for the asynchronous method that
    /// enters, and what that calls.</summary>
    private static void RecordCaller(HttpContext context) =>
        AuditScope.Subject = CallerAuthentication.CallerOf(context).Name;

    private static CallerConnection PeerOf(HttpContext context, string protocol) =>
        new(context.Connection.RemoteIpAddress, protocol);
}
