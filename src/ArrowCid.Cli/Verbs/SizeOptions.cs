using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>How large a store is made, where it is not there yet.</summary>
internal sealed class SizeOptions
{
    private readonly Option<long?> _capacity = Size("--capacity", "The most bytes that a new store's files take: 8G.");
    private readonly Option<long?> _segment = Size("--segment-size", "The bytes of a new store's segments: 64M.");

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

    private static Option<long?> Size(string name, string description) => new(name)
    {
        HelpName = "SIZE",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            (string digits, int shift) = text switch
            {
                [.. var all, 'M' or 'm'] => (all, 20),
                [.. var all, 'G' or 'g'] => (all, 30),
                _ => (text, 0),
            };
            bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
            if (isNumber && number > 0 && number <= long.MaxValue >> shift) return number << shift;
            result.AddError($"{name} takes bytes, or 512M or 8G, not '{text}'.");
            return null;
        },
    };
}
