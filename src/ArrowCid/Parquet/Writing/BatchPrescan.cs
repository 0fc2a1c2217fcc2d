using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Looks at canonical columns for what their form in a file depends on.</summary>
internal static class BatchPrescan
{
    private const long MillisecondsOfDay = 86_400_000;

    /// <summary>Adds the leaves, by their number in the file, that need the bare form.</summary>
    public static void AddBare(RecordBatch batch, HashSet<int> bare)
    {
        int leaf = 0;
        foreach (ArrowArray column in batch.ColumnSpan) AddBare(column.Type, column, bare, ref leaf);
    }

    /// <summary>Whether some leaf's form depends on its values.</summary>
    public static bool IsNeeded(ArrowType type)
    {
        ArrowType held = ParquetNode.HeldBy(type);
        return LeafForm.HasBareForm(held) || held.Children.Any(child => IsNeeded(child.Type));
    }

    /// <summary>The array that a column's encodings lead to; null where there is no dictionary.</summary>
    public static ArrowArray? Held(ArrowArray? array)
    {
        while (array is not null && array.Layout is BufferLayout.Dictionary or BufferLayout.RunEnds)
            array = array.Layout == BufferLayout.Dictionary ? array.Dictionary : array.Children[1];
        return array;
    }

    /// <summary>Adds the fixed-size lists in which a null is, or that a null above leaves without elements.</summary>
    public static void AddListed(ParquetNode node, ArrowArray? array, bool isBelowNull, HashSet<ParquetNode> listed)
    {
        bool isEncoded = array is not null && array.Layout is BufferLayout.Dictionary or BufferLayout.RunEnds;
        isBelowNull |= array is null || (isEncoded && !Slots.HasNoNulls(array)) || node.Kind == NodeKind.Union;
        array = Held(array);
        isBelowNull |= array is not null && !array.Validity.IsEmpty;
        if (node.Held is FixedSizeListType && isBelowNull) listed.Add(node);
        for (int i = 0; i < node.Children.Length; i++)
            AddListed(node.Children[i], array?.Children[i], isBelowNull, listed);
    }

    private static void AddBare(ArrowType type, ArrowArray? array, HashSet<int> bare, ref int leaf)
    {
        ArrowType held = ParquetNode.HeldBy(type);
        array = Held(array);
        switch (ParquetNode.KindOf(held))
        {
            case NodeKind.Leaf:
                if (LeafForm.HasBareForm(held) && array is { Length: > 0 } && NeedsBare(array)) bare.Add(leaf);
                leaf++;
                return;
            case NodeKind.Union:
                leaf++;
                break;
        }

        for (int i = 0; i < held.Children.Count; i++)
            AddBare(held.Children[i].Type, array?.Children[i], bare, ref leaf);
    }

    private static bool NeedsBare(ArrowArray array) => array.Type switch
    {
        DecimalType { BitWidth: 32 } d => Exceeds(array.Values<int>(), (long)Power(d)),
        DecimalType { BitWidth: 64 } d => Exceeds(array.Values<long>(), (long)Power(d)),
        DecimalType { BitWidth: 128 } d => Exceeds(array.Values<Int128>(), Power(d)),
        DecimalType d => Exceeds256(array, d),
        TimeType => array.Values<int>().ContainsAnyExceptInRange(int.MinValue / 1000, int.MaxValue / 1000),
        TimestampType => array.Values<long>().ContainsAnyExceptInRange(long.MinValue / 1000, long.MaxValue / 1000),
        _ => HasNoDate(array.Values<long>()),
    };

    private static bool HasNoDate(ReadOnlySpan<long> milliseconds)
    {
        foreach (long value in milliseconds)
        {
            if (value % MillisecondsOfDay != 0 || value / MillisecondsOfDay is < int.MinValue or > int.MaxValue)
                return true;
        }

        return false;
    }

    private static Int128 Power(DecimalType type)
    {
        Int128 power = 1;
        for (int i = 0; i < type.Precision; i++) power *= 10;
        return power;
    }

    private static bool Exceeds<T, TPower>(ReadOnlySpan<T> values, TPower power)
        where T : unmanaged, INumber<T>
        where TPower : INumber<TPower>
    {
        foreach (T value in values)
        {
            TPower number = TPower.CreateTruncating(value);
            if (number >= power || number <= -power) return true;
        }

        return false;
    }

    private static bool Exceeds256(ArrowArray array, DecimalType type)
    {
        var power = BigInteger.Pow(10, type.Precision);
        ReadOnlySpan<byte> bytes = array.Buffers[1].Span.Slice(array.Offset * 32, array.Length * 32);
        for (; !bytes.IsEmpty; bytes = bytes[32..])
        {
            // Most numbers are small: their upper half is their sign.
            long low = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            ReadOnlySpan<long> upper = MemoryMarshal.Cast<byte, long>(bytes[8..32]);
            if (type.Precision >= 19 && !upper.ContainsAnyExcept(low >> 63)) continue;
            if (BigInteger.Abs(new BigInteger(bytes[..32])) >= power) return true;
        }

        return false;
    }
}
