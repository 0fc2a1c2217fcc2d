using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

internal sealed partial class BodyPlan
{
    /// <summary>
    /// Plans the offsets of a bytes or list column, and says which bytes or elements its valid slots hold, in row
    /// order.
    /// </summary>
    /// <param name="field">The column's field.</param>
    /// <param name="array">Where its slots come from.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="valid">Their validity.</param>
    /// <param name="limit">Bytes or elements that there are.</param>
    private Rows AddExtents<T>(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid, int limit)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int width = Memory.SizeOf.Type<T>();
        if (rows.Count == 0)
        {
            Buffers.Add(new ReadyBuffer(scratch.Bytes(width), width));
            return new Rows(0, 0);
        }

        ReadOnlyMemory<byte> buffer = array.Buffers[1];
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(buffer.Span);
        RequireForward(field, offsets, array.Offset, rows);
        if (rows.IsRange && OneExtent(offsets.Slice(array.Offset + rows.Start, rows.Count + 1), valid) is { } extent
            && extent.First >= 0 && extent.Total <= limit - extent.First)
        {
            ReadOnlyMemory<byte> window = buffer.Slice((array.Offset + rows.Start) * width, (rows.Count + 1) * width);
            Buffers.Add(T.IsZero(offsets[array.Offset + rows.Start])
                ? new CopyBuffer(window)
                : new RebasedBuffer<T>(window));
            return extent.Total == 0 ? new Rows(0, 0) : new Rows((int)extent.First, (int)extent.Total);
        }

        var extents = new RunList(scratch);
        var walk = new ValidSpans(rows, valid);
        while (walk.Next())
        {
            ReadOnlySpan<T> span = offsets.Slice(array.Offset + walk.Source, walk.Length + 1);
            long from = long.CreateTruncating(span[0]), to = long.CreateTruncating(span[^1]);
            if (from == to) continue;
            if (from < 0 || to > limit)
            {
                int row = walk.Slot + Math.Max(0, span.IndexOfAnyExceptInRange(T.Zero, T.CreateTruncating(limit)) - 1);
                throw Fault($"an offset points outside what the column holds ({limit})", field, row);
            }

            extents.Add((int)from, (int)(to - from));
        }

        if (extents.Slots > int.MaxValue) throw TooLarge(field);
        Buffers.Add(new OffsetsBuffer<T>(buffer, array.Offset, rows, valid));
        return extents.ToRows(field.Path);
    }

    /// <summary>The one extent of a window of offsets, unless a slot that is not valid takes up a part of it.</summary>
    private static (long First, long Total)? OneExtent<T>(ReadOnlySpan<T> window, byte[]? valid)
        where T : unmanaged, IBinaryInteger<T>
    {
        long first = long.CreateTruncating(window[0]), total = long.CreateTruncating(window[^1]) - first;
        if (valid is not null)
        {
            T end = window[0];
            var walk = new ValidSpans(new Rows(0, window.Length - 1), valid);
            while (walk.Next())
            {
                if (window[walk.Slot] != end) return null;
                end = window[walk.Slot + walk.Length];
            }

            if (window[^1] != end) return null;
        }

        return (total == 0 ? 0 : first, total);
    }

    private static void RequireForward<T>(CanonicalField field, ReadOnlySpan<T> offsets, int offset, Rows rows)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0, row = 0; i < rows.RunCount; row += rows[i++].Length)
        {
            if (rows[i].Start < 0) continue;
            int back = OffsetRule.FirstBackward(offsets.Slice(offset + rows[i].Start, rows[i].Length + 1));
            if (back >= 0) throw Fault("offsets run backward", field, row + back);
        }
    }

    private void AddList<T>(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        Rows items = AddExtents<T>(field, array, rows, valid, array.Children[0].Length);
        Add(field.Children[0], array.Children[0], items, null);
    }

    private void AddListView<T>(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(array.Buffers[1].Span);
        ReadOnlySpan<T> sizes = MemoryMarshal.Cast<byte, T>(array.Buffers[2].Span);
        int limit = array.Children[0].Length;
        var items = new RunList(scratch);
        var walk = new SlotWalk(rows, valid);
        while (walk.Next())
        {
            if (walk.Source < 0) continue;
            long from = long.CreateTruncating(offsets[array.Offset + walk.Source]);
            long size = long.CreateTruncating(sizes[array.Offset + walk.Source]);
            if (size < 0 || from < 0 || from > limit || size > limit - from)
                throw Fault($"a list view points outside its {limit} elements", field, walk.Slot);
            items.Add((int)from, (int)size);
        }

        Rows elements = items.ToRows(field.Path);
        ReadOnlyMemory<byte> source = array.Buffers[2];
        Buffers.Add(new ListViewBuffer<T>(source, array.Offset, rows, valid, addsUp: true));
        Buffers.Add(new ListViewBuffer<T>(source, array.Offset, rows, valid, addsUp: false));
        Add(field.Children[0], array.Children[0], elements, null);
    }

    private void AddFixedSizeList(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
    {
        int size = ((FixedSizeListType)array.Type).ListSize;
        CanonicalField item = field.Children[0];
        var elements = new RunList(scratch);
        if ((long)rows.Count * size > int.MaxValue) throw TooLarge(field);
        for (int i = 0; i < rows.RunCount && size > 0; i++)
        {
            Run run = rows[i];
            elements.Add(run.Start < 0 ? -1 : (array.Offset + run.Start) * size, run.Length * size);
        }

        byte[]? shown = null;
        if (valid is not null && item.Layout != BufferLayout.Null && size > 0)
        {
            shown = scratch.Bytes(Bits.ByteCount(rows.Count * size));
            for (int i = 0; i < rows.Count; i++)
            {
                if (Bits.Get(valid, i)) Bits.Fill(shown, i * size, size);
            }
        }

        Add(item, array.Children[0], elements.ToRows(field.Path), shown);
    }

    private void AddUnion(CanonicalField field, ArrowArray array, Rows rows, byte[]? shown)
    {
        ReadOnlySpan<sbyte> declared = ((UnionType)array.Type).TypeCodes;
        Span<sbyte> childOf = stackalloc sbyte[128];
        childOf.Fill(-1);
        for (int i = 0; i < declared.Length; i++) childOf[declared[i]] = (sbyte)i;
        ReadOnlySpan<byte> source = array.Buffers[0].Span;
        byte[] codes = scratch.Bytes(rows.Count);
        var walk = new SlotWalk(rows, shown);
        while (walk.Next())
        {
            if (walk.Source < 0)
            {
                codes[walk.Slot] = declared.IsEmpty ? (byte)0 : (byte)declared[0];
                continue;
            }

            byte code = source[array.Offset + walk.Source];
            if (code > 127 || childOf[code] < 0)
                throw Fault($"a union's type code {(sbyte)code} is not one of its children's", field, walk.Slot);
            codes[walk.Slot] = code;
        }

        Nodes.Add((rows.Count, 0));
        Buffers.Add(new ReadyBuffer(codes, rows.Count));
        if (field.Layout == BufferLayout.SparseUnion) AddSparseChildren(field, array, rows, shown, codes);
        else AddDenseChildren(field, array, rows, shown, codes);
    }

    private void AddSparseChildren(CanonicalField field, ArrowArray array, Rows rows, byte[]? shown, byte[] codes)
    {
        ReadOnlySpan<sbyte> declared = ((UnionType)array.Type).TypeCodes;
        Rows inside = Shift(rows, array.Offset);
        for (int c = 0; c < declared.Length; c++)
        {
            byte[]? chosen = shown;
            if (declared.Length > 1)
            {
                chosen = scratch.Bytes(Bits.ByteCount(rows.Count));
                for (int i = 0; i < rows.Count; i++)
                {
                    if (codes[i] == declared[c] && (shown is null || Bits.Get(shown, i))) Bits.Set(chosen, i);
                }
            }

            Add(field.Children[c], array.Children[c], inside, chosen);
        }
    }

    private void AddDenseChildren(CanonicalField field, ArrowArray array, Rows rows, byte[]? shown, byte[] codes)
    {
        ReadOnlySpan<sbyte> declared = ((UnionType)array.Type).TypeCodes;
        int offsetBytes = checked(rows.Count * 4);
        byte[] offsets = scratch.Bytes(offsetBytes);
        Span<int> places = MemoryMarshal.Cast<byte, int>(offsets.AsSpan(0, offsetBytes));
        ReadOnlySpan<int> source = MemoryMarshal.Cast<byte, int>(array.Buffers[1].Span);
        Buffers.Add(new ReadyBuffer(offsets, offsetBytes));
        for (int c = 0; c < declared.Length; c++)
        {
            var slots = new RunList(scratch);
            byte[]? visible = shown is null ? null : scratch.Bytes(Bits.ByteCount(rows.Count));
            var walk = new SlotWalk(rows, shown);
            while (walk.Next())
            {
                if (codes[walk.Slot] != declared[c]) continue;
                int place = (int)slots.Slots;
                places[walk.Slot] = place;
                int at = walk.Source < 0 ? -1 : source[array.Offset + walk.Source];
                if (walk.Source >= 0 && (at < 0 || at >= array.Children[c].Length))
                    throw Fault($"a union's offset {at} is outside its child", field, walk.Slot);
                if (at >= 0 && visible is not null) Bits.Set(visible, place);
                slots.Add(at, 1);
            }

            Add(field.Children[c], array.Children[c], slots.ToRows(field.Path), visible);
        }
    }

    private Rows Shift(Rows rows, int by)
    {
        if (by == 0) return rows;
        if (rows.IsRange) return new Rows(rows.Start + by, rows.Count);
        var shifted = new RunList(scratch);
        for (int i = 0; i < rows.RunCount; i++)
            shifted.Add(rows[i].Start < 0 ? -1 : rows[i].Start + by, rows[i].Length);
        return shifted.ToRows(null);
    }
}
