using System.Collections.Concurrent;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// Trust rules: which keys have to sign which blocks. They are a block that the name <see cref="TableName"/> points to;
/// backups include it, and the name's history shows earlier rules. Every process checks them at each read, export and
/// import; a refusal names the rule. Nothing is removed by a rule: without it the block can be read again. No rule
/// covers what rules are judged by: statements, signatures, seals, and the rules themselves.
/// </summary>
public sealed class StoreTrust
{
    /// <summary>The name that points to the rules.</summary>
    public const string TableName = RegistryNames.Trust;

    private const int MostWarned = 1 << 12;

    private readonly CidStore _store;
    private readonly ConcurrentDictionary<Cid, bool> _warned = new();
    private volatile bool _isKnownNone;
    private volatile RulesInEffect? _known;

    internal StoreTrust(CidStore store) => _store = store;

    /// <summary>Tells of a block that is read although a rule with <see cref="TrustPolicy.Warn"/> is not met: once per
    /// block. It is raised on the thread that reads.</summary>
    public event EventHandler<TrustVerdict>? Warned;

    /// <summary>Lists the rules, sorted by filter and key.</summary>
    /// <returns>The rules; none where none were added.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the name <see cref="TableName"/> points
    /// to something else; <see cref="ErrorCode.BlockNotFound"/>: its block is not stored.</exception>
    public IReadOnlyList<TrustRule> List() => Current().Table.Rules;

    /// <summary>Lists the revoked keys, sorted.</summary>
    /// <returns>The keys; none where none were revoked.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="List"/>.</exception>
    public IReadOnlyList<RevokedKey> ListRevoked() => Current().Table.Revoked;

    /// <summary>Adds a rule, or replaces the one of its key and filter.</summary>
    /// <param name="rule">The rule.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a part of it is not allowed;
    /// <see cref="ErrorCode.NameConflict"/>: another process changed the rules at the same time; others as for
    /// <see cref="StoreNames.Set(string, Cid)"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Add(TrustRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        TrustTable.ThrowIfInvalid(rule);
        RulesInEffect known = Current();
        Save(known, known.Table with { Rules = [.. known.Table.Rules.Where(other => !IsSame(other, rule)), rule] });
    }

    /// <summary>Removes the rules of a key.</summary>
    /// <param name="key">The id of the key.</param>
    /// <param name="filter">The filter of the rule; null: all rules of the key.</param>
    /// <returns>The number of removed rules.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Add"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public int Remove(string key, string? filter = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        RulesInEffect known = Current();
        TrustRule[] left = [.. known.Table.Rules.Where(rule =>
            rule.Key != key || (filter is not null && rule.Filter != filter))];
        int removed = known.Table.Rules.Count - left.Length;
        if (removed > 0) Save(known, known.Table with { Rules = left });
        return removed;
    }

    /// <summary>Revokes a key: its statements no longer count for any rule.</summary>
    /// <param name="key">The id of the key, <c>p256:…</c>.</param>
    /// <param name="since">From which time in a statement on; null: all of them, as for a key that another person
    /// may have, who can write any time into a statement.</param>
    /// <exception cref="ArrowCidException">As for <see cref="Add"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Revoke(string key, DateTimeOffset? since = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        string id = PublicKey.Parse(key).Text;
        RulesInEffect known = Current();
        Save(known, known.Table with
        {
            Revoked =
            [
                .. known.Table.Revoked.Where(other => other.Key != id), new RevokedKey { Key = id, Since = since },
            ],
        });
    }

    /// <summary>Judges a block by the rules, without a look at its bytes.</summary>
    /// <param name="cid">The block.</param>
    /// <returns>The verdict; of a block of which nothing is known, that no rule covers it.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="List"/>.</exception>
    public TrustVerdict Judge(Cid cid)
    {
        BlockProof.ThrowIfDefault(cid);
        return _store.Metadata.Get(cid) is { } entry ? Judge(cid, entry, Current().Table) : Covers(cid, false);
    }

    /// <summary>Judges a block by rules that are not in effect, to learn what they would do.</summary>
    /// <param name="entry">The block.</param>
    /// <param name="rules">The rules.</param>
    /// <returns>The verdict.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a rule is not
    /// allowed.</exception>
    public TrustVerdict Judge(StoredEntry entry, IReadOnlyList<TrustRule> rules)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(rules);
        foreach (TrustRule rule in rules) TrustTable.ThrowIfInvalid(rule);
        return Judge(entry.Cid, entry, new TrustTable(rules, ListRevoked()));
    }

    /// <summary>Whether there may be rules: a load of one word, where there never were any.</summary>
    internal bool MayApply
    {
        get
        {
            TrustHint hint = _store.Blocks.TrustHint;
            if (hint.IsNone || (_isKnownNone && !hint.IsNamed)) return false;
            if (hint.IsNamed) return true;
            if (_store.Names.GetHistory(TableName).Count > 0)
            {
                if (!_store.IsReadOnly) hint.MarkNamed();
                return true;
            }

            _isKnownNone = true;
            if (!_store.IsReadOnly) hint.TryMarkNone();
            return false;
        }
    }

    /// <summary>Throws where a rule refuses a block.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: one does.</exception>
    internal void Require(Cid cid)
    {
        TrustTable table = Current().Table;
        if (table.Rules.Count == 0 || _store.Metadata.Get(cid) is not { } entry) return;
        TrustVerdict verdict = Judge(cid, entry, table);
        if (verdict.IsRefused)
        {
            throw new ArrowCidException(ErrorCode.AccessDenied, verdict.Fault!)
            {
                Remedy = new Remedy(RemedyKind.SignOrChangeTrust),
            };
        }

        if (verdict.Rule is null || Warned is not { } warned) return;
        if (_warned.Count >= MostWarned) _warned.Clear();
        if (_warned.TryAdd(cid, true)) warned(this, verdict);
    }

    /// <summary>Removes imported blocks that a rule refuses, which no reader has seen, and throws.</summary>
    /// <param name="cids">The blocks that were new.</param>
    internal void RequireImported(IEnumerable<Cid> cids)
    {
        if (!MayApply) return;
        TrustVerdict[] refused = [.. cids.Select(Judge).Where(verdict => verdict.IsRefused)];
        if (refused.Length == 0) return;
        _ = _store.Retention.Remove([.. refused.Select(verdict => verdict.Cid)], force: true,
            cancellationToken: CancellationToken.None);
        throw new ArrowCidException(ErrorCode.AccessDenied, refused.Length == 1
            ? $"{refused[0].Fault}; it was not imported"
            : $"{refused[0].Fault}; it was not imported, nor were {refused.Length - 1} others")
        {
            Remedy = new Remedy(RemedyKind.SignOrChangeTrust),
        };
    }

    private TrustVerdict Judge(Cid cid, StoredEntry entry, TrustTable table)
    {
        DateTimeOffset now = _store.Clock.GetUtcNow();
        TrustRule? unmet = null;
        bool isCovered = false;
        Statement[]? statements = null;
        foreach ((Filter filter, TrustRule[] rules) in table.Groups)
        {
            if (!filter.Matches(entry, now)) continue;
            isCovered = true;
            statements ??= [.. StatementsOf(cid, entry)];
            if (Array.Exists(rules, rule => Array.Exists(statements, said => table.Counts(rule, said)))) continue;
            TrustRule strongest = Array.Find(rules, rule => rule.Policy == TrustPolicy.Refuse) ?? rules[0];
            if (unmet is null || strongest.Policy < unmet.Policy) unmet = strongest;
        }

        // Looked at last, and only where the block would be refused or warned of.
        if (unmet is not null && TrustEvidence.IsOne(_store.Blocks, cid)) return Covers(cid, false);
        return Covers(cid, isCovered) with
        {
            Rule = unmet,
            Fault = unmet is null ? null : FaultOf(cid, unmet, table, statements!),
        };
    }

    private IEnumerable<Statement> StatementsOf(Cid cid, StoredEntry entry)
    {
        foreach (SignedPair pair in entry.Signed)
        {
            SignatureState state = _store.Registry.Entries.Signers.CheckKnown(pair, out Statement? statement);
            if (state == SignatureState.Holds && statement!.Subject.Hash == cid.Hash) yield return statement;
        }
    }

    private static string FaultOf(Cid cid, TrustRule rule, TrustTable table, Statement[] statements)
    {
        string keys = string.Join(" or ", table.Rules.Where(other => other.Filter == rule.Filter)
            .Select(other => other.Key));
        Statement? late = Array.Find(statements, said => said.Key == rule.Key);
        string why = late is null ? $"no statement by {keys} about it holds"
            : table.Revoked.Any(key => key.Key == rule.Key)
                ? $"{rule.Key}, which signed it, is revoked"
                : $"the statement of {late.Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} by {rule.Key} is outside of " +
                    "the time of the rule";
        return $"{cid}: the trust rule for '{rule.Filter}' is not met: {why}";
    }

    private static TrustVerdict Covers(Cid cid, bool isCovered) => new() { Cid = cid, IsCovered = isCovered };

    private static bool IsSame(TrustRule one, TrustRule other) => one.Key == other.Key && one.Filter == other.Filter;

    /// <summary>The rules that are in effect.</summary>
    private RulesInEffect Current()
    {
        Cid? cid = _store.Names.Resolve(TableName);
        if (_known is { } known && known.Cid == cid) return known;
        var read = new RulesInEffect(cid, cid is { } table ? Read(table) : TrustTable.Empty);
        _known = read;
        _warned.Clear();
        return read;
    }

    private TrustTable Read(Cid cid)
    {
        // Below the rules, which may cover their own table.
        using RecordLease lease = cid.TryGetSha256(out Digest256 digest) && _store.Blocks.Find(digest) is { } found
            ? found
            : throw _store.Proofs.NotHere(cid);
        try
        {
            if (Sha256.Hash(lease.Memory.Span) != digest)
                throw new ArrowCidException(ErrorCode.BlockCorrupt, $"the trust rules {cid} are damaged");
            return TrustTable.Decode(lease.Memory.Span);
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the name '{TableName}' points to {cid}, which are no trust rules ({e.Rule})", e);
        }
    }

    private void Save(RulesInEffect before, TrustTable table)
    {
        Cid cid = _store.PutRaw(table.Encode(), Multicodec.DagCbor).Cid;
        if (cid != before.Cid) _ = _store.Names.Set(TableName, cid, before.Cid);
    }

    private sealed record RulesInEffect(Cid? Cid, TrustTable Table);
}
