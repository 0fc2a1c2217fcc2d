using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// A handle's registry: what is known of blocks beside their bytes, as facts in the writers' logs. For any number of
/// threads at once.
/// </summary>
internal sealed class StoreRegistry : IFactKeeper
{
    private readonly BlockStore _blocks;
    private readonly FactFilter _sieve;

    public StoreRegistry(BlockStore blocks, TimeSpan timeout, string? auditSubject = null)
    {
        _blocks = blocks;
        _sieve = new FactFilter(blocks.Coordination.IsHeld, blocks.Handle.HasSegment, blocks.Clock);
        Reader = new RegistryReader(blocks, timeout);
        Facts = new FactAppender(blocks, Reader, auditSubject);
        Audit = new AuditBound(blocks, Reader);
        Entries = new EntryReader(blocks, Reader);
        Queries = new QueryReader(blocks, Reader, Entries);
        Copies = new CopyReader(Reader, Entries);
        Backlog = new BacklogReader(blocks, Reader, Entries);
        Pins = new RegistryPins(blocks, Reader, Facts);
        Names = new RegistryNames(blocks, timeout, Reader, Facts, Pins);
        Results = new RegistryResults(blocks, Reader, Facts, Pins);
        Messages = new RegistryMessages(blocks, Reader, Facts);
        Removals = new BlockRemoval(blocks, timeout, Reader, Facts, Entries, Results, Messages, Backlog);
        Collector = new BlockCollector(blocks, timeout, Reader, Entries, Removals);
    }

    /// <summary>The facts, folded, and their index.</summary>
    public RegistryReader Reader { get; }

    /// <summary>New facts.</summary>
    public FactAppender Facts { get; }

    /// <summary>How long entries of the audit trail are kept.</summary>
    public AuditBound Audit { get; }

    /// <summary>What is known of one block.</summary>
    public EntryReader Entries { get; }

    /// <summary>Blocks by what is known of them.</summary>
    public QueryReader Queries { get; }

    /// <summary>Copies of blocks at places.</summary>
    public CopyReader Copies { get; }

    /// <summary>Blocks that are to be copied to places.</summary>
    public BacklogReader Backlog { get; }

    /// <summary>Pins and holds.</summary>
    public RegistryPins Pins { get; }

    /// <summary>Names.</summary>
    public RegistryNames Names { get; }

    /// <summary>Results of calls.</summary>
    public RegistryResults Results { get; }

    /// <summary>Messages of channels.</summary>
    public RegistryMessages Messages { get; }

    /// <summary>Removal of blocks that were chosen.</summary>
    public BlockRemoval Removals { get; }

    /// <summary>Collection of blocks that nothing needs.</summary>
    public BlockCollector Collector { get; }

    /// <inheritdoc/>
    public string? ExamineDerived(bool repairs) => Reader.ExamineDerived(repairs);

    /// <inheritdoc/>
    public void Refresh()
    {
        ulong auditFrom = Audit.FirstKept();
        Reader.ReadAndLetGo();
        lock (Reader.Gate) _sieve.Forget(auditFrom);
    }

    /// <inheritdoc/>
    public bool IsDead(in Digest256 digest)
    {
        Digest256 asked = digest;
        return Reader.Known(() => Entries.IsDeadNow(in asked));
    }

    /// <inheritdoc/>
    public bool IsDropped(in Digest256 digest)
    {
        Digest256 asked = digest;
        return Reader.Known(() => Reader.State.HasDrops && Reader.State.Find(in asked) is { IsDropped: true });
    }

    /// <inheritdoc/>
    public bool IsKilled(in Digest256 digest, int lane, ulong sequence)
    {
        Digest256 asked = digest;
        return Reader.Known(() => Reader.State.HasDrops &&
            (Reader.State.Find(in asked)?.IsKilled(lane, sequence) ?? false));
    }

    /// <inheritdoc/>
    public bool IsLastPut(in Digest256 digest, ulong nanoseconds)
    {
        Digest256 asked = digest;
        return Reader.Known(() => Reader.State.Find(in asked))?.LastPut <= nanoseconds;
    }

    /// <inheritdoc/>
    public List<FactPayload>? Filter(IReadOnlyList<FactPayload> records, Func<Digest256, bool> isLeft) =>
        Reader.Known(() => _sieve.Sift(Reader.State, records, isLeft));

    /// <inheritdoc/>
    public IFactSource Record(DamagedRange range) => Facts.Record(new DamagedFact(range.Block, (ulong)range.Slot,
        range.Generation, (ulong)range.Offset, (ulong)range.Bytes,
        (ulong)Math.Max(0, _blocks.Clock.GetUtcNow().ToUnixTimeMilliseconds())));

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<byte> payload, ulong recordNanoseconds, List<DamagedRange> found)
    {
        foreach (FactGroup group in FactReader.Read(payload, recordNanoseconds, _ => { }))
        {
            foreach (DamagedFact fact in group.Facts.OfType<DamagedFact>())
                found.Add(new DamagedRange(fact.Block, (int)fact.Slot, (uint)fact.Generation, (long)fact.Offset,
                    (long)fact.Bytes));
        }
    }

    public void Dispose() => Reader.Dispose();
}
