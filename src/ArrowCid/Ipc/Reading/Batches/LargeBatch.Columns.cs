using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

internal sealed partial class LargeBatch
{
    // Values of views that are at most this far apart are read as one.
    private const int ViewGap = 512;

    // An offset that no array has: the encoder refuses it where the slot is visible.
    private const int Nowhere = -1;

    /// <summary>Slots of one array: those from <paramref name="from"/>, moved to slot 0.</summary>
    private ArrowArray Read(FieldPlan plan, long from, int count)
    {
        ArrowType type = plan.Field.Type;
        if (_node == _nodes.Length)
            throw Refused($"a batch has {_nodes.Length} nodes, fewer than the schema has fields", plan);
        int node = _node++;
        (long slots, long nulls) = _nodes[node];
        if (nulls < -1 || nulls > slots) throw Refused($"a null count of {nulls} in {slots} slots is impossible", plan);
        if (from > slots - count)
            throw Refused($"an array has {slots} slots where {from + count} are needed", plan);
        BufferLayout layout = type.Layout();
        int first = NextBuffers(layout.BufferCount(), plan);
        bool hasValidity = layout.HasValidity() && _buffers[first].Length > 0;
        byte[] validity = hasValidity ? BitsOf(first, from, count, slots, plan) : [];
        var range = new SlotRange(plan, node, first, from, count, slots, validity);
        (ReadOnlyMemory<byte>[] buffers, ArrowArray[] children) = layout switch
        {
            BufferLayout.Null => ((ReadOnlyMemory<byte>[])[], (ArrowArray[])[]),
            BufferLayout.Bits => ([validity, BitsOf(first + 1, from, count, slots, plan)], []),
            BufferLayout.Fixed or BufferLayout.Dictionary =>
                ([validity, Values(first + 1, from, count, slots, type.ByteWidth(), plan, SwapOf(range, 1))], []),
            BufferLayout.Bytes32 => BytesOf<int>(range),
            BufferLayout.Bytes64 => BytesOf<long>(range),
            BufferLayout.ByteViews => Views(range),
            BufferLayout.List32 => List<int>(range),
            BufferLayout.List64 => List<long>(range),
            BufferLayout.ListView32 => ListView<int>(range),
            BufferLayout.ListView64 => ListView<long>(range),
            BufferLayout.FixedSizeList => FixedSizeList(range),
            BufferLayout.Struct => ([validity], Children(plan, from, count)),
            BufferLayout.SparseUnion => ([Codes(range)], Children(plan, from, count)),
            BufferLayout.DenseUnion => DenseUnion(range),
            BufferLayout.RunEnds => Runs(range),
            _ => throw new InvalidOperationException($"{layout} is no layout."),
        };
        try
        {
            int claimed = layout.HasValidity() && nulls == 0 ? 0 : -1;
            return new ArrowArray(type, count, buffers, children, nullCount: claimed);
        }
        catch (InvalidArrowException e)
        {
            throw new InvalidArrowException(e.Rule, plan.Path, offset: _offset, code: e.Code);
        }
    }

    private ArrowArray[] Children(FieldPlan plan, long from, int count) =>
        Array.ConvertAll(plan.Children, child => Read(child, from, count));

    private (ReadOnlyMemory<byte>[], ArrowArray[]) BytesOf<T>(in SlotRange range) where T : unmanaged, IBinaryInteger<T>
    {
        byte[] offsets = Offsets<T>(range, _buffers[range.Buffer + 2].Length, out long start, out long length);
        return ([range.Validity, offsets, Bytes(range.Buffer + 2, start, length, range.Plan)], []);
    }

    private (ReadOnlyMemory<byte>[], ArrowArray[]) List<T>(in SlotRange range) where T : unmanaged, IBinaryInteger<T>
    {
        byte[] offsets = Offsets<T>(range, NextSlots(range.Plan), out long start, out long length);
        return ([range.Validity, offsets], [Read(range.Plan.Children[0], start, Count(length, range.Plan))]);
    }

    /// <summary>The slots' offsets, counted from the start of the range that they cut.</summary>
    private byte[] Offsets<T>(in SlotRange range, long limit, out long start, out long length)
        where T : unmanaged, IBinaryInteger<T>
    {
        (start, length) = (0, 0);
        if (range.Count == 0) return [];
        int width = SizeOf.Type<T>();
        byte[] bytes = Values(range.Buffer + 1, range.From, range.Count + 1L, range.Total + 1, width, range.Plan,
            SwapOf(range, 1));
        Span<T> offsets = MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
        long end = 0;
        start = limit;
        foreach (T offset in offsets)
        {
            // An offset outside is left outside: the encoder refuses it where its slot is visible.
            long at = long.CreateChecked(offset);
            if (at < 0 || at > limit) continue;
            (start, end) = (Math.Min(start, at), Math.Max(end, at));
        }

        length = Math.Max(0, end - start);
        OffsetRule.Shift(offsets, -T.CreateChecked(start), offsets);
        return bytes;
    }

    private (ReadOnlyMemory<byte>[], ArrowArray[]) ListView<T>(in SlotRange range)
        where T : unmanaged, IBinaryInteger<T>
    {
        int width = SizeOf.Type<T>();
        byte[] starts = Values(range.Buffer + 1, range.From, range.Count, range.Total, width, range.Plan,
            SwapOf(range, 1));
        byte[] lengths = Values(range.Buffer + 2, range.From, range.Count, range.Total, width, range.Plan,
            SwapOf(range, 2));
        Span<T> offsets = MemoryMarshal.Cast<byte, T>(starts.AsSpan());
        Span<T> sizes = MemoryMarshal.Cast<byte, T>(lengths.AsSpan());
        long limit = NextSlots(range.Plan), from = long.MaxValue, to = 0;
        for (int i = 0; i < range.Count; i++)
        {
            long offset = long.CreateChecked(offsets[i]), size = long.CreateChecked(sizes[i]);
            if (range.IsNull(i) || size == 0 && offset >= 0 && offset <= limit)
            {
                (offsets[i], sizes[i]) = (T.Zero, T.Zero);
            }
            else if (offset >= 0 && size >= 0 && offset <= limit && size <= limit - offset)
            {
                (from, to) = (Math.Min(from, offset), Math.Max(to, offset + size));
            }
            else
            {
                (offsets[i], sizes[i]) = (T.CreateTruncating(Nowhere), T.One);
            }
        }

        if (to == 0) from = 0;
        for (int i = 0; i < range.Count; i++)
        {
            if (sizes[i] != T.Zero && !T.IsNegative(offsets[i])) offsets[i] -= T.CreateChecked(from);
        }

        return ([range.Validity, starts, lengths],
            [Read(range.Plan.Children[0], from, Count(to - from, range.Plan))]);
    }

    private (ReadOnlyMemory<byte>[], ArrowArray[]) FixedSizeList(in SlotRange range)
    {
        int size = ((FixedSizeListType)range.Plan.Field.Type).ListSize;
        long items = NextSlots(range.Plan);
        if (size > 0 && range.Total > items / size)
        {
            throw Refused($"a fixed-size list's child has {items} slots for {range.Total} lists of {size}",
                range.Plan);
        }

        return ([range.Validity],
            [Read(range.Plan.Children[0], range.From * size, Count((long)range.Count * size, range.Plan))]);
    }

    private byte[] Codes(in SlotRange range) =>
        Values(range.Buffer, range.From, range.Count, range.Total, 1, range.Plan, Swap.None);

    private (ReadOnlyMemory<byte>[], ArrowArray[]) DenseUnion(in SlotRange range)
    {
        byte[] codes = Codes(range);
        byte[] bytes = Values(range.Buffer + 1, range.From, range.Count, range.Total, sizeof(int), range.Plan,
            SwapOf(range, 1));
        Span<int> offsets = Ints(bytes);
        ReadOnlySpan<sbyte> declared = ((UnionType)range.Plan.Field.Type).TypeCodes;
        var children = new ArrowArray[declared.Length];
        for (int child = 0; child < children.Length; child++)
        {
            long limit = NextSlots(range.Plan);
            int from = int.MaxValue, to = 0;
            for (int i = 0; i < codes.Length; i++)
            {
                if ((sbyte)codes[i] != declared[child]) continue;
                if ((uint)offsets[i] >= limit) offsets[i] = Nowhere;
                else (from, to) = (Math.Min(from, offsets[i]), Math.Max(to, offsets[i] + 1));
            }

            if (to == 0) from = 0;
            for (int i = 0; i < codes.Length; i++)
            {
                if ((sbyte)codes[i] == declared[child] && offsets[i] != Nowhere) offsets[i] -= from;
            }

            children[child] = Read(range.Plan.Children[child], from, to - from);
        }

        return ([codes, bytes], children);
    }

    /// <summary>The runs that the slots touch. Consecutive parts go on where the last one ended.</summary>
    private (ReadOnlyMemory<byte>[], ArrowArray[]) Runs(in SlotRange range)
    {
        FieldPlan plan = range.Plan;
        ArrowType type = plan.Children[0].Field.Type;
        int node = _node++, width = type.ByteWidth();
        if (node >= _nodes.Length) throw Refused("a batch lacks the node of run ends", plan);
        long runs = _nodes[node].Slots;
        int buffer = NextBuffers(2, plan) + 1;
        if (_nodes[node].Nulls > 0) throw Refused("run ends have nulls", plan);
        if (NextSlots(plan) < runs) throw Refused($"{runs} run ends stand against fewer values", plan);
        var ends = new List<long>();
        (long slot, long run) = _runs.GetValueOrDefault(range.Node);
        if (slot > range.From) run = 0;
        const int Step = 1 << 16;
        long first = run, last = 0;
        while (range.Count > 0 && last < range.From + range.Count && run < runs)
        {
            int take = (int)Math.Min(Step, runs - run);
            byte[] bytes = Values(buffer, run, take, runs, width, plan,
                ByteOrder.Of(type, BufferLayout.Fixed, 1));
            for (int i = 0; i < take && last < range.From + range.Count; i++)
            {
                long end = Number(bytes, i, width);
                if (end <= last) throw Refused("run ends do not rise", plan);
                last = end;
                run++;
                if (end > range.From) ends.Add(end - range.From);
                else first = run;
            }
        }

        if (last < range.From + range.Count && range.Count > 0)
            throw Refused($"run ends reach {last} of {range.From + range.Count} slots", plan);
        _runs[range.Node] = (range.From, first);
        byte[] moved = new byte[checked(ends.Count * width)];
        for (int i = 0; i < ends.Count; i++) Write(moved, i, width, Math.Min(ends[i], range.Count));
        var runEnds = new ArrowArray(type, ends.Count, [default, moved], nullCount: 0);
        return ([], [runEnds, Read(plan.Children[1], first, ends.Count)]);
    }

    private static long Number(byte[] bytes, int index, int width) => width switch
    {
        2 => MemoryMarshal.Cast<byte, short>(bytes.AsSpan())[index],
        4 => Ints(bytes)[index],
        _ => Longs(bytes)[index],
    };

    private static void Write(byte[] bytes, int index, int width, long value)
    {
        if (width == 2) MemoryMarshal.Cast<byte, short>(bytes.AsSpan())[index] = (short)value;
        else if (width == 4) Ints(bytes)[index] = (int)value;
        else Longs(bytes)[index] = value;
    }

    /// <summary>The views with the values that they point at, those close to each other as one buffer.</summary>
    private (ReadOnlyMemory<byte>[], ArrowArray[]) Views(in SlotRange range)
    {
        int count = NextDataBuffers(range.Plan);
        int first = NextBuffers(count, range.Plan);
        byte[] views = Values(range.Buffer + 1, range.From, range.Count, range.Total, ByteView.Size, range.Plan,
            SwapOf(range, 1));
        var used = new List<(int Buffer, int Start, int Length, int Slot)>();
        for (int i = 0; i < range.Count; i++)
        {
            Span<byte> view = views.AsSpan(i * ByteView.Size, ByteView.Size);
            int length = BinaryPrimitives.ReadInt32LittleEndian(view);
            if (range.IsNull(i)) view.Clear();
            if (range.IsNull(i) || (length >= 0 && length <= ByteView.MaxInline)) continue;
            int buffer = BinaryPrimitives.ReadInt32LittleEndian(view[8..]);
            int start = BinaryPrimitives.ReadInt32LittleEndian(view[12..]);
            bool isInside = length > 0 && (uint)buffer < (uint)count && start >= 0 &&
                start <= _buffers[first + buffer].Length - length;
            if (isInside) used.Add((buffer, start, length, i));
            else BinaryPrimitives.WriteInt32LittleEndian(view[8..], Nowhere);
        }

        used.Sort();
        var buffers = new List<ReadOnlyMemory<byte>> { range.Validity, views };
        for (int i = 0; i < used.Count;)
        {
            (int buffer, int start, _, _) = used[i];
            int next = i;
            long end = start;
            while (next < used.Count && used[next].Buffer == buffer && used[next].Start <= end + ViewGap)
            {
                end = Math.Max(end, (long)used[next].Start + used[next].Length);
                next++;
            }

            for (; i < next; i++)
            {
                Span<byte> view = views.AsSpan(used[i].Slot * ByteView.Size, ByteView.Size);
                BinaryPrimitives.WriteInt32LittleEndian(view[8..], buffers.Count - 2);
                BinaryPrimitives.WriteInt32LittleEndian(view[12..], used[i].Start - start);
            }

            buffers.Add(Bytes(first + buffer, start, end - start, range.Plan));
        }

        return ([.. buffers], []);
    }

    /// <summary>The slots of the array that is read next.</summary>
    private long NextSlots(FieldPlan plan) => _node < _nodes.Length
        ? _nodes[_node].Slots
        : throw Refused($"a batch has {_nodes.Length} nodes, fewer than the schema has fields", plan);

    private int Count(long slots, FieldPlan plan) =>
        slots <= int.MaxValue ? (int)slots : throw TooLarge($"a list's child of these rows has {slots} slots", plan);

    private static Swap SwapOf(in SlotRange range, int buffer) =>
        ByteOrder.Of(range.Plan.Field.Type, range.Plan.Field.Type.Layout(), buffer);

    /// <summary>The slots of an array that are read.</summary>
    /// <param name="Plan">The field.</param>
    /// <param name="Node">The array's place among the batch's.</param>
    /// <param name="Buffer">Its first buffer.</param>
    /// <param name="From">The first slot.</param>
    /// <param name="Count">The number of slots.</param>
    /// <param name="Total">The slots of the whole array.</param>
    /// <param name="Validity">The slots' bitmap, or nothing.</param>
    private readonly record struct SlotRange(FieldPlan Plan, int Node, int Buffer, long From, int Count, long Total,
        byte[] Validity)
    {
        public bool IsNull(int slot) => Validity.Length > 0 && !Bits.Get(Validity, slot);
    }
}
