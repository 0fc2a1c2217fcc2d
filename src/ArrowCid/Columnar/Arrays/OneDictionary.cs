using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>Gives arrays of one type that are about to be joined one dictionary at every place that has one.</summary>
internal static class OneDictionary
{
    /// <summary>The same slots, over shared dictionaries.</summary>
    /// <param name="parts">Arrays of one type.</param>
    /// <param name="path">The field, for messages.</param>
    /// <param name="budget">Counts what is taken.</param>
    /// <exception cref="InvalidArrowException">The dictionaries together have more entries than the index type counts,
    /// or are ordered each in its own way.</exception>
    public static ArrowArray[] Of(ArrowArray[] parts, FieldPath path, ByteBudget budget)
    {
        ArrowType type = parts[0].Type;
        if (type is DictionaryType) return Share(parts, path, budget);
        if (type.Children.Count == 0) return parts;
        var children = new ArrowArray[parts.Length][];
        for (int i = 0; i < parts.Length; i++) children[i] = [.. parts[i].Children];
        bool isChanged = false;
        for (int child = 0; child < type.Children.Count; child++)
        {
            ArrowArray[] before = Array.ConvertAll(children, c => c[child]);
            ArrowArray[] after = Of(before, new FieldPath(path, type.Children[child].Name), budget);
            if (ReferenceEquals(before, after)) continue;
            isChanged = true;
            for (int i = 0; i < parts.Length; i++) children[i][child] = after[i];
        }

        return isChanged ? [.. parts.Select((part, i) => part.With(children[i], part.Dictionary))] : parts;
    }

    private static ArrowArray[] Share(ArrowArray[] parts, FieldPath path, ByteBudget budget)
    {
        ArrowArray? first = parts[0].Dictionary;
        if (Array.TrueForAll(parts, part => ReferenceEquals(part.Dictionary, first))) return parts;
        var type = (DictionaryType)parts[0].Type;
        if (type.IsOrdered)
        {
            throw new InvalidArrowException(
                "the batches have ordered dictionaries of their own, which have no order together; put the batches " +
                "as they are", path, code: ErrorCode.Unsupported);
        }

        ArrowArray[] dictionaries = [.. parts.Select(part => part.Dictionary).OfType<ArrowArray>()
            .Distinct(ReferenceEqualityComparer.Instance).Cast<ArrowArray>()];
        var starts = new Dictionary<ArrowArray, long>(ReferenceEqualityComparer.Instance);
        long entries = 0;
        foreach (ArrowArray dictionary in dictionaries)
        {
            starts[dictionary] = entries;
            entries += dictionary.Length;
        }

        ArrowArray whole = ArrayJoin.Join(Of(dictionaries, path, budget), path, budget);
        return Array.ConvertAll(parts, part =>
        {
            long start = part.Dictionary is null ? 0 : starts[part.Dictionary];
            return type.IndexType.Id switch
            {
                ArrowTypeId.Int8 => Shift<sbyte>(part, whole, start, path, budget),
                ArrowTypeId.Int16 => Shift<short>(part, whole, start, path, budget),
                ArrowTypeId.Int32 => Shift<int>(part, whole, start, path, budget),
                ArrowTypeId.Int64 => Shift<long>(part, whole, start, path, budget),
                ArrowTypeId.UInt8 => Shift<byte>(part, whole, start, path, budget),
                ArrowTypeId.UInt16 => Shift<ushort>(part, whole, start, path, budget),
                ArrowTypeId.UInt32 => Shift<uint>(part, whole, start, path, budget),
                _ => Shift<ulong>(part, whole, start, path, budget),
            };
        });
    }

    private static ArrowArray Shift<T>(ArrowArray part, ArrowArray whole, long start, FieldPath path, ByteBudget budget)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int entries = part.Dictionary?.Length ?? 0;
        ReadOnlySpan<T> indices = part.Values<T>();
        long bytes = ((long)part.Offset + part.Length) * ArrowCid.Memory.SizeOf.Type<T>();
        budget.Take(bytes, path);
        byte[] shifted = new byte[bytes];
        Span<T> target = MemoryMarshal.Cast<byte, T>(shifted.AsSpan())[part.Offset..];
        for (int i = 0; i < indices.Length; i++)
        {
            if (part.IsNull(i)) continue;
            bool isInside = !T.IsNegative(indices[i]) && ulong.CreateTruncating(indices[i]) < (ulong)entries;
            long index = isInside ? long.CreateTruncating(indices[i]) + start : Outside<T>(whole.Length);
            if (index > Largest<T>())
            {
                throw new InvalidArrowException(
                    "the batches' dictionaries together have more entries than " +
                    $"{((DictionaryType)part.Type).IndexType} counts; put the batches as they are, " +
                    "or use a larger index type",
                    path, code: ErrorCode.TooLarge);
            }

            target[i] = T.CreateTruncating(index);
        }

        return new ArrowArray(part.Type, part.Length, [part.Buffers[0], shifted], null, whole, part.Offset);
    }

    /// <summary>What points outside must do so still: under a null ancestor that is legal, elsewhere an
    /// error.</summary>
    private static long Outside<T>(int entries) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        T.IsNegative(T.MinValue) ? -1 : Math.Max(Largest<T>(), entries);

    private static long Largest<T>() where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        (long)Math.Min(ulong.CreateTruncating(T.MaxValue), long.MaxValue);
}
