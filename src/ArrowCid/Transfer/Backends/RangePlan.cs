using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>
/// The ranges in which slices of a block are read. Slices that touch are read together, up to
/// <see cref="MaxRange"/>. Slices with a small gap between them are read together too, the smallest gaps first, as long
/// as all gaps are at most a sixteenth of the wanted bytes.
/// </summary>
internal static class RangePlan
{
    /// <summary>The most bytes of a range, unless one slice is longer.</summary>
    public const int MaxRange = 8 << 20;

    /// <summary>The most bytes between slices that are read together: about what a request costs.</summary>
    public const int MaxGap = 64 << 10;

    private const int GapShare = 16;

    /// <summary>Plans the ranges.</summary>
    /// <param name="slices">The slices, in any order; they may overlap.</param>
    /// <returns>The ranges by their offsets. Each slice is in exactly one of them.</returns>
    public static List<PlannedRange> Of(IReadOnlyList<BlockSlice> slices)
    {
        int[] order = [.. Enumerable.Range(0, slices.Count).OrderBy(i => slices[i].Offset)
            .ThenBy(i => slices[i].Length)];
        bool[] isJoined = JoinedGaps(slices, order);
        var ranges = new List<PlannedRange>();
        var members = new List<int>();
        long start = 0, end = 0;
        for (int at = 0; at < order.Length; at++)
        {
            BlockSlice slice = slices[order[at]];
            long sliceEnd = slice.Offset + slice.Length;
            bool joins = members.Count > 0 && (slice.Offset <= end || isJoined[at]) &&
                Math.Max(end, sliceEnd) - start <= MaxRange;
            if (!joins)
            {
                if (members.Count > 0) ranges.Add(new PlannedRange(start, (int)(end - start), [.. members]));
                members.Clear();
                (start, end) = (slice.Offset, sliceEnd);
            }

            members.Add(order[at]);
            end = Math.Max(end, sliceEnd);
        }

        if (members.Count > 0) ranges.Add(new PlannedRange(start, (int)(end - start), [.. members]));
        return ranges;
    }

    /// <summary>Hashes the slices in a range that was read.</summary>
    /// <param name="range">The range.</param>
    /// <param name="bytes">Its bytes, which nothing changes afterward.</param>
    /// <param name="slices">The slices that were planned.</param>
    /// <param name="leases">Gets those in the range.</param>
    /// <param name="refuse">Makes the error of a slice with other bytes.</param>
    public static void Prove(PlannedRange range, ReadOnlyMemory<byte> bytes, IReadOnlyList<BlockSlice> slices,
        BlockLease?[] leases, Func<BlockSlice, ArrowCidException> refuse)
    {
        var pieces = new (long Offset, int Length)[range.Slices.Length];
        for (int i = 0; i < pieces.Length; i++)
        {
            BlockSlice slice = slices[range.Slices[i]];
            pieces[i] = (slice.Offset - range.Offset, slice.Length);
        }

        var digests = new Digest256[pieces.Length];
        Sha256.HashMany(bytes.Span, pieces, digests);
        for (int i = 0; i < pieces.Length; i++)
        {
            BlockSlice slice = slices[range.Slices[i]];
            if (!slice.Cid.TryGetSha256(out Digest256 wanted) || wanted != digests[i]) throw refuse(slice);
            leases[range.Slices[i]] =
                new BlockLease(slice.Cid, bytes.Slice((int)pieces[i].Offset, pieces[i].Length), null);
        }
    }

    private static bool[] JoinedGaps(IReadOnlyList<BlockSlice> slices, int[] order)
    {
        var gaps = new List<(long Bytes, int At)>();
        long end = long.MaxValue, wanted = 0;
        for (int at = 0; at < order.Length; at++)
        {
            BlockSlice slice = slices[order[at]];
            long gap = slice.Offset - end;
            if (gap is > 0 and <= MaxGap) gaps.Add((gap, at));
            end = at == 0 ? slice.Offset + slice.Length : Math.Max(end, slice.Offset + slice.Length);
            wanted += slice.Length;
        }

        gaps.Sort();
        bool[] isJoined = new bool[order.Length];
        long budget = wanted / GapShare;
        foreach ((long bytes, int at) in gaps)
        {
            budget -= bytes;
            if (budget < 0) break;
            isJoined[at] = true;
        }

        return isJoined;
    }
}
