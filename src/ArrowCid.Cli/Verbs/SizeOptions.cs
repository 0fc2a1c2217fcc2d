using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary>How large a store is made, where it is not there yet.</summary>
internal sealed class SizeOptions
{
    private readonly Option<long?> _capacity =
        Verb.Size("--capacity", 1, "The most bytes that a new store's files take: 8G.");

    private readonly Option<long?> _segment =
        Verb.Size("--segment-size", 1, "The bytes of a new store's segments: 64M.");

    public void AddTo(Command verb)
    {
        verb.Add(_capacity);
        verb.Add(_segment);
    }

    /// <summary>What was said; for what was not, another store's sizes.</summary>
    public CidStoreOptions Read(ParseResult parsed, long capacity, long segmentSize, bool isRing)
    {
        long? asked = parsed.GetValue(_capacity);
        long chosen = asked ?? capacity;
        // Another capacity has other segments, as for any new store.
        long segment = parsed.GetValue(_segment) ?? (asked is null ? segmentSize : 0);
        return new CidStoreOptions
        {
            Capacity = chosen,
            SegmentSize = segment,
            Retention = isRing ? StoreRetention.Ring : StoreRetention.Keep,
        };
    }
}
