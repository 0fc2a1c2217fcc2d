using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>Text, bytes and lists.</summary>
internal sealed partial class MemoryLayout
{
    private ArrowArray Bytes(ArrowType type, Value[] slots, int width)
    {
        List<byte> data = Has(Disguise.ShiftedOffsets) ? [.. Noise(1000)] : [];
        List<long> offsets = [data.Count];
        foreach (Value slot in slots)
        {
            data.AddRange(slot is Leaf leaf ? leaf.Bytes : IsJunk(slot) ? Noise(random.Next(6)) : []);
            offsets.Add(data.Count);
        }

        if (Has(Disguise.ShiftedOffsets)) data.AddRange(Noise(7));
        return Made(type, slots, [Numbers(offsets, width), Padded([.. data])]);
    }

    private ArrowArray Views(ArrowType type, Value[] slots)
    {
        int buffers = Has(Disguise.ManyViewBuffers) ? random.Next(1, 5)
            : slots.Any(v => v is Leaf { Bytes.Length: > 12 }) ? 1 : 0;
        var data = new List<byte>[buffers];
        for (int i = 0; i < buffers; i++) data[i] = Has(Disguise.ManyViewBuffers) ? [.. Noise(random.Next(20))] : [];
        var views = new byte[slots.Length][];
        int[] order = [.. Enumerable.Range(0, slots.Length)];
        foreach (int i in Has(Disguise.ManyViewBuffers) ? Shuffled(order) : order)
        {
            views[i] = slots[i] is not Leaf leaf ? Filler(slots[i], 16)
                : leaf.Bytes.Length <= 12
                    ? [.. SlowColumns.Number(leaf.Bytes.Length, 4), .. leaf.Bytes, .. new byte[12 - leaf.Bytes.Length]]
                : Outside(leaf.Bytes);
        }

        return Made(type, slots,
            [views.SelectMany(v => v).ToArray(), .. data.Select(d => (ReadOnlyMemory<byte>)d.ToArray())]);

        byte[] Outside(byte[] bytes)
        {
            int buffer = random.Next(buffers);
            int start = data[buffer].Count;
            data[buffer].AddRange(bytes);
            if (Has(Disguise.ManyViewBuffers)) data[buffer].AddRange(Noise(random.Next(3)));
            return [.. SlowColumns.Number(bytes.Length, 4), .. bytes[..4], .. SlowColumns.Number(buffer, 4),
                .. SlowColumns.Number(start, 4)];
        }
    }

    private ArrowArray Lists(ArrowType type, Shape shape, Value[] slots, int width)
    {
        Field item = type.Children[0];
        int before = !Has(Disguise.ShiftedOffsets) ? 0 : item.Type.Layout() == BufferLayout.Fixed ? 1000 : 3;
        List<Value> elements = [.. Unreferenced(item.Type, shape, before)];
        List<long> offsets = [elements.Count];
        foreach (Value slot in slots)
        {
            if (slot is Items list) elements.AddRange(list.Values);
            else if (IsJunk(slot)) elements.AddRange(Unreferenced(item.Type, shape, random.Next(3)));
            offsets.Add(elements.Count);
        }

        if (Has(Disguise.ShiftedOffsets)) elements.AddRange(Unreferenced(item.Type, shape, 2));
        return Made(type, slots, [Numbers(offsets, width)], [Child(item.Type, shape.Children[0], [.. elements])]);
    }

    private ArrowArray ListViews(ArrowType type, Shape shape, Value[] slots, int width)
    {
        Field item = type.Children[0];
        bool loose = Has(Disguise.LooseListViews);
        List<Value> elements = [];
        List<(Items List, int Start)> placed = [];
        var offsets = new long[slots.Length];
        var sizes = new long[slots.Length];
        int[] order = [.. Enumerable.Range(0, slots.Length)];
        foreach (int i in loose ? Shuffled(order) : order)
        {
            if (slots[i] is Items list)
            {
                (offsets[i], sizes[i]) = (Place(list), list.Values.Length);
            }
            else if (IsJunk(slots[i]))
            {
                (offsets[i], sizes[i]) =
                    (random.Next(int.MinValue, int.MaxValue), random.Next(int.MinValue, int.MaxValue));
            }
        }

        return Made(type, slots, [Numbers(offsets, width), Numbers(sizes, width)],
            [Child(item.Type, shape.Children[0], [.. elements])]);

        int Place(Items list)
        {
            // A list that begins as one already placed does may share its elements.
            int shared = !loose ? -1 : placed.FindIndex(p => p.List.Values.Length >= list.Values.Length
                && list.Values.Zip(p.List.Values).All(v => Value.Same(v.First, v.Second)));
            if (shared >= 0) return placed[shared].Start;
            if (loose) elements.AddRange(Unreferenced(item.Type, shape, random.Next(2)));
            placed.Add((list, elements.Count));
            elements.AddRange(list.Values);
            return placed[^1].Start;
        }
    }

    /// <summary>Elements that no visible list holds.</summary>
    private IEnumerable<Value> Unreferenced(ArrowType item, Shape list, int count) =>
        Junk(item, list.Children[0], count);
}
