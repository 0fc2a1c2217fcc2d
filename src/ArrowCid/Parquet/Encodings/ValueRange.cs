using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>The least and the largest of some values, plainly encoded; null where there is none to tell.</summary>
internal readonly record struct ValueRange(byte[]? Least, byte[]? Largest)
{
    /// <summary>Of the values from one to before another.</summary>
    public static ValueRange Of(LeafValues values, int from, int to, ValueOrder order)
    {
        if (from >= to || order == ValueOrder.None) return default;
        if (values.Indices is not null) return OfEntries(values, from, to, order);
        switch (order)
        {
            case ValueOrder.Boolean:
                int ones = Bits.Count(values.Data.Span, from, to - from);
                return new([(byte)(ones == to - from ? 1 : 0)], [(byte)(ones > 0 ? 1 : 0)]);
            case ValueOrder.Signed when values.Width == 4:
                return Ints<int>(values, from, to);
            case ValueOrder.Signed:
                return Ints<long>(values, from, to);
            case ValueOrder.Unsigned when values.Width == 4:
                return Ints<uint>(values, from, to);
            case ValueOrder.Unsigned:
                return Ints<ulong>(values, from, to);
            case ValueOrder.Float when values.Width == 4:
                return Floats(Cast<float>(values, from, to), float.PositiveInfinity, float.NegativeInfinity);
            case ValueOrder.Float:
                return Floats(Cast<double>(values, from, to), double.PositiveInfinity, double.NegativeInfinity);
            case ValueOrder.Half:
                return Floats(Cast<Half>(values, from, to), Half.PositiveInfinity, Half.NegativeInfinity);
            default:
                return values.IsBytes && order != ValueOrder.BigEndian
                    ? Texts(values, from, to, default)
                    : Bytes(values, from, to, order);
        }
    }

    /// <summary>The range of both.</summary>
    public ValueRange And(ValueRange other, ValueOrder order, int width)
    {
        if (Least is null || Largest is null) return other;
        if (other.Least is null || other.Largest is null) return this;
        return new(Compare(Least, other.Least, order, width) <= 0 ? Least : other.Least,
            Compare(Largest, other.Largest, order, width) >= 0 ? Largest : other.Largest);
    }

    /// <summary>Compares two plainly encoded values.</summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, ValueOrder order, int width) =>
        (order, width) switch
        {
            (ValueOrder.Signed, 4) => Read<int>(left).CompareTo(Read<int>(right)),
            (ValueOrder.Signed, _) => Read<long>(left).CompareTo(Read<long>(right)),
            (ValueOrder.Unsigned, 4) => Read<uint>(left).CompareTo(Read<uint>(right)),
            (ValueOrder.Unsigned, _) => Read<ulong>(left).CompareTo(Read<ulong>(right)),
            (ValueOrder.Float, 4) => Read<float>(left).CompareTo(Read<float>(right)),
            (ValueOrder.Float, _) => Read<double>(left).CompareTo(Read<double>(right)),
            (ValueOrder.Half, _) => Read<Half>(left).CompareTo(Read<Half>(right)),
            (ValueOrder.BigEndian, _) => (sbyte)left[0] != (sbyte)right[0]
                ? ((sbyte)left[0]).CompareTo((sbyte)right[0])
                : left.SequenceCompareTo(right),
            _ => left.SequenceCompareTo(right),
        };

    private static ReadOnlySpan<T> Cast<T>(LeafValues values, int from, int to) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(values.Data.Span)[from..to];

    private static T Read<T>(ReadOnlySpan<byte> bytes) where T : unmanaged => MemoryMarshal.Read<T>(bytes);

    private static byte[] Bytes<T>(T value) where T : unmanaged =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();

    private static ValueRange Ints<T>(LeafValues values, int from, int to)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        ReadOnlySpan<T> span = Cast<T>(values, from, to);
        T least = T.MaxValue, largest = T.MinValue;
        int i = 0;
        if (span.Length >= Vector<T>.Count)
        {
            Vector<T> low = new(least), high = new(largest);
            for (; i + Vector<T>.Count <= span.Length; i += Vector<T>.Count)
            {
                var some = new Vector<T>(span[i..]);
                low = Vector.Min(low, some);
                high = Vector.Max(high, some);
            }

            for (int k = 0; k < Vector<T>.Count; k++)
                (least, largest) = (T.Min(least, low[k]), T.Max(largest, high[k]));
        }

        for (; i < span.Length; i++) (least, largest) = (T.Min(least, span[i]), T.Max(largest, span[i]));
        return new(Bytes(least), Bytes(largest));
    }

    /// <summary>NaNs are passed over; a zero is the negative one below and the positive one above.</summary>
    private static ValueRange Floats<T>(ReadOnlySpan<T> span, T highest, T lowest)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T least = highest, largest = lowest;
        bool isAny = false;
        int i = 0;
        if (Vector<T>.IsSupported && span.Length >= Vector<T>.Count)
        {
            Vector<T> low = new(least), high = new(largest);
            for (; i + Vector<T>.Count <= span.Length; i += Vector<T>.Count)
            {
                var some = new Vector<T>(span[i..]);
                low = Vector.ConditionalSelect(Vector.LessThan(some, low), some, low);
                high = Vector.ConditionalSelect(Vector.GreaterThan(some, high), some, high);
                isAny |= Vector.EqualsAny(some, some);
            }

            for (int k = 0; k < Vector<T>.Count; k++)
            {
                if (low[k] < least) least = low[k];
                if (high[k] > largest) largest = high[k];
            }
        }

        for (; i < span.Length; i++)
        {
            T value = span[i];
            if (T.IsNaN(value)) continue;
            isAny = true;
            if (value < least) least = value;
            if (value > largest) largest = value;
        }

        if (!isAny) return default;
        return new(Bytes(T.IsZero(least) ? T.NegativeZero : least), Bytes(T.IsZero(largest) ? T.Zero : largest));
    }

    private static ValueRange Bytes(LeafValues values, int from, int to, ValueOrder order)
    {
        int least = from, largest = from;
        for (int i = from + 1; i < to; i++)
        {
            ReadOnlySpan<byte> value = At(values, i);
            if (Compare(value, At(values, least), order, 0) < 0) least = i;
            else if (Compare(value, At(values, largest), order, 0) > 0) largest = i;
        }

        return new(At(values, least).ToArray(), At(values, largest).ToArray());
    }

    /// <summary>Of byte strings, by their first 8 bytes as a number; in full where these are equal.</summary>
    /// <param name="values">The byte strings.</param>
    /// <param name="from">The first of them.</param>
    /// <param name="to">The end.</param>
    /// <param name="used">Which of all byte strings count; empty for every one.</param>
    private static ValueRange Texts(LeafValues values, int from, int to, ReadOnlySpan<bool> used)
    {
        ReadOnlySpan<byte> data = values.Data.Span;
        ReadOnlySpan<int> ends = values.Ends;
        ReadOnlySpan<byte> least = default, largest = default;
        ulong low = 0, high = 0;
        bool isFirst = true;
        for (int i = from; i < to; i++)
        {
            if (!used.IsEmpty && !used[i]) continue;
            ReadOnlySpan<byte> value = data[ends[i]..ends[i + 1]];
            ulong key = KeyOf(value);
            if (isFirst || key < low || (key == low && value.SequenceCompareTo(least) < 0))
            {
                least = value;
                low = key;
            }

            if (isFirst || key > high || (key == high && value.SequenceCompareTo(largest) > 0))
            {
                largest = value;
                high = key;
            }

            isFirst = false;
        }

        return isFirst ? default : new(least.ToArray(), largest.ToArray());
    }

    /// <summary>The first 8 bytes as a number; those that are missing count as 0.</summary>
    private static ulong KeyOf(ReadOnlySpan<byte> value)
    {
        if (value.Length >= sizeof(ulong)) return BinaryPrimitives.ReadUInt64BigEndian(value);
        ulong key = 0;
        foreach (byte b in value) key = key << 8 | b;
        return value.IsEmpty ? 0 : key << (8 * (sizeof(ulong) - value.Length));
    }

    private static ReadOnlySpan<byte> At(LeafValues values, int index) => values.IsBytes
        ? values.BytesAt(index)
        : values.Data.Span.Slice(index * values.Width, values.Width);

    /// <summary>Of a dictionary's entries those that are used.</summary>
    private static ValueRange OfEntries(LeafValues values, int from, int to, ValueOrder order)
    {
        LeafValues entries = values.Dictionary!;
        bool[] used = new bool[entries.Count];
        int left = used.Length;
        foreach (int index in values.Indices.AsSpan(from, to - from))
        {
            if (used[index]) continue;
            used[index] = true;
            if (--left == 0) break;
        }

        if (left == 0) return Of(entries, 0, entries.Count, order);
        if (entries.IsBytes) return Texts(entries, 0, entries.Count, used);
        int width = entries.Width, count = 0;
        byte[] data = GC.AllocateUninitializedArray<byte>((used.Length - left) * width);
        for (int i = 0; i < used.Length; i++)
        {
            if (used[i]) entries.Data.Span.Slice(i * width, width).CopyTo(data.AsSpan(count++ * width));
        }

        return Of(new LeafValues(count, width) { Data = data }, 0, count, order);
    }
}
