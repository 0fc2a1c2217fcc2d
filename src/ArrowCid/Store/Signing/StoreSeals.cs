using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// Seals of the log: signed statements of how far its lanes go, of every change of every name, and of every entry of
/// the audit trail (<c>Signing/SIGNING.md</c>). A history that was edited, cut or replaced by an older copy later no
/// longer matches. Blocks that are removed, facts that are replaced or compacted, and entries of the audit trail that
/// are older than <see cref="MaintenancePolicy.AuditKeep"/>, are no edits of history.
/// </summary>
public sealed class StoreSeals
{
    /// <summary>The name that points to the last seal.</summary>
    public const string SealName = "arrowcid.seal";

    // A name whose change was being committed while the log was read may be missing in a seal.
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMinutes(1);

    private readonly CidStore _store;

    internal StoreSeals(CidStore store) => _store = store;

    /// <summary>Seals the log as it is now.</summary>
    /// <param name="key">The key. It should not be within reach of those who could edit the store.</param>
    /// <returns>The signed statement about the seal.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="StoreSignatures.SetName(string, Cid, SigningKey,
    /// IReadOnlyDictionary{string, string})"/>; <see cref="ErrorCode.Busy"/>: a lane cannot be read.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public SignedStatement Seal(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Cid? previous = _store.Names.Resolve(SealName);
        LogSeal seal = new SealedAudit(_store).AddTo(Read(previous));
        Cid cid = _store.PutRaw(seal.Encode(), Multicodec.DagCbor).Cid;
        return _store.Signatures.SetName(SealName, cid, previous, key).Statement;
    }

    /// <summary>Compares the log with its seals.</summary>
    /// <param name="signers">The keys whose seals count, as <see cref="SigningKey.Id"/>; null: all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What does not match.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a lane cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public SealCheck Check(IReadOnlyCollection<string>? signers = null, CancellationToken cancellationToken = default)
    {
        if (_store.Names.GetHistory(SealName).Count == 0) return Of(0, null, [], []);
        NameCheck chain = _store.Signatures.CheckName(SealName, signers);
        if (chain.Statements.Count == 0) return Of(0, null, [], ["no seal is signed by a key that counts"]);
        var faults = new List<string>();
        if (chain.Fault is { } fault) faults.Add(fault);
        LogSeal now = Read(null);
        var seals = new List<LogSeal>();
        DateTimeOffset? last = null;
        foreach (StatementCheck check in chain.Statements.Reverse())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Statement said = check.Statement!;
            if (ReadSeal(said.Subject, faults) is not { } seal) continue;
            seals.Add(seal);
            last ??= said.Time;
            Compare(seal, said.Time, now, isLast: seals.Count == 1, faults);
        }

        seals.Reverse();
        new SealedAudit(_store).Compare(seals, faults);

        return Of(seals.Count, last, [.. chain.Statements.Select(check => check.Statement!.Key).Distinct()], faults);
    }

    /// <summary>Does what <see cref="Check"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Check"/>
    public Task<SealCheck> CheckAsync(IReadOnlyCollection<string>? signers = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Check(signers, cancellationToken), cancellationToken);

    private void Compare(LogSeal seal, DateTimeOffset time, LogSeal now, bool isLast, List<string> faults)
    {
        string at = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        for (int lane = 0; seal.Store == now.Store && lane < Math.Min(seal.Lanes.Length, now.Lanes.Length); lane++)
        {
            if (now.Lanes[lane] < seal.Lanes[lane])
                faults.Add(string.Create(CultureInfo.InvariantCulture,
                    $"the seal of {at}: lane {lane} went to {seal.Lanes[lane]}, and goes to {now.Lanes[lane]}"));
        }

        IReadOnlyDictionary<string, NameRecord[]> names = Changes();
        foreach ((string name, long count, Digest256 hash) in seal.Names)
        {
            NameRecord[] changes = names.GetValueOrDefault(name) ?? [];
            if (changes.Length >= count && LogSeal.HashOf(changes, count) == hash) continue;
            faults.Add(string.Create(CultureInfo.InvariantCulture,
                $"the seal of {at}: the first {count} changes of the name '{name}' are others than were sealed" +
                $"{(changes.Length < count ? $"; {changes.Length} are there" : "")}"));
        }

        if (!isLast) return;
        HashSet<string> known = [.. seal.Names.Select(name => name.Name)];
        foreach ((string name, NameRecord[] changes) in names.Where(pair => !known.Contains(pair.Key)))
        {
            if (changes[0].Stamp.When < DateTimeOffset.FromUnixTimeMilliseconds(seal.Milliseconds) - s_tolerance)
                faults.Add($"the name '{name}' has a change from before the seal of {at}, which does not have it");
        }
    }

    private LogSeal? ReadSeal(Cid cid, List<string> faults)
    {
        try
        {
            if (_store.Reading.ReadBlock(cid) is { } block) return LogSeal.Decode(block);
            faults.Add($"the seal {cid} is not here");
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.BlockCorrupt)
        {
            faults.Add($"{cid} is no seal: {e.Message}");
        }

        return null;
    }

    /// <summary>The log as it is now.</summary>
    private LogSeal Read(Cid? previous)
    {
        BlockStore blocks = _store.Blocks;
        ulong[] marks = blocks.Listing.Marks();
        RegistryReader reader = _store.Registry.Reader;
        return reader.AskAt(marks, () => new LogSeal(
            blocks.Id,
            (long)(reader.State.MaxTime >> 16),
            [.. marks.Select(mark => (long)Math.Min(mark, long.MaxValue))],
            [.. reader.State.Names.OrderBy(log => log.Name, StringComparer.Ordinal).Select(log =>
                (log.Name, (long)log.Changes.Count, LogSeal.HashOf(log.Changes, log.Changes.Count)))],
            [],
            0,
            previous));
    }

    private Dictionary<string, NameRecord[]> Changes()
    {
        RegistryReader reader = _store.Registry.Reader;
        return reader.Ask(() => reader.State.Names.ToDictionary(log => log.Name, log => log.Changes.ToArray(),
            StringComparer.Ordinal));
    }

    private static SealCheck Of(int seals, DateTimeOffset? last, IReadOnlyList<string> signers,
        IReadOnlyList<string> faults) => new() { Seals = seals, Last = last, Signers = signers, Faults = faults };
}
