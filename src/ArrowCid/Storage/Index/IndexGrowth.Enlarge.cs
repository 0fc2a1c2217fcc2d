using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>What a growth does whose new index was filled by others before the old one could be copied into
/// it.</summary>
internal sealed partial class IndexGrowth
{
    private bool TryFill(IndexFile target, IndexFile? source) =>
        source is not null ? TryCopy(source, target) : TryFillFromLogs(target);

    /// <summary>
    /// Replaces the current index by a larger one, which then becomes the copy source. No writer publishes to the old
    /// one any more, so it can be copied before the swap and every entry stays visible throughout.
    /// </summary>
    /// <param name="pair">The word as it is.</param>
    /// <param name="source">The old index; null where its file is lost.</param>
    /// <param name="target">The current index, which has no space for the old one's entries.</param>
    private bool TryEnlarge(IndexPair pair, IndexFile? source, IndexFile target)
    {
        Debug.Assert(control.Janitor.IsHeld, "only the janitor changes which index is in use");
        Debug.Assert(source is null || source.Number == pair.Previous);
        long entries = target.Entries * 2;
        while (entries < (target.Count + (source?.Count ?? 0)) * 3) entries *= 2;
        Debug.Assert(long.IsPow2(entries) && entries > target.Entries);
        Superblock shape = control.Superblock;
        long taken = control.SegmentBytes() + control.Map.Length + target.Bytes + (source?.Bytes ?? 0);
        if (taken + StoreLayout.IndexBytes(entries) > shape.Capacity) return false;
        try
        {
            IndexFile larger = IndexFile.Create(control, pair.Current + 1, entries);
            if (!TryFill(larger, source)) return false;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreFull)
        {
            return false;
        }

        var next = new IndexPair(pair.Current + 1, pair.Current);
        if (control.Map.CompareExchange(StoreLayout.IndexWord, next.Bits, pair.Bits) != pair.Bits) return false;
        _ = control.DirectoryFile.Unlink(StoreLayout.IndexName(pair.Previous));
        return true;
    }
}
