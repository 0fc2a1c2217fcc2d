using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Facts with stamps of now, appended to the log.</summary>
/// <param name="blocks">The blocks.</param>
/// <param name="reader">What reads the log.</param>
/// <param name="subject">Who uses the handle, for the audit trail; null for none.</param>
internal sealed class FactAppender(BlockStore blocks, RegistryReader reader, string? subject)
{
    private readonly UInt128 _writer = FactStamp.ReadWriter(SystemRandom.GetBytes(FactStamp.WriterBytes));

    /// <summary>Who makes a call, for the audit trail; null where nothing is recorded.</summary>
    public string? Subject => (AuditScope.Subject ?? subject) is { Length: > 0 } by ? by : null;

    /// <summary>Facts in the form of a record, with a stamp of now.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the store's clock is more than an hour
    /// ahead of this machine's; <see cref="ErrorCode.InvalidArgument"/> or <see cref="ErrorCode.TooLarge"/>: the facts
    /// are over a limit.</exception>
    public FactRecord Record(params Fact[] facts) => new(NextStamp(), facts);

    /// <summary>Facts with the entry of the audit trail that describes them, where one is recorded.</summary>
    /// <param name="facts">The facts.</param>
    /// <param name="action">What is done.</param>
    /// <param name="block">The block; the default is the one that the record is put with, null is none.</param>
    /// <param name="name">The name that is set or removed; null for none.</param>
    public Fact[] Audited(Fact[] facts, ulong action, Cid? block, string? name = null) =>
        Subject is { } by ? [.. facts, new AuditFact(action, by, block, name)] : facts;

    /// <summary>What is recorded of a put without metadata; null where nothing is.</summary>
    /// <param name="codec">The codec of the block.</param>
    public FactRecord? RecordOfPut(ulong codec = Multicodec.Raw) =>
        Subject is null ? null : new FactRecord(NextStamp(),
            Audited([], AuditFact.Put, Cid.FromSha256(codec, default)));

    /// <summary>The metadata of a block that is being put; null if there is none. The name is only checked: it is
    /// assigned once the block is stored.</summary>
    public FactRecord? RecordOfPut(BlockMetadata said, bool isPinned, string? name)
    {
        if (isPinned || name is not null) ThrowIfRing(isPinned ? "a pin" : "a name");
        if (name is not null) ThrowIfNoName(name);
        List<Fact> facts = FactRecord.FactsOf(said, default, blocks.Clock.GetUtcNow());
        if (isPinned) facts.Add(new PinFact(default, true));
        if (Subject is { } by)
        {
            facts.Add(new AuditFact(AuditFact.Put, by, default(Cid), null));
            if (isPinned) facts.Add(new AuditFact(AuditFact.Pin, by, default(Cid), null));
        }

        return facts.Count == 0 ? null : new FactRecord(NextStamp(), [.. facts], said.ExpiresAfter);
    }

    /// <summary>Appends facts that need no block to be here.</summary>
    public void Append(params Fact[] facts)
    {
        _ = blocks.Append(Record(facts));
        reader.NoteSaid(facts.Length);
    }

    /// <summary>Appends a payload of facts that another store wrote, byte for byte.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the facts are more than an hour ahead
    /// of this machine's clock.</exception>
    public void AppendForeign(byte[] payload)
    {
        DateTimeOffset now = blocks.Clock.GetUtcNow();
        ulong latest = 0;
        foreach (FactGroup group in FactReader.Read(payload, ulong.MaxValue, _ => { }))
        {
            ThrowIfAhead(group.Stamp.Time, now);
            latest = Math.Max(latest, group.Stamp.Time);
        }

        if (payload.AsSpan().IndexOf("arrowcid.trust"u8) >= 0) blocks.TrustHint.MarkNamed();
        blocks.Coordination.ObserveTime(latest);
        _ = blocks.Append(new ForeignFacts(payload));
    }

    /// <summary>Throws where facts of a time may not enter a store.</summary>
    public static void ThrowIfAhead(ulong time, DateTimeOffset now)
    {
        var stamp = new FactStamp(time, default);
        TimeSpan ahead = stamp.When - now;
        if (ahead <= FactLimits.MaxAhead) return;
        throw new ArrowCidException(ErrorCode.InvalidData,
            $"a fact of {stamp.When:u} is {ahead.TotalHours:0.#} hours ahead of this machine's clock, over " +
            $"{FactLimits.MaxAhead.TotalHours:0}; set the clock of the machine that is wrong");
    }

    private FactStamp NextStamp()
    {
        ulong time = blocks.Coordination.NextTime();
        ThrowIfAhead(time, blocks.Clock.GetUtcNow());
        return new FactStamp(time, _writer);
    }

    /// <summary>The stamp of a change that follows one in the book.</summary>
    public FactStamp NextStampAfter(FactStamp? previous) => new(NextTimeAfter(previous), _writer);

    /// <summary>The time of a change that follows one in the book.</summary>
    public ulong NextTimeAfter(FactStamp? previous)
    {
        // After a rebuild the clock may lag the lanes' records; a wrong time must not spread.
        if (previous is { } last)
        {
            ThrowIfAhead(last.Time, blocks.Clock.GetUtcNow());
            blocks.Coordination.ObserveTime(last.Time);
        }

        return NextStamp().Time;
    }

    public void ThrowIfRing(string what)
    {
        if (!blocks.IsRing) return;
        throw new ArrowCidException(ErrorCode.Unsupported,
            $"{blocks.Directory} is a ring, whose oldest blocks go: {what} keeps nothing there; " +
            "take a store that keeps");
    }

    public static void ThrowIfNoName(string name)
    {
        if (FactRules.OfName(name) is { } fault)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{fault} is not allowed");
    }

    private sealed class ForeignFacts(byte[] payload) : IFactSource
    {
        public int Write(in BlockInfo block, Span<byte> destination)
        {
            payload.CopyTo(destination);
            return payload.Length;
        }
    }
}
