using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Pins, removal, collection and forgetting of old versions.</summary>
public sealed partial class StoreRetention
{
    /// <summary>
    /// Removes the earlier versions of names that a policy does not keep. A version is the last change that made the
    /// name point to its block; removed versions do not count, so the same call twice removes nothing more. The names'
    /// histories stay, and so does what a name, pin, hold or another block needs.
    /// </summary>
    /// <param name="names">The names, each judged alone.</param>
    /// <param name="policy">What is kept.</param>
    /// <param name="dryRun">Only says what would go.</param>
    /// <param name="cancellationToken">Cancels the call. Nothing is removed then.</param>
    /// <returns>Every version, and what becomes of it.</returns>
    /// <exception cref="ArgumentException">The policy keeps nothing.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there never was such a name;
    /// <see cref="ErrorCode.Busy"/>: another process or thread is cleaning up.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public ForgetResult Forget(IReadOnlyCollection<string> names, ForgetPolicy policy, bool dryRun = false,
        CancellationToken cancellationToken = default) =>
        Forget(names, policy, dryRun, rule: "", cancellationToken);

    private ForgetResult Forget(IReadOnlyCollection<string> names, ForgetPolicy policy, bool dryRun, string rule,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(names);
        ThrowIfEmpty(policy);
        DateTimeOffset chosen = _store.Clock.GetUtcNow();
        var groups = new List<(string, List<(DateTimeOffset, Cid)>)>();
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            IReadOnlyList<NameChange> history = _store.Names.GetHistory(name);
            if (history.Count == 0)
                throw new ArrowCidException(ErrorCode.NameNotFound, $"there never was a name '{name}'");
            // Changes of one millisecond stand in their order.
            groups.Add((name, [.. history.Reverse().Where(change => change.Cid is not null)
                .DistinctBy(change => change.Cid).Select(change => (change.Time, change.Cid!.Value))
                .Where(version => _store.Metadata.Get(version.Value)?.IsPresent == true)]));
        }

        return Forget(groups, policy, chosen, dryRun, rule, cancel);
    }

    /// <summary>Removes, of the batches that pass a filter, those that a policy does not keep. Each is a version as of
    /// its first put.</summary>
    /// <param name="filter">Which batches.</param>
    /// <param name="groupBy">What versions of one thing have in common: <c>producer</c>, <c>schema</c> or
    /// <c>tag.KEY</c>; none: all that pass are versions of one thing.</param>
    /// <param name="policy">What is kept.</param>
    /// <param name="dryRun">Only says what would go.</param>
    /// <param name="cancellationToken">Cancels the call. Nothing is removed then.</param>
    /// <returns>Every version, and what becomes of it.</returns>
    /// <exception cref="ArgumentException">The policy keeps nothing, or nothing is grouped by such a word.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is cleaning
    /// up.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public ForgetResult Forget(Filter filter, IReadOnlyList<string> groupBy, ForgetPolicy policy,
        bool dryRun = false, CancellationToken cancellationToken = default) =>
        Forget(filter, groupBy, policy, dryRun, rule: "", cancellationToken);

    private ForgetResult Forget(Filter filter, IReadOnlyList<string> groupBy, ForgetPolicy policy, bool dryRun,
        string rule, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(groupBy);
        ThrowIfEmpty(policy);
        DateTimeOffset chosen = _store.Clock.GetUtcNow();
        foreach (string word in groupBy) ThrowIfNoGroup(word, nameof(groupBy));

        return Forget([.. StoreMetadata.Cancelling(_store.Query(filter), cancel)
            .Where(entry => entry is { Kind: BlockKind.Batch, Created: not null })
            .GroupBy(entry => GroupOf(entry, groupBy)).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, group.OrderBy(entry => entry.Cid)
                .Select(entry => (entry.Created!.Value, entry.Cid)).ToList()))],
            policy, chosen, dryRun, rule, cancel);
    }

    private ForgetResult Forget(List<(string Group, List<(DateTimeOffset Time, Cid Cid)> Versions)> groups,
        ForgetPolicy policy, DateTimeOffset chosen, bool isDryRun, string rule, CancellationToken cancel)
    {
        var judged = new List<ForgetVersion>();
        foreach ((string group, List<(DateTimeOffset Time, Cid Cid)> versions) in groups)
        {
            (DateTimeOffset Time, Cid Cid)[] sorted =
                [.. versions.OrderByDescending(each => each.Time)];
            IReadOnlyList<IReadOnlyList<string>> rules = policy.Evaluate(Array.ConvertAll(sorted, each => each.Time));
            judged.AddRange(sorted.Zip(rules, (version, kept) =>
                new ForgetVersion
                {
                    Group = group,
                    Time = version.Time,
                    Cid = version.Cid,
                    KeptBy = kept,
                    Reasons = [],
                }));
        }

        // What one group keeps stays for all.
        HashSet<Cid> kept = [.. judged.Where(version => version.KeptBy.Count > 0).Select(version => version.Cid)];
        Cid[] going = [.. judged.Select(version => version.Cid).Distinct().Where(cid => !kept.Contains(cid))];
        Removal removal = _store.Registry.Removals.Remove(going, isDryRun, chosen, rule, cancel: cancel);
        Dictionary<Cid, List<KeepReason>> reasons = removal.Kept.ToDictionary(each => each.Cid, each => each.Reasons);
        return new ForgetResult
        {
            Versions = [.. judged.Select(version => version with
            {
                KeptBy = version.KeptBy.Count == 0 && kept.Contains(version.Cid) ? ["another group"] : version.KeptBy,
                Reasons = reasons.GetValueOrDefault(version.Cid) ?? [],
            })],
            ByteLength = removal.Bytes,
            IsDryRun = isDryRun,
        };
    }

    private static string GroupOf(StoredEntry entry, IReadOnlyList<string> words) =>
        string.Join("  ", words.Select(word => word switch
        {
            "producer" => $"producer={entry.Producer}",
            "schema" => $"schema={entry.SchemaCid}",
            _ => $"{word}={entry.Tags.GetValueOrDefault(word[4..])}",
        }));

    internal static void ThrowIfNoGroup(string word, string parameter)
    {
        bool isKnown = word is "producer" or "schema" ||
            (word.StartsWith("tag.", StringComparison.Ordinal) && word.Length > 4);
        if (!isKnown) throw new ArgumentException($"Group by producer, schema or tag.KEY, not '{word}'.", parameter);
    }

    /// <summary>Applies a rule of a policy. Names that there never were have no versions.</summary>
    internal ForgetResult Forget(ForgetRule rule, bool isDryRun, CancellationToken cancel) => rule.Where is { } filter
        ? Forget(filter, rule.GroupBy, rule.Policy, isDryRun, rule.Id, cancel)
        : Forget([.. rule.Names.Where(name => _store.Names.GetHistory(name).Count > 0)], rule.Policy, isDryRun,
            rule.Id, cancel);

    private static void ThrowIfEmpty(ForgetPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (policy.IsEmpty) throw new ArgumentException("A policy that keeps nothing is no policy.", nameof(policy));
    }
}
