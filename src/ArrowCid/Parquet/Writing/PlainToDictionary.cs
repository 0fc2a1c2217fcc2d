using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Parquet;

/// <summary>
/// Puts dictionary and run-end encodings back around plain values. The canonical form finds what is equal: values are
/// encoded one entry or run a slot, and what comes out of a canonical block has each once.
/// </summary>
internal static class PlainToDictionary
{
    private const string Name = "v";

    /// <summary>Encodes values with a dictionary.</summary>
    /// <param name="type">The dictionary type.</param>
    /// <param name="values">A value a slot, of its value type; nulls make nulls.</param>
    /// <param name="entries">An ordered dictionary's entries, which must hold all values; null where they are to be
    /// found.</param>
    /// <param name="validity">The slots that are not null, where the values are unions, which have no nulls; else
    /// empty.</param>
    public static ArrowArray Dictionary(DictionaryType type, ArrowArray values, ArrowArray? entries,
        ReadOnlyMemory<byte> validity = default)
    {
        int first = entries?.Length ?? 0, length = values.Length;
        ArrowType loose = Loosened(type.ValueType);
        ArrowArray all = Retyped(values, loose);
        if (entries is not null)
        {
            var budget = new ByteBudget(long.MaxValue);
            var path = new FieldPath(null, Name);
            ArrowArray known = Retyped(entries, loose);
            all = ArrayJoin.Join(OneDictionary.Of([known, OverSame(all, known)], path, budget), path, budget);
        }

        byte[] indices = new byte[checked(all.Length * sizeof(int))];
        Span<int> numbers = MemoryMarshal.Cast<byte, int>(indices.AsSpan());
        for (int i = 0; i < numbers.Length; i++) numbers[i] = i;
        if (!validity.IsEmpty)
        {
            byte[] bits = new byte[Bits.ByteCount(all.Length)];
            Bits.Fill(bits, 0, first);
            Bits.Copy(validity.Span, 0, bits, first, length);
            validity = bits;
        }

        var encoded = new ArrowArray(new DictionaryType(ArrowType.Int32, loose), all.Length, [validity, indices], null,
            all);
        ArrowArray canonical = Canonical(encoded);
        if (entries is not null && canonical.Dictionary!.Length != first)
            throw ParquetFault.Broken($"a value is not in its ordered dictionary, or the dictionary repeats one");
        return Indexed(type, canonical.Slice(first, length), Retyped(canonical.Dictionary!, type.ValueType));
    }

    /// <summary>The values as runs.</summary>
    /// <param name="type">The run-end encoded type.</param>
    /// <param name="values">A value a slot, of its value type.</param>
    public static ArrowArray Runs(RunEndEncodedType type, ArrowArray values)
    {
        ArrowType loose = Loosened(type.Values.Type);
        byte[] ends = new byte[checked(values.Length * sizeof(int))];
        Span<int> numbers = MemoryMarshal.Cast<byte, int>(ends.AsSpan());
        for (int i = 0; i < numbers.Length; i++) numbers[i] = i + 1;
        var encoded = new ArrowArray(new RunEndEncodedType(ArrowType.Int32, loose), values.Length, [],
            [new ArrowArray(ArrowType.Int32, values.Length, [default, ends]), Retyped(values, loose)]);
        ArrowArray canonical = Canonical(encoded);
        ReadOnlySpan<int> runs = canonical.Children[0].Values<int>();
        int width = type.RunEnds.Type.ByteWidth();
        if (width == 2 && values.Length > short.MaxValue)
            throw ParquetFault.Broken($"run ends of 16 bits cannot count {values.Length} slots");
        byte[] narrow = new byte[runs.Length * width];
        for (int i = 0; i < runs.Length; i++) Slots.PutIndex(narrow, width, i, runs[i]);
        return new ArrowArray(type, values.Length, [],
        [
            new ArrowArray(type.RunEnds.Type, runs.Length, [default, narrow]),
            Retyped(canonical.Children[1], type.Values.Type),
        ]);
    }

    /// <summary>int32 indices in the width of a dictionary's own.</summary>
    public static ArrowArray Indexed(DictionaryType type, ArrowArray indices, ArrowArray dictionary)
    {
        int width = type.IndexType.ByteWidth();
        bool isSigned = type.IndexType.Id <= ArrowTypeId.Int64;
        int bits = 8 * width - (isSigned ? 1 : 0);
        if (bits < 31 && dictionary.Length > 1 << bits)
        {
            throw ParquetFault.Broken(
                $"a dictionary has {dictionary.Length} entries, more than {type.IndexType} counts");
        }

        ReadOnlySpan<int> numbers = indices.Values<int>();
        byte[] narrow = new byte[numbers.Length * width];
        for (int i = 0; i < numbers.Length; i++) Slots.PutIndex(narrow, width, i, numbers[i]);
        ReadOnlyMemory<byte> validity = default;
        if (indices.NullCount > 0)
        {
            byte[] bitmap = new byte[Bits.ByteCount(indices.Length)];
            Bits.Copy(indices.Validity, indices.Offset, bitmap, 0, indices.Length);
            validity = bitmap;
        }

        return new ArrowArray(type, indices.Length, [validity, narrow], null, dictionary);
    }

    /// <summary>The same array under a type of the same shape.</summary>
    public static ArrowArray Retyped(ArrowArray array, ArrowType type)
    {
        if (ReferenceEquals(array.Type, type)) return array;
        var children = new ArrowArray[array.Children.Count];
        for (int i = 0; i < children.Length; i++) children[i] = Retyped(array.Children[i], type.Children[i].Type);
        ArrowArray? dictionary = array.Dictionary is null
            ? null
            : Retyped(array.Dictionary, ((DictionaryType)type).ValueType);
        return new ArrowArray(type, array.Length, array.Buffers.ToArray(), children, dictionary, array.Offset);
    }

    /// <summary>The array over the other's dictionaries where its own say the same: ordered ones cannot be
    /// joined.</summary>
    private static ArrowArray OverSame(ArrowArray array, ArrowArray other)
    {
        var children = new ArrowArray[array.Children.Count];
        for (int i = 0; i < children.Length; i++) children[i] = OverSame(array.Children[i], other.Children[i]);
        ArrowArray? dictionary = array.Dictionary;
        if (dictionary is not null && other.Dictionary is { } same)
        {
            dictionary = CanonicalBlock.CidOf(Column(dictionary)) == CanonicalBlock.CidOf(Column(same))
                ? same
                : OverSame(dictionary, same);
        }

        return array.With(children, dictionary);
    }

    private static RecordBatch Column(ArrowArray values) =>
        new(new Schema(new Field(Name, values.Type)), values.Length, values);

    private static ArrowArray Canonical(ArrowArray column)
    {
        return CanonicalBlock.DecodeView(CanonicalBlock.Encode(Column(column)).Bytes).Columns[0];
    }

    /// <summary>The type with every field below it nullable: what a null ancestor hides counts here as seen.</summary>
    private static ArrowType Loosened(ArrowType type) => type switch
    {
        DictionaryType d => new DictionaryType(d.IndexType, Loosened(d.ValueType), d.IsOrdered),
        RunEndEncodedType r => new RunEndEncodedType(r.RunEnds, Loosened(r.Values)),
        MapType m => new MapType(new Field("entries", new StructType(
            [m.Entries.Type.Children[0], Loosened(m.Entries.Type.Children[1])]), nullable: false), m.KeysSorted),
        StructType s => new StructType([.. s.Children.Select(Loosened)]),
        ListType l => new ListType(Loosened(l.Item), l.Id),
        FixedSizeListType f => new FixedSizeListType(Loosened(f.Item), f.ListSize),
        UnionType u => new UnionType(u.Id, [.. u.Children.Select(Loosened)], u.TypeCodes),
        _ => type,
    };

    private static Field Loosened(Field field) => new(field.Name, Loosened(field.Type));
}
