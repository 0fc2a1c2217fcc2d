using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>Facts gathered into records that are as full as they may be.</summary>
internal sealed class FactBatch(StoreRegistry registry)
{
    // A record's groups, a stamp and heads; and what a fact takes beside its texts: a link of 41 bytes and heads.
    private const int RecordBytes = 64;
    private const int FactBytes = 64;

    private readonly List<Fact> _facts = [];
    private int _bytes = RecordBytes;
    private long _added;

    /// <summary>The number of additions whose facts are in the log.</summary>
    public long Appended { get; private set; }

    public void Add(List<Fact> facts)
    {
        int bytes = facts.Sum(MostBytes);
        if (_facts.Count > 0 && _bytes + bytes > FactLimits.MaxRecordBytes) Append();
        _facts.AddRange(facts);
        _bytes += bytes;
        _added++;
    }

    public void Append()
    {
        if (_facts.Count == 0) return;
        registry.Facts.Append([.. _facts]);
        Appended = _added;
        _facts.Clear();
        _bytes = RecordBytes;
    }

    private static int MostBytes(Fact fact) => FactBytes + fact switch
    {
        TagsFact tags => tags.Tags.Sum(tag => 10 + LengthOf(tag.Key) + LengthOf(tag.Value)),
        ProducerFact producer => LengthOf(producer.Producer),
        ParentsFact parents => parents.Parents.Sum(parent => 16 + parent.ByteLength),
        LocationsFact locations => locations.Locations.Sum(location => 5 + LengthOf(location)),
        CopyFact copy => 64 + LengthOf(copy.Place) + LengthOf(copy.State?.Form),
        ResultFact => 64,
        SignedFact => 128,
        AuditFact audit => 64 + LengthOf(audit.By) + LengthOf(audit.Name),
        MessageFact => 128,
        ConsumerFact consumer => 8 + LengthOf(consumer.Consumer) + consumer.State.Cursor.Length +
            (9 * consumer.State.Ahead.Length),
        BeatFact beat => 64 + (48 * beat.State.Heads.Length),
        JsonFact json => (int)DagCbor.LengthOf(json.Data),
        _ => 0,
    };

    private static int LengthOf(string? text) => text is null ? 1 : IpldText.Utf8.GetByteCount(text);
}
