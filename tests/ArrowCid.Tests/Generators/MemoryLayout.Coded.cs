using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>Unions, runs and dictionaries.</summary>
internal sealed partial class MemoryLayout
{
    private ArrowArray Sparse(UnionType type, Shape shape, Value[] slots) =>
        new(type, slots.Length, [Codes(type, slots)],
        [.. type.Children.Select((f, c) => Child(f.Type, shape.Children[c],
            [.. slots.Select(v => v is Choice choice && choice.Child == c ? choice.Chosen : Value.Hidden)]))]);

    private ArrowArray Dense(UnionType type, Shape shape, Value[] slots)
    {
        var offsets = new long[slots.Length];
        var children = new ArrowArray[type.Children.Count];
        bool loose = Has(Disguise.LooseUnions);
        for (int c = 0; c < children.Length; c++)
        {
            // A hidden slot lies in the first child, or nowhere.
            int[] mine = [.. Enumerable.Range(0, slots.Length)
                .Where(i => slots[i] is Choice choice ? choice.Child == c : c == 0 && !Has(Disguise.HiddenJunk))];
            List<Value> held = [];
            foreach (int i in loose ? Shuffled(mine) : mine)
            {
                if (loose) held.AddRange(Junk(type.Children[c].Type, shape.Children[c], random.Next(2)));
                offsets[i] = held.Count;
                held.Add(slots[i] is Choice choice ? choice.Chosen : Value.Hidden);
            }

            children[c] = Child(type.Children[c].Type, shape.Children[c], [.. held]);
        }

        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i].IsHidden && Has(Disguise.HiddenJunk)) offsets[i] = random.Next(int.MinValue, int.MaxValue);
        }

        return new ArrowArray(type, slots.Length, [Codes(type, slots), Padded(Numbers(offsets, 4))], children);
    }

    private ReadOnlyMemory<byte> Codes(UnionType type, Value[] slots)
    {
        sbyte[] codes = type.TypeCodes.ToArray();
        return Padded([.. slots
            .Select(v => v is Choice c ? (byte)codes[c.Child] : IsJunk(v) ? Noise(1)[0] : (byte)codes[0])]);
    }

    private ArrowArray Runs(RunEndEncodedType type, Shape shape, Value[] slots)
    {
        List<Value> values = [];
        List<long> ends = [];
        for (int i = 0; i < slots.Length; i++)
        {
            bool joins = values.Count > 0 && !(Has(Disguise.SplitRuns) && random.Next(3) == 0)
                && (Value.Same(values[^1], slots[i]) || IsHiddenJunk(slots[i]));
            if (joins)
            {
                ends[^1] = i + 1;
                continue;
            }

            values.Add(slots[i]);
            ends.Add(i + 1);
        }

        if (Has(Disguise.SplitRuns))
        {
            if (values.Count == 0) (values, ends) = ([.. Junk(type.Values.Type, shape.Children[1], 1)], [0]);
            ends[^1] += random.Next(1, 100);
        }

        ArrowType endType = type.RunEnds.Type;
        var runEnds = new ArrowArray(endType, ends.Count, [default, Numbers(ends, endType.ByteWidth())], nullCount: 0);
        return new ArrowArray(type, slots.Length, [],
            [runEnds, Child(type.Values.Type, shape.Children[1], [.. values])]);

        bool IsHiddenJunk(Value slot) => slot.IsHidden && IsJunk(slot);
    }

    private ArrowArray Dictionary(DictionaryType type, Shape shape, Value[] slots)
    {
        bool loose = Has(Disguise.LooseDictionaries);
        bool nulls = loose && RandomSchema.HoldsNulls(type.ValueType) && random.Next(2) == 0;
        List<Value> entries = type.IsOrdered
            ? Ordered(shape, loose, nulls)
            : Unordered(type, shape, slots, loose, nulls);
        int[] dead = [.. Enumerable.Range(0, entries.Count).Where(i => entries[i].IsNull)];
        int width = type.IndexType.ByteWidth();
        var bits = new bool[slots.Length];
        var indices = new List<byte>();
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i] is Entry entry)
            {
                int[] places = [.. Enumerable.Range(0, entries.Count).Where(p => Value.Same(entries[p], entry.Inner))];
                indices.AddRange(SlowColumns.Number(places[loose ? random.Next(places.Length) : 0], width));
                bits[i] = true;
            }
            else if (slots[i].IsNull && loose && dead.Length > 0 && random.Next(2) == 0)
            {
                indices.AddRange(SlowColumns.Number(dead[random.Next(dead.Length)], width));
                bits[i] = true;
            }
            else
            {
                indices.AddRange(Filler(slots[i], width));
                bits[i] = slots[i].IsHidden && Has(Disguise.HiddenJunk) && random.Next(2) == 0;
            }
        }

        ArrowArray dictionary = Child(type.ValueType, shape.Values!, [.. entries], mayBeLonger: !type.IsOrdered);
        return Made(type, slots, [Padded([.. indices])], dictionary: dictionary, bits: bits);
    }

    private List<Value> Ordered(Shape shape, bool loose, bool nulls)
    {
        List<Value> entries = [];
        foreach (Value entry in shape.Entries)
        {
            entries.Add(entry);
            if (loose && random.Next(3) == 0) entries.Add(entries[random.Next(entries.Count)]);
            if (nulls && random.Next(3) == 0) entries.Add(Value.Null);
        }

        return entries;
    }

    private List<Value> Unordered(DictionaryType type, Shape shape, Value[] slots, bool loose, bool nulls)
    {
        List<Value> used = [];
        foreach (Entry slot in slots.OfType<Entry>())
        {
            if (!used.Any(e => Value.Same(e, slot.Inner))) used.Add(slot.Inner);
        }

        if (!loose) return used;
        List<Value> entries = [.. used, .. used.Where(_ => random.Next(3) == 0)];
        entries.AddRange(Junk(type.ValueType, shape.Values!, random.Next(4)));
        if (nulls) entries.AddRange(Enumerable.Repeat(Value.Null, random.Next(1, 3)));
        return [.. Shuffled(entries)];
    }
}
