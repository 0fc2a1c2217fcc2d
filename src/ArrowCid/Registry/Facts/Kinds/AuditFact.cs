namespace ArrowCid.Registry;

/// <summary>Who did something. It changes nothing.</summary>
/// <param name="Action">What was done (<c>FACTS.md</c>); numbers that are not known yet are kept.</param>
/// <param name="By">Who.</param>
/// <param name="Block">The block; the default is the one that the record is put with, null is none.</param>
/// <param name="Name">The name that was set or removed; null where none was.</param>
internal sealed record AuditFact(ulong Action, string By, Cid? Block, string? Name) : Fact(FactKind.Audit)
{
    public const ulong Put = 1, SetName = 2, RemoveName = 3, Pin = 4, Unpin = 5;
}
