using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Puts the columns of a row group together from leaves and their levels.</summary>
/// <param name="leaves">The leaves that were read, by their column.</param>
/// <param name="budget">Counts what is taken.</param>
/// <param name="isExact">Whether a dictionary is wanted as it was written; else as pyarrow reads it.</param>
/// <param name="nextEntries">The next ordered dictionary that stands in the file's metadata.</param>
internal sealed class ColumnAssembly(LeafData?[] leaves, ByteBudget budget, bool isExact,
    Func<ArrowArray?> nextEntries)
{
    /// <summary>A column of the batch.</summary>
    public ArrowArray Column(ParquetNode node) => Build(node, existing: 0);

    /// <summary>The slots of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="existing">The definition level from which on its slots exist: that of the list they are in.</param>
    private ArrowArray Build(ParquetNode node, int existing)
    {
        // Ordered dictionaries are counted in the order in which they were written, outer ones first.
        var entries = new List<ArrowArray?>();
        bool isFirst = true;
        for (ArrowType type = node.Field.Type; type is DictionaryType or RunEndEncodedType; isFirst = false)
        {
            bool isSide = type is DictionaryType { IsOrdered: true } && !(isFirst && SideDictionaries.IsInPages(node));
            entries.Add(isSide ? nextEntries() : null);
            type = type is DictionaryType d ? d.ValueType : ((RunEndEncodedType)type).Values.Type;
        }

        ArrowArray array = node.Kind switch
        {
            NodeKind.Leaf => Leaf(node, existing),
            NodeKind.Struct => Struct(node, existing),
            NodeKind.List => List(node, existing),
            _ => Union(node, existing),
        };
        if (array.Type.Equals(node.Field.Type)) return array;
        // A union has no nulls, so where a dictionary of unions has one only the levels say.
        ReadOnlyMemory<byte> validity = node.Kind == NodeKind.Union ? Slots(node, existing).Validity : default;
        return Encode(node.Field.Type, array, entries, validity, 0);
    }

    private static ArrowArray Encode(ArrowType type, ArrowArray values, List<ArrowArray?> entries,
        ReadOnlyMemory<byte> validity, int depth)
    {
        switch (type)
        {
            case DictionaryType d:
                ArrowArray inner = Encode(d.ValueType, values, entries, validity, depth + 1);
                return PlainToDictionary.Dictionary(d, inner, entries[depth],
                    HasDictionary(d.ValueType) ? default : validity);
            case RunEndEncodedType r:
                return PlainToDictionary.Runs(r, Encode(r.Values.Type, values, entries, validity, depth + 1));
            default:
                return values;
        }
    }

    private static bool HasDictionary(ArrowType type) =>
        type is DictionaryType || (type is RunEndEncodedType r && HasDictionary(r.Values.Type));

    private LeafData Levels(ParquetNode node) => leaves[node.AnyLeaf]!;

    /// <summary>Counts a node's slots, and finds which of them are there.</summary>
    private (int Count, ReadOnlyMemory<byte> Validity) Slots(ParquetNode node, int existing)
    {
        LeafData levels = Levels(node);
        if (levels.ValidBits is { } bits)
            return (levels.LevelCount, node.IsOptional ? bits.AsMemory(0, Bits.ByteCount(levels.LevelCount)) : default);
        int count = 0;
        for (int i = 0; i < levels.LevelCount; i += LevelMask.Step)
            count += BitOperations.PopCount(levels.SlotsFrom(i, node.Repetition, existing));
        if (!node.IsOptional || levels.Definition is null) return (count, default);
        return (count, Validity(levels, count, node.Repetition, existing, node.Definition));
    }

    /// <summary>The bitmap of slots: those whose definition level is that of a value.</summary>
    private ReadOnlyMemory<byte> Validity(LeafData levels, int count, int repetition, int existing, int valid)
    {
        int bytes = Bits.ByteCount(count);
        budget.Take(bytes + LevelMask.Slack);
        byte[] validity = new byte[bytes + LevelMask.Slack];
        ReadOnlySpan<byte> definitions = levels.Definition.AsSpan(0, levels.LevelCount);
        for (int i = 0, slot = 0; i < definitions.Length; i += LevelMask.Step)
        {
            slot = LevelMask.Append(validity, slot, LevelMask.AtLeast(definitions, i, valid),
                levels.SlotsFrom(i, repetition, existing));
        }

        return validity.AsMemory(0, bytes);
    }

    private ArrowArray Leaf(ParquetNode node, int existing)
    {
        LeafData leaf = leaves[node.Leaf]!;
        (int count, ReadOnlyMemory<byte> validity) = Present(node, leaf, existing);
        LeafForm form = node.Form!;
        if (leaf.Indices is not { } indices)
            return LeafArrays.Make(node.Held, form, leaf.Values!, count, validity, budget);
        var type = (DictionaryType)node.Field.Type;
        ValueBuffer entries = leaf.Dictionary!;
        ArrowArray dictionary =
            LeafArrays.Make(type.ValueType, form, entries, entries.Count, default, budget);
        // pyarrow does not look at a dictionary that no slot could need.
        if (!isExact && count == 0) dictionary = dictionary.Slice(0, 0);
        var plain = new LeafForm(PhysicalType.Int32, Conversion.Same, ValueOrder.None);
        return PlainToDictionary.Indexed(type,
            LeafArrays.Make(ArrowType.Int32, plain, indices, count, validity, budget), dictionary);
    }

    /// <summary>A leaf's slots, and which have a value. A leaf that is not optional has none below a null
    /// parent.</summary>
    private (int Count, ReadOnlyMemory<byte> Validity) Present(ParquetNode node, LeafData leaf, int existing)
    {
        if (leaf.ValidBits is { } bits) return (leaf.LevelCount, bits.AsMemory(0, Bits.ByteCount(leaf.LevelCount)));
        if (leaf.Definition is not { } definitions) return (leaf.LevelCount, default);
        int count = LevelMask.CountAtLeast(definitions.AsSpan(0, leaf.LevelCount), existing);
        return count == leaf.PresentCount
            ? (count, default)
            : (count, Validity(leaf, count, leaf.MaxRepetition, existing, leaf.MaxDefinition));
    }

    private ArrowArray Struct(ParquetNode node, int existing)
    {
        (int count, ReadOnlyMemory<byte> validity) = Slots(node, existing);
        return new ArrowArray(node.Held, count, [validity], Children(node, count, existing));
    }

    private ArrowArray[] Children(ParquetNode node, int count, int existing)
    {
        var children = new ArrowArray[node.Children.Length];
        for (int i = 0; i < children.Length; i++)
        {
            children[i] = Build(node.Children[i], existing);
            if (children[i].Length == count) continue;
            throw ParquetFault.Broken(
                $"'{node.Children[i].Path}' has {children[i].Length} slots where its siblings have {count}");
        }

        return children;
    }

    private ArrowArray List(ParquetNode node, int existing)
    {
        (int count, ReadOnlyMemory<byte> validity) = Slots(node, existing);
        LeafData levels = Levels(node);
        budget.Take((count + 1L) * sizeof(int));
        byte[] offsetBytes = new byte[checked((count + 1) * sizeof(int))];
        Span<int> offsets = MemoryMarshal.Cast<byte, int>(offsetBytes.AsSpan());
        int slot = 0, total = 0, element = node.Definition + 1;
        // A leaf without levels has none to look at.
        ReadOnlySpan<byte> repetitions = levels.Repetition, definitions = levels.Definition;
        for (int i = 0; i < levels.LevelCount; i++)
        {
            int repetition = repetitions[i], definition = definitions[i];
            // Where this is no slot, the next one that is writes over it; random levels would mislead a branch.
            offsets[slot] = total;
            slot += repetition <= node.Repetition & definition >= existing ? 1 : 0;
            total += repetition <= node.Repetition + 1 & definition >= element ? 1 : 0;
        }

        offsets[slot] = total;
        ArrowArray items = Build(node.Children[0], element);
        if (items.Length != total)
            throw ParquetFault.Broken($"'{node.Path}' has {total} elements in one leaf and {items.Length} in another");
        ArrowType type = node.Held;
        return type.Layout() switch
        {
            BufferLayout.List32 => new ArrowArray(type, count, [validity, offsetBytes], [items]),
            BufferLayout.List64 => new ArrowArray(type, count, [validity, LeafArrays.Widened(offsetBytes, budget)],
                [items]),
            BufferLayout.FixedSizeList => FixedSizeList(node, count, validity, offsets, items),
            var layout => ListView(type, count, validity, offsets, items, layout == BufferLayout.ListView64),
        };
    }

    private ArrowArray ListView(ArrowType type, int count, ReadOnlyMemory<byte> validity, ReadOnlySpan<int> offsets,
        ArrowArray items, bool isLong)
    {
        budget.Take(2L * count * sizeof(int));
        byte[] starts = MemoryMarshal.AsBytes(offsets[..count]).ToArray(), sizes = new byte[starts.Length];
        Span<int> lengths = MemoryMarshal.Cast<byte, int>(sizes.AsSpan());
        for (int i = 0; i < count; i++) lengths[i] = offsets[i + 1] - offsets[i];
        if (isLong) (starts, sizes) = (LeafArrays.Widened(starts, budget), LeafArrays.Widened(sizes, budget));
        return new ArrowArray(type, count, [validity, starts, sizes], [items]);
    }

    /// <summary>A null has no elements in the file and a list's worth of them in memory.</summary>
    private static ArrowArray FixedSizeList(ParquetNode node, int count, ReadOnlyMemory<byte> validity,
        ReadOnlySpan<int> offsets, ArrowArray items)
    {
        int size = ((FixedSizeListType)node.Held).ListSize;
        for (int i = 0; i < count; i++)
        {
            int length = offsets[i + 1] - offsets[i];
            if (length != (HasElements(i) ? size : 0))
                throw ParquetFault.Broken($"'{node.Path}' has a list of {length} elements where its type has {size}");
        }

        if ((long)count * size > int.MaxValue)
            throw ParquetFault.TooLarge($"'{node.Path}' has over 2^31 - 1 elements in a row group");
        var parts = new List<ArrowArray>();
        for (int i = 0; i < count;)
        {
            bool isValid = HasElements(i);
            int end = i + 1;
            while (end < count && HasElements(end) == isValid) end++;
            int slots = (end - i) * size;
            parts.Add(isValid ? items.Slice(offsets[i], slots) : NullSlots.Of(items.Slice(0, 0), slots));
            i = end;
        }

        if (parts.Count > 1)
        {
            items = ArrayJoin.Join(parts, node.Path, new ByteBudget(long.MaxValue));
        }
        else if (parts.Count == 1)
        {
            items = parts[0];
        }

        return new ArrowArray(node.Held, count, [validity], [items]);

        bool HasElements(int slot) => validity.IsEmpty || Bits.Get(validity.Span, slot);
    }

    private ArrowArray Union(ParquetNode node, int existing)
    {
        LeafData leaf = leaves[node.Leaf]!;
        (int count, ReadOnlyMemory<byte> validity) = Present(node, leaf, existing);
        ArrowArray codes =
            LeafArrays.Make(ArrowType.Int8, ExactSchema.TypeCodes, leaf.Values!, count, validity, budget);
        var type = (UnionType)node.Held;
        byte[] selected = codes.Buffers[1].ToArray();
        sbyte first = type.TypeCodes.IsEmpty ? (sbyte)0 : type.TypeCodes[0];
        for (int i = 0; i < count && !validity.IsEmpty; i++)
        {
            if (!Bits.Get(validity.Span, i)) selected[i] = (byte)first;
        }

        ArrowArray[] children = Children(node, count, existing);
        if (type.Id == ArrowTypeId.SparseUnion) return new ArrowArray(type, count, [selected], children);
        budget.Take((long)count * sizeof(int));
        byte[] offsets = new byte[checked(count * sizeof(int))];
        Span<int> slots = MemoryMarshal.Cast<byte, int>(offsets.AsSpan());
        for (int i = 0; i < slots.Length; i++) slots[i] = i;
        return new ArrowArray(type, count, [selected, offsets], children);
    }
}
