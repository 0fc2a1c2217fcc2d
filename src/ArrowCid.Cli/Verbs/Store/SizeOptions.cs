using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>How large a store is made, where it is not there yet.</summary>
internal sealed class SizeOptions
{
    private const long MiB = 1 << 20;

    private readonly Option<long?> _capacity =
        Verb.Size("--capacity", 1, "The largest size of the files of a new store, such as 8G.");

    private readonly Option<long?> _segment =
        Verb.Size("--segment-size", 1, "The size of the segments of a new store, such as 64M.");

    public void AddTo(Command verb)
    {
        verb.Add(_capacity);
        verb.Add(_segment);
    }

    /// <summary>The sizes of a new store that is to hold the contents of another store or of a backup: those that were
    /// given, else those of the other. They are enlarged by a quarter of what is needed where the blocks, in another
    /// order, need more.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="directory">The directory of the new store.</param>
    /// <param name="capacity">The capacity of the other.</param>
    /// <param name="segmentSize">The bytes of its segments.</param>
    /// <param name="isRing">Whether it is a ring, which makes space by itself.</param>
    /// <param name="needed">The capacity that is needed with segments of a size.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: there is no store yet, and the capacity
    /// that was given is too small; nothing was written.</exception>
    public CidStoreOptions Read(ParseResult parsed, string? directory, long capacity, long segmentSize, bool isRing,
        Func<long, long> needed)
    {
        long? asked = parsed.GetValue(_capacity);
        // Another capacity has other segments, as for any new store.
        long segment = parsed.GetValue(_segment) ?? (asked is null ? segmentSize : 0);
        bool isNew = !StoreTransfer.Exists(directory);
        if (isNew && !isRing)
        {
            long least = needed(segment != 0 ? segment : StoreTransfer.SegmentSizeOf(asked ?? capacity));
            if (asked < least)
            {
                throw new ArrowCidException(ErrorCode.StoreFull, string.Create(CultureInfo.InvariantCulture,
                    $"a capacity of {asked / MiB} MiB is too small for what is copied, nothing was written; " +
                    $"give --capacity {least / MiB}M or more"));
            }

            capacity = Math.Max(capacity, (least + (least / 4) + MiB - 1) / MiB * MiB);
        }

        return new CidStoreOptions
        {
            Capacity = asked ?? capacity,
            SegmentSize = segment,
            Retention = isRing ? RetentionMode.Ring : RetentionMode.Keep,
        };
    }
}
