using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>
/// Splits a canonical batch's columns into leaves with levels. It goes down field by field and keeps the slot of each
/// future level: no recursion per value.
/// </summary>
internal sealed class LevelShredder
{
    // Rows of runs that are taken apart row by row: each takes some bytes of memory, and none in the batch.
    private const int MostExpanded = 1 << 27;

    private readonly Action<LeafColumn> _take;

    private LevelShredder(Action<LeafColumn> take) => _take = take;

    /// <summary>Takes one column apart.</summary>
    /// <param name="node">The column's place.</param>
    /// <param name="array">The column, of canonical form.</param>
    /// <param name="take">Gets the leaves in the file's order, one at a time.</param>
    public static void Shred(ParquetNode node, ArrowArray array, Action<LeafColumn> take) =>
        new LevelShredder(take).Field(node, array, new Entries(array.Length, null, null, null), 0);

    /// <summary>
    /// The levels to be. A slot of -1 has ended above: its definition level stands. All others are there down to the
    /// level that the caller knows. Without slots each is its own number, and none has ended.
    /// </summary>
    private readonly record struct Entries(int Count, byte[]? Repetition, byte[]? Definition, int[]? Slots);

    private void Field(ParquetNode node, ArrowArray array, Entries entries, int definition)
    {
        bool isTop = entries is { Slots: null, Repetition: null } && definition == 0;
        if (isTop && PagedColumn.TryOf(node, array) is { } paged)
        {
            _take(paged);
            return;
        }

        // A column of its own dictionary keeps it; the levels are told by the indices' nulls.
        bool isKept = node.Kind == NodeKind.Leaf && array.Layout == BufferLayout.Dictionary && node.Form!.HasDictionary
            && array.Type is DictionaryType { ValueType: not RunEndEncodedType };
        if (!isKept) (array, entries) = Follow(node, array, entries, definition);
        if (node.IsOptional)
        {
            if (node.Kind == NodeKind.Leaf && entries is { Slots: null } && node.Definition == 1)
            {
                FlatLeaf(node, array, entries.Count, isKept);
                return;
            }

            entries = EndNulls(array, entries, definition);
            definition++;
        }

        switch (node.Kind)
        {
            case NodeKind.Leaf:
                Leaf(node, node.Form!, node.Leaf, array, entries, definition, isKept);
                break;
            case NodeKind.Struct:
                for (int i = 0; i < node.Children.Length; i++)
                    Field(node.Children[i], array.Children[i], entries, definition);
                break;
            case NodeKind.List:
                Field(node.Children[0], array.Children[0], Expand(node, array, entries, definition), definition + 1);
                break;
            default:
                Union(node, array, entries, definition);
                break;
        }
    }

    /// <summary>Follows dictionary and run-end encodings to the array that holds the values.</summary>
    private static (ArrowArray Array, Entries Entries) Follow(ParquetNode node, ArrowArray array, Entries entries,
        int definition)
    {
        while (array.Layout is BufferLayout.Dictionary or BufferLayout.RunEnds)
        {
            if (array.Layout == BufferLayout.RunEnds && entries.Count > MostExpanded)
            {
                throw ParquetFault.TooLarge(
                    $"'{node.Path}' has {entries.Count} rows in runs that cannot be written as runs; cut the batch");
            }

            bool isDictionary = array.Layout == BufferLayout.Dictionary;
            ArrowArray next = isDictionary
                ? array.Dictionary ?? ArrayJoin.Empty(((DictionaryType)array.Type).ValueType)
                : array.Children[1];
            var slots = new int[entries.Count];
            byte[]? definitions = entries.Definition;
            int run = 0, before = 0;
            for (int i = 0; i < slots.Length; i++)
            {
                int slot = entries.Slots is null ? i : entries.Slots[i];
                if (slot < 0)
                {
                    slots[i] = -1;
                }
                else if (isDictionary && array.IsNull(slot))
                {
                    slots[i] = -1;
                    definitions = Own(definitions, entries.Definition, entries.Count);
                    definitions[i] = (byte)definition;
                }
                else if (isDictionary)
                {
                    slots[i] = Slots.Index(array, array.Buffers[1].Span, slot, next.Length);
                }
                else
                {
                    // Slots rise, and so do their runs, except below a dictionary.
                    if (slot < before) run = Slots.Run(array, slot);
                    while (Slots.RunEnd(array.Children[0], run) <= slot) run++;
                    slots[i] = run;
                    before = slot;
                }
            }

            (array, entries) = (next, entries with { Slots = slots, Definition = definitions });
        }

        return (array, entries);
    }

    private static Entries EndNulls(ArrowArray array, Entries entries, int definition)
    {
        bool isNullType = array.Layout == BufferLayout.Null;
        ReadOnlySpan<byte> validity = array.Validity;
        if (validity.IsEmpty && !isNullType) return entries;
        var slots = new int[entries.Count];
        byte[] definitions = entries.Definition?.ToArray() ?? new byte[entries.Count];
        for (int i = 0; i < slots.Length; i++)
        {
            int slot = entries.Slots is null ? i : entries.Slots[i];
            if (slot >= 0 && (isNullType || !Bits.Get(validity, array.Offset + slot)))
            {
                slot = -1;
                definitions[i] = (byte)definition;
            }

            slots[i] = slot;
        }

        return entries with { Slots = slots, Definition = definitions };
    }

    private static Entries Expand(ParquetNode node, ArrowArray array, Entries entries, int definition)
    {
        long total = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            int slot = entries.Slots is null ? i : entries.Slots[i];
            total += slot < 0 ? 1 : Math.Max(1, array.ExtentAt(slot).Length);
        }

        if (total > Array.MaxLength)
            throw ParquetFault.TooLarge($"'{node.Path}' has over 2^31 - 57 elements in a batch; split it");
        byte[] repetitions = new byte[total], definitions = new byte[total];
        int[] slots = new int[total];
        byte again = (byte)(node.Repetition + 1);
        int at = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            int slot = entries.Slots is null ? i : entries.Slots[i];
            repetitions[at] = entries.Repetition is null ? (byte)0 : entries.Repetition[i];
            if (slot < 0)
            {
                definitions[at] = entries.Definition![i];
                slots[at++] = -1;
                continue;
            }

            (long start, long length) = array.ExtentAt(slot);
            if (length == 0)
            {
                definitions[at] = (byte)definition;
                slots[at++] = -1;
                continue;
            }

            for (int k = 0; k < length; k++)
            {
                if (k > 0) repetitions[at] = again;
                slots[at++] = (int)start + k;
            }
        }

        return new Entries((int)total, repetitions, definitions, slots);
    }

    private void Union(ParquetNode node, ArrowArray array, Entries entries, int definition)
    {
        var type = (UnionType)array.Type;
        var codes = new ArrowArray(ArrowType.Int8, array.Length, [default, array.Buffers[0]], null,
            offset: array.Offset, nullCount: 0);
        Leaf(node, ExactSchema.TypeCodes, node.Leaf, codes, entries, definition, isKept: false);
        for (int c = 0; c < node.Children.Length; c++)
        {
            var slots = new int[entries.Count];
            byte[] definitions = entries.Definition?.ToArray() ?? new byte[entries.Count];
            for (int i = 0; i < slots.Length; i++)
            {
                int slot = entries.Slots is null ? i : entries.Slots[i];
                slots[i] = -1;
                if (slot < 0) continue;
                (int child, int childSlot) = array.GetUnionSlot(slot);
                if (child == c) slots[i] = childSlot;
                else definitions[i] = (byte)definition;
            }

            ArrowArray values = array.Layout == BufferLayout.SparseUnion
                ? array.Children[c].Slice(array.Offset, array.Length)
                : array.Children[c];
            Field(node.Children[c], values, entries with { Slots = slots, Definition = definitions }, definition);
        }
    }

    /// <summary>An optional column with nothing above it: Arrow's bitmap is its levels.</summary>
    private void FlatLeaf(ParquetNode node, ArrowArray array, int count, bool isKept)
    {
        ReadOnlyMemory<byte> bits = array.Layout == BufferLayout.Null
            ? new byte[Bits.ByteCount(count)]
            : Validity(array, count);
        bool isAll = bits.IsEmpty;
        int[] slots = [];
        if (!isAll)
        {
            slots = new int[Bits.Count(bits.Span, 0, count)];
            int at = 0;
            for (int i = 0; i < count;)
            {
                int run = Bits.RunLength(bits.Span, i, count - i);
                if (Bits.Get(bits.Span, i))
                {
                    for (int k = 0; k < run; k++) slots[at++] = i + k;
                }

                i += run;
            }
        }

        _take(new LeafColumn(node, node.Form!, node.Leaf, 1, 0, count)
        {
            ValidBits = bits,
            Values = Values(array, slots, isAll, node.Form!, isKept),
        });
    }

    private static ReadOnlyMemory<byte> Validity(ArrowArray array, int count)
    {
        if (array.Validity.IsEmpty || array.NullCount == 0) return default;
        if (array.Offset == 0) return array.Buffers[0];
        byte[] bits = new byte[Bits.ByteCount(count)];
        Bits.Copy(array.Validity, array.Offset, bits, 0, count);
        return bits;
    }

    private void Leaf(ParquetNode node, LeafForm form, int leaf, ArrowArray array, Entries entries, int definition,
        bool isKept)
    {
        byte[]? definitions = null;
        int[] present = [];
        if (entries.Slots is { } slots)
        {
            definitions = entries.Definition?.ToArray() ?? new byte[entries.Count];
            int count = 0;
            foreach (int slot in slots) count += slot >= 0 ? 1 : 0;
            present = new int[count];
            count = 0;
            for (int i = 0; i < slots.Length; i++)
            {
                if (slots[i] < 0) continue;
                definitions[i] = (byte)definition;
                present[count++] = slots[i];
            }
        }

        _take(new LeafColumn(node, form, leaf, definition, node.Repetition, entries.Count)
        {
            Repetition = entries.Repetition,
            Definition = definition == 0 ? null : definitions,
            Values = Values(array, present, entries.Slots is null, form, isKept),
        });
    }

    private static LeafValues Values(ArrowArray array, int[] slots, bool isAll, LeafForm form, bool isKept)
    {
        if (!isKept) return LeafGather.Gather(array, slots, isAll, form);
        ArrowArray entries = array.Dictionary ?? ArrayJoin.Empty(((DictionaryType)array.Type).ValueType);
        var indices = new int[isAll ? array.Length : slots.Length];
        ReadOnlySpan<byte> source = array.Length == 0 ? default : array.Buffers[1].Span;
        for (int i = 0; i < indices.Length; i++)
            indices[i] = Slots.Index(array, source, isAll ? i : slots[i], entries.Length);
        return new LeafValues(indices.Length, form.Width)
        {
            Indices = indices,
            Dictionary = LeafGather.Gather(entries, [], isAll: true, form),
        };
    }

    /// <summary>Levels that are written over are copied once.</summary>
    private static byte[] Own(byte[]? held, byte[]? shared, int count) =>
        held is null ? new byte[count] : ReferenceEquals(held, shared) ? (byte[])held.Clone() : held;
}
