using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>How long entries of the audit trail are kept: a member of the store's maintenance policy, which is a block
/// of dag-cbor that a name points to. Where it cannot be read, entries are kept for good.</summary>
/// <param name="blocks">The blocks.</param>
/// <param name="reader">What reads the log.</param>
internal sealed class AuditBound(BlockStore blocks, RegistryReader reader)
{
    /// <summary>The name of the maintenance policy.</summary>
    public const string PolicyName = "arrowcid.maintenance";

    /// <summary>The member of the policy, in milliseconds.</summary>
    public const string Member = "auditKeep";

    /// <summary>The first time of stamps of entries that are kept; 0 where all are.</summary>
    public ulong FirstKept() => Changes() is { Length: > 0 } changes && KeepOf(changes[^1]) is { } keep
        ? FactStamp.FirstTime(blocks.Clock.GetUtcNow(), keep)
        : 0;

    /// <summary>From when on every entry is there: before that the policy, as it is or was, may have left some
    /// out.</summary>
    public DateTimeOffset KeptFrom()
    {
        NameRecord[] changes = Changes();
        ulong first = 0;
        for (int i = 0; i < changes.Length; i++)
        {
            if (KeepOf(changes[i]) is not { } keep) continue;
            DateTimeOffset until = i + 1 < changes.Length ? changes[i + 1].Stamp.When : blocks.Clock.GetUtcNow();
            first = Math.Max(first, FactStamp.FirstTime(until, keep));
        }

        return new FactStamp(first, default).When;
    }

    private NameRecord[] Changes() =>
        reader.Ask(() => reader.State.FindName(PolicyName)?.Changes.ToArray() ?? []);

    private TimeSpan? KeepOf(NameRecord change)
    {
        if (change.Target is not { } policy || !policy.TryGetSha256(out Digest256 digest)) return null;
        // Below the trust rules, which may cover all blocks.
        using RecordLease? lease = blocks.Find(digest);
        if (lease is null || Sha256.Hash(lease.Memory.Span) != digest) return null;
        try
        {
            return DagCbor.Decode(lease.Memory.Span) is { Kind: IpldKind.Map } node &&
                node[Member] is { Kind: IpldKind.Integer } keep && keep.AsInteger() is var milliseconds &&
                milliseconds >= 0 && milliseconds <= (Int128)FactLimits.MaxMilliseconds
                ? TimeSpan.FromMilliseconds((double)milliseconds)
                : null;
        }
        catch (InvalidIpldException)
        {
            return null;
        }
    }
}
