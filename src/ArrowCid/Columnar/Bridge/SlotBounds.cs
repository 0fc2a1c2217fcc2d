using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>
/// Whether everything that a column's own slots point at is there: offsets, views, indices, type codes and run ends.
/// For readers that follow them without a check of their own. Slots that the column's bitmap says are null are not
/// followed by anyone.
/// </summary>
internal static class SlotBounds
{
    /// <summary>Refuses a column with a slot that points outside; its children are looked at on their own.</summary>
    /// <exception cref="InvalidArrowException">A slot points outside.</exception>
    public static void Require(ArrowArray array, FieldPath path)
    {
        switch (array.Layout)
        {
            case BufferLayout.Bytes32:
                RequireOffsets<int>(array, array.Buffers[2].Length, path);
                break;
            case BufferLayout.Bytes64:
                RequireOffsets<long>(array, array.Buffers[2].Length, path);
                break;
            case BufferLayout.List32:
                RequireOffsets<int>(array, array.ChildSpan[0].Length, path);
                break;
            case BufferLayout.List64:
                RequireOffsets<long>(array, array.ChildSpan[0].Length, path);
                break;
            case BufferLayout.ListView32 or BufferLayout.ListView64:
                RequireExtents(array, array.ChildSpan[0].Length, path);
                break;
            case BufferLayout.ByteViews:
                RequireViews(array, path);
                break;
            case BufferLayout.Dictionary:
                RequireIndices(array, path);
                break;
            case BufferLayout.SparseUnion or BufferLayout.DenseUnion:
                for (int i = 0; i < array.Length; i++) _ = array.GetUnionSlot(i);
                break;
            case BufferLayout.RunEnds:
                RequireRuns(array, path);
                break;
        }
    }

    private static void RequireOffsets<T>(ArrowArray array, long limit, FieldPath path)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (array.Length == 0) return;
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(array.Buffers[1].Span)
            .Slice(array.Offset, array.Length + 1);
        bool isWhole = !T.IsNegative(offsets[0]) && long.CreateTruncating(offsets[^1]) <= limit
            && OffsetRule.FirstBackward(offsets) < 0;
        if (!isWhole) RequireExtents(array, limit, path);
    }

    private static void RequireExtents(ArrowArray array, long limit, FieldPath path)
    {
        for (int i = 0; i < array.Length; i++)
        {
            if (array.IsNull(i)) continue;
            (long start, long length) = array.ExtentAt(i);
            if (start < 0 || length < 0 || start > limit - length)
                throw new InvalidArrowException("offsets run backward or outside of the data", path, i);
        }
    }

    private static void RequireViews(ArrowArray array, FieldPath path)
    {
        ReadOnlySpan<byte> views = array.Buffers[1].Span;
        for (int i = 0; i < array.Length; i++)
        {
            if (array.IsNull(i)) continue;
            if (ByteView.Find(array, ByteView.At(views, array.Offset + i), out _) is { } flaw)
                throw new InvalidArrowException(flaw, path, i);
        }
    }

    private static void RequireIndices(ArrowArray array, FieldPath path)
    {
        ReadOnlySpan<byte> indices = array.Buffers[1].Span;
        int limit = array.Dictionary?.Length ?? 0;
        for (int i = 0; i < array.Length; i++)
        {
            if (Slots.Index(array, indices, i, limit) < 0 && !array.IsNull(i))
                throw new InvalidArrowException($"an index is outside its dictionary of {limit}", path, i);
        }
    }

    private static void RequireRuns(ArrowArray array, FieldPath path)
    {
        ArrowArray ends = array.ChildSpan[0];
        long last = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            long end = Slots.RunEnd(ends, i);
            if (ends.IsNull(i) || end <= last) throw new InvalidArrowException("run ends do not rise", path);
            last = end;
        }

        if (last < (long)array.Offset + array.Length)
            throw new InvalidArrowException("the last run ends before the column does", path);
    }
}
