using System.Buffers.Binary;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Names of blocks, and their history.</summary>
internal sealed class RegistryNames(BlockStore blocks, TimeSpan timeout, RegistryReader reader,
    FactAppender facts, RegistryPins pins)
{
    /// <summary>The name of the trust rules, which every read looks for.</summary>
    public const string Trust = "arrowcid.trust";

    /// <summary>The byte that a name locks, by its hash.</summary>
    private static uint HashOf(string name)
    {
        Digest256 digest = Sha256.Hash(Encoding.UTF8.GetBytes(name));
        return BinaryPrimitives.ReadUInt32LittleEndian(Digest256.Bytes(in digest));
    }

    /// <summary>Assigns a name to a block, or removes the name: whole or not at all; no two calls replace the same
    /// change.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameConflict"/>, <see cref="ErrorCode.NameExists"/>: it
    /// points to another block than expected; <see cref="ErrorCode.NameNotFound"/>: it is to be removed and does not
    /// exist; <see cref="ErrorCode.BlockNotFound"/>; <see cref="ErrorCode.Busy"/>.</exception>
    /// <param name="name">The name.</param>
    /// <param name="cid">The block; null takes the name away.</param>
    /// <param name="expected">What the name must point to.</param>
    /// <param name="commit">Commits the fact together with the block, where that is not in the store yet; else
    /// null.</param>
    /// <param name="with">A fact that is committed with the change; null for none.</param>
    public NameChange Set(string name, Cid? cid, NameExpectation expected, Action<IFactSource>? commit = null,
        Fact? with = null)
    {
        facts.ThrowIfRing("a name");
        FactAppender.ThrowIfNoName(name);
        using IDisposable held = blocks.Coordination.LockName(HashOf(name), timeout);
        // Before the lanes are read: a drop that is over by now is in them.
        ulong sweep = blocks.Coordination.ReadSweep();
        blocks.Adoption.CatchUp(timeout);
        NameRecord? last = reader.AskAt(blocks.Listing.Marks(), () => reader.State.FindName(name))?.Last;
        NameExpectation.Check(name, last?.Target, last?.Stamp, cid, expected);
        if (name == Trust) blocks.TrustHint.MarkNamed();
        var fact = new NameFact(name, cid, last?.Stamp);
        Fact[] all = Audited(fact, with is null ? [fact] : [fact, with]);
        var record = new FactRecord(facts.NextStampAfter(last?.Stamp), all);
        if (cid is { } target) GiveName(fact, target, record, sweep, last, commit);
        else _ = blocks.Append(record);
        return new NameChange
        {
            Name = name,
            Cid = cid,
            Time = record.Stamp.When,
            Writer = record.Stamp.WriterId,
            IsConflict = false,
        };
    }

    /// <summary>Locks a text as names are locked, for one process at a time.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process has it.</exception>
    public IDisposable Lock(string text) => blocks.Coordination.LockName(HashOf(text), timeout);

    public Cid? Resolve(string name, DateTimeOffset? asOf)
    {
        NameLog? log = reader.Ask(() => reader.State.FindName(name));
        return asOf is { } when ? log?.At(FactStamp.LastTime(when))?.Target : log?.Last.Target;
    }

    /// <summary>The block that a change made a name point to; null for none, or where the change is not
    /// known.</summary>
    public Cid? At(string name, FactStamp change) => reader.Ask(() =>
        reader.State.FindName(name)?.Changes.FirstOrDefault(each => each.Stamp == change).Target);

    public IReadOnlyList<NameChange> History(string name) =>
        reader.Ask(() => reader.State.FindName(name)?.History() ?? []);

    public IReadOnlyList<NameChange> List() => reader.Ask<IReadOnlyList<NameChange>>(() =>
        [.. reader.State.Names.Where(log => log.Last.Target is not null)
            .OrderBy(log => log.Name, StringComparer.Ordinal).Select(log => log.Show())]);

    private Fact[] Audited(NameFact fact, Fact[] all) => facts.Audited(all,
        fact.Target is null ? AuditFact.RemoveName : AuditFact.SetName, fact.Target, fact.Name);

    private void GiveName(NameFact fact, Cid target, FactRecord record, ulong sweep, NameRecord? last,
        Action<IFactSource>? commit)
    {
        try
        {
            Digest256[] roots = [RegistryPins.DigestOf(target)];
            if (commit is null)
            {
                pins.Announce(roots, record, sweep);
                return;
            }

            commit(record);
            pins.AnnounceIfSwept(roots, sweep);
        }
        catch (RegistryPins.HollowException e)
        {
            // It stands already, and for something that is not whole: back to what it was.
            var back = new NameFact(fact.Name, last?.Target, record.Stamp);
            _ = blocks.Append(new FactRecord(facts.NextStampAfter(record.Stamp), Audited(back, [back])));
            throw new ArrowCidException(ErrorCode.BlockNotFound,
                $"{e.Message}; the name '{fact.Name}' is what it was", e);
        }
    }
}
