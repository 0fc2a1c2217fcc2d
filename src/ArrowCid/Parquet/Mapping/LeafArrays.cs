using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Makes Arrow arrays of decoded values: converts them, and spreads them over the slots.</summary>
internal static class LeafArrays
{
    private const long MillisecondsOfDay = 86_400_000;
    private const int JulianEpoch = 2_440_588;
    private const long NanosecondsOfDay = 86_400_000_000_000;

    /// <summary>An array of slots, of which the valid ones have the values in order.</summary>
    /// <param name="type">A type that is neither nested nor encoded.</param>
    /// <param name="form">How the values are stored.</param>
    /// <param name="values">One a valid slot.</param>
    /// <param name="length">Slots.</param>
    /// <param name="validity">The valid slots, or empty where all are.</param>
    /// <param name="budget">Counts what is taken.</param>
    public static ArrowArray Make(ArrowType type, LeafForm form, ValueBuffer values, int length,
        ReadOnlyMemory<byte> validity, ByteBudget budget)
    {
        int present = validity.IsEmpty ? length : Bits.Count(validity.Span, 0, length);
        if (form.Conversion == Conversion.None) return new ArrowArray(type, length, []);
        if (present != values.Count)
            throw ParquetFault.Broken($"a column has {values.Count} values where its levels ask for {present}");
        if (present == length) validity = default;
        int nulls = length - present;
        switch (form.Conversion)
        {
            case Conversion.Presence:
                return new ArrowArray(type, length, [validity], nullCount: nulls);
            case Conversion.Nothing:
                return new ArrowArray(type, length, [validity, default], nullCount: nulls);
            case Conversion.Boolean:
                return new ArrowArray(type, length, [validity, SpreadBits(values, length, validity, budget)],
                    nullCount: nulls);
            case Conversion.Bytes:
                return MakeBytes(type, values, length, validity, nulls, budget);
            default:
                return new ArrowArray(type, length, [validity, MakeFixed(type, form, values, length, validity, budget)],
                    nullCount: nulls);
        }
    }

    private static ReadOnlyMemory<byte> SpreadBits(ValueBuffer values, int length, ReadOnlyMemory<byte> validity,
        ByteBudget budget)
    {
        if (validity.IsEmpty) return values.Data;
        budget.Take(Bits.ByteCount(length));
        byte[] target = new byte[Bits.ByteCount(length)];
        ReadOnlySpan<byte> source = values.Data.Span, valid = validity.Span;
        int at = 0;
        for (int i = 0; i < length; i++)
        {
            if (Bits.Get(valid, i) && Bits.Get(source, at++)) Bits.Set(target, i);
        }

        return target;
    }

    private static ReadOnlyMemory<byte> MakeFixed(ArrowType type, LeafForm form, ValueBuffer values, int length,
        ReadOnlyMemory<byte> validity, ByteBudget budget)
    {
        int width = type.ByteWidth(), count = values.Count;
        Memory<byte> dense = values.Data;
        if (form.Conversion != Conversion.Same)
        {
            budget.Take((long)count * width);
            byte[] converted = GC.AllocateUninitializedArray<byte>(checked(count * width));
            Convert(type, form, values, converted);
            dense = converted;
        }

        if (validity.IsEmpty) return dense;
        long bytes = (long)length * width;
        if (bytes > Array.MaxLength)
            throw ParquetFault.TooLarge($"a column of a row group takes over 2^31 - 57 bytes; use smaller row groups");
        // The values' buffer often has space for the nulls too; otherwise the values move.
        byte[] target = values.Allocated;
        if (form.Conversion != Conversion.Same || target.Length < bytes)
        {
            budget.Take(bytes);
            target = GC.AllocateUninitializedArray<byte>((int)bytes);
            dense.Span.CopyTo(target);
        }

        Span<byte> span = target.AsSpan(0, (int)bytes);
        switch (width)
        {
            case 1: Spread(span, validity.Span, count); break;
            case 2: Spread(MemoryMarshal.Cast<byte, ushort>(span), validity.Span, count); break;
            case 4: Spread(MemoryMarshal.Cast<byte, uint>(span), validity.Span, count); break;
            case 8: Spread(MemoryMarshal.Cast<byte, ulong>(span), validity.Span, count); break;
            default: SpreadWide(span, width, length, validity.Span, count); break;
        }

        return target.AsMemory(0, (int)bytes);
    }

    /// <summary>Moves values that lie at the front to their slots, the last first.</summary>
    private static void Spread<T>(Span<T> values, ReadOnlySpan<byte> valid, int count) where T : unmanaged
    {
        int i = values.Length - 1;
        for (; i >= 0 && count <= i; i--) values[i] = Bits.Get(valid, i) ? values[--count] : default;
    }

    private static void SpreadWide(Span<byte> values, int width, int length, ReadOnlySpan<byte> valid, int count)
    {
        for (int i = length - 1; i >= 0 && count <= i; i--)
        {
            Span<byte> slot = values.Slice(i * width, width);
            if (Bits.Get(valid, i)) values.Slice(--count * width, width).CopyTo(slot);
            else slot.Clear();
        }
    }

    private static void Convert(ArrowType type, LeafForm form, ValueBuffer values, Span<byte> target)
    {
        ReadOnlySpan<byte> source = values.Data.Span;
        switch (form.Conversion)
        {
            case Conversion.Narrow:
                ReadOnlySpan<int> wide = MemoryMarshal.Cast<byte, int>(source);
                if (type.ByteWidth() == 1)
                {
                    for (int i = 0; i < wide.Length; i++) target[i] = (byte)wide[i];
                    break;
                }

                Span<short> narrow = MemoryMarshal.Cast<byte, short>(target);
                for (int i = 0; i < wide.Length; i++) narrow[i] = (short)wide[i];
                break;
            case Conversion.Seconds when form.Type == PhysicalType.Int64:
                ToSeconds(MemoryMarshal.Cast<byte, long>(source), MemoryMarshal.Cast<byte, long>(target), 1000);
                break;
            case Conversion.Seconds:
                ToSeconds(MemoryMarshal.Cast<byte, int>(source), MemoryMarshal.Cast<byte, int>(target), 1000);
                break;
            case Conversion.Days:
                ReadOnlySpan<int> days = MemoryMarshal.Cast<byte, int>(source);
                Span<long> dates = MemoryMarshal.Cast<byte, long>(target);
                for (int i = 0; i < days.Length; i++) dates[i] = days[i] * MillisecondsOfDay;
                break;
            case Conversion.Int96:
                Span<long> stamps = MemoryMarshal.Cast<byte, long>(target);
                for (int i = 0; i < stamps.Length; i++)
                {
                    long nanoseconds = BinaryPrimitives.ReadInt64LittleEndian(source[(i * 12)..]);
                    long day = BinaryPrimitives.ReadInt32LittleEndian(source[(i * 12 + 8)..]) - (long)JulianEpoch;
                    stamps[i] = unchecked(day * NanosecondsOfDay + nanoseconds);
                }

                break;
            case Conversion.DecimalInteger:
                int width = type.ByteWidth(), from = form.Width;
                for (int i = 0; i < values.Count; i++)
                    Extend(source.Slice(i * from, from), target.Slice(i * width, width));
                break;
            default:
                Decimals(type.ByteWidth(), values, target);
                break;
        }
    }

    private static void ToSeconds<T>(ReadOnlySpan<T> source, Span<T> target, int parts)
        where T : unmanaged, IBinaryInteger<T>
    {
        T unit = T.CreateTruncating(parts);
        for (int i = 0; i < source.Length; i++)
        {
            (T seconds, T rest) = T.DivRem(source[i], unit);
            if (rest != T.Zero) throw ParquetFault.Broken($"a time of whole seconds has a fraction");
            target[i] = seconds;
        }
    }

    private static void Decimals(int width, ValueBuffer values, Span<byte> target)
    {
        ReadOnlySpan<byte> source = values.Data.Span;
        ReadOnlySpan<int> ends = values.IsBytes ? MemoryMarshal.Cast<byte, int>(values.Offsets.Span) : default;
        for (int i = 0; i < values.Count; i++)
        {
            ReadOnlySpan<byte> number = values.IsBytes
                ? source[ends[i]..ends[i + 1]]
                : source.Slice(i * values.Width, values.Width);
            Span<byte> slot = target.Slice(i * width, width);
            byte sign = (byte)(number.IsEmpty ? 0 : (sbyte)number[0] >> 7);
            for (int k = 0; k < width; k++) slot[k] = k < number.Length ? number[^(k + 1)] : sign;
            // What does not fit must be sign alone, or the number would change.
            if (number.Length > width && (number[..^width].ContainsAnyExcept(sign) || (slot[^1] ^ sign) > 0x7F))
                throw ParquetFault.Broken($"a decimal of {number.Length} bytes does not fit {width}");
        }
    }

    /// <summary>A little-endian number in more or fewer bytes.</summary>
    private static void Extend(ReadOnlySpan<byte> source, Span<byte> target)
    {
        byte sign = (byte)((sbyte)source[^1] >> 7);
        for (int k = 0; k < target.Length; k++) target[k] = k < source.Length ? source[k] : sign;
        if (source.Length > target.Length
            && (source[target.Length..].ContainsAnyExcept(sign) || (target[^1] ^ sign) > 0x7F))
        {
            throw ParquetFault.Broken($"a decimal does not fit {target.Length} bytes");
        }
    }

    private static ArrowArray MakeBytes(ArrowType type, ValueBuffer values, int length, ReadOnlyMemory<byte> validity,
        int nulls, ByteBudget budget)
    {
        ReadOnlyMemory<byte> data = values.Data;
        ReadOnlyMemory<byte> offsets = values.Offsets;
        if (!validity.IsEmpty)
        {
            budget.Take((length + 1L) * sizeof(int));
            byte[] spread = GC.AllocateUninitializedArray<byte>(checked((length + 1) * sizeof(int)));
            SpreadEnds(MemoryMarshal.Cast<byte, int>(offsets.Span), validity.Span,
                MemoryMarshal.Cast<byte, int>(spread.AsSpan()));
            offsets = spread;
        }

        switch (type.Layout())
        {
            case BufferLayout.Bytes32:
                return new ArrowArray(type, length, [validity, offsets, data], nullCount: nulls);
            case BufferLayout.Bytes64:
                return new ArrowArray(type, length, [validity, Widened(offsets.Span, budget), data], nullCount: nulls);
            default:
                return new ArrowArray(type, length,
                    [validity, Views(MemoryMarshal.Cast<byte, int>(offsets.Span), data.Span, budget), data],
                    nullCount: nulls);
        }
    }

    private static void SpreadEnds(ReadOnlySpan<int> ends, ReadOnlySpan<byte> valid, Span<int> target)
    {
        int at = 0;
        target[0] = 0;
        for (int i = 1; i < target.Length; i++)
        {
            if (Bits.Get(valid, i - 1)) at++;
            target[i] = ends[at];
        }
    }

    /// <summary>int32 as int64.</summary>
    public static byte[] Widened(ReadOnlySpan<byte> numbers, ByteBudget budget)
    {
        budget.Take(2L * numbers.Length);
        ReadOnlySpan<int> source = MemoryMarshal.Cast<byte, int>(numbers);
        byte[] wide = GC.AllocateUninitializedArray<byte>(checked(source.Length * sizeof(long)));
        Span<long> target = MemoryMarshal.Cast<byte, long>(wide.AsSpan());
        for (int i = 0; i < source.Length; i++) target[i] = source[i];
        return wide;
    }

    private static byte[] Views(ReadOnlySpan<int> ends, ReadOnlySpan<byte> data, ByteBudget budget)
    {
        int count = ends.Length - 1;
        budget.Take((long)count * ByteView.Size);
        byte[] views = new byte[checked(count * ByteView.Size)];
        for (int i = 0; i < count; i++)
        {
            Span<byte> view = views.AsSpan(i * ByteView.Size, ByteView.Size);
            int start = ends[i], length = ends[i + 1] - start;
            BinaryPrimitives.WriteInt32LittleEndian(view, length);
            if (length <= ByteView.MaxInline)
            {
                data.Slice(start, length).CopyTo(view[4..]);
                continue;
            }

            data.Slice(start, 4).CopyTo(view[4..]);
            BinaryPrimitives.WriteInt32LittleEndian(view[12..], start);
        }

        return views;
    }
}
