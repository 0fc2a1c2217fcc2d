using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Benchmarks;

/// <summary>Fixed inputs of the benchmarks: the same bytes in every run.</summary>
internal static class BenchBatches
{
    private const int Seed = 20260101;

    /// <summary>Eight columns of int64 and float64 without nulls.</summary>
    public static RecordBatch Flat(int bytes)
    {
        var random = new Random(Seed);
        int rows = bytes / 64;
        var fields = new Field[8];
        var columns = new ArrowArray[8];
        for (int c = 0; c < 8; c++)
        {
            bool isFloat = c % 2 == 1;
            var values = new byte[rows * 8];
            if (isFloat) FillDoubles(values, random);
            else random.NextBytes(values);
            ArrowType type = isFloat ? ArrowType.Float64 : ArrowType.Int64;
            fields[c] = new Field($"c{c}", type);
            columns[c] = new ArrowArray(type, rows, [default, values], nullCount: 0);
        }

        return new RecordBatch(new Schema(fields), rows, columns);
    }

    /// <summary>Sixty columns of what tables of numbers hold, of each a fifth: times that rise, prices of two places,
    /// counts, keys, measurements; a tenth of the counts and measurements are null.</summary>
    public static RecordBatch Wide(int bytes)
    {
        const int columnCount = 60, kinds = 5, rowBytes = columnCount / kinds * (8 + 8 + 4 + 8 + 8);
        var random = new Random(Seed);
        int rows = bytes / rowBytes;
        var fields = new Field[columnCount];
        var columns = new ArrowArray[columnCount];
        for (int c = 0; c < columnCount; c++)
        {
            int kind = c % kinds;
            ArrowType type = kind switch { 2 => ArrowType.Int32, 0 or 3 => ArrowType.Int64, _ => ArrowType.Float64 };
            var values = new byte[rows * type.ByteWidth()];
            Span<long> longs = kind is 0 or 3 ? MemoryMarshal.Cast<byte, long>(values.AsSpan()) : default;
            Span<double> doubles = kind is 1 or 4 ? MemoryMarshal.Cast<byte, double>(values.AsSpan()) : default;
            Span<int> ints = kind == 2 ? MemoryMarshal.Cast<byte, int>(values.AsSpan()) : default;
            long time = 1_700_000_000_000;
            for (int i = 0; i < longs.Length; i++)
                longs[i] = kind == 0 ? time += random.Next(2000) : random.NextInt64();
            double price = 100;
            for (int i = 0; i < doubles.Length; i++)
                doubles[i] = kind == 1 ? price = Math.Round(price + random.NextDouble() - 0.5, 2) : random.NextDouble();
            for (int i = 0; i < ints.Length; i++) ints[i] = random.Next(1000);
            bool isWhole = kind is not (2 or 4);
            fields[c] = new Field($"c{c}", type);
            columns[c] = new ArrowArray(type, rows, [isWhole ? default : Nulls(random, rows), values]);
        }

        return new RecordBatch(new Schema(fields), rows, columns);
    }

    /// <summary>Two columns of text, one of short and one of longer values, a tenth of them null.</summary>
    public static RecordBatch Strings(int bytes)
    {
        var random = new Random(Seed);
        int rows = bytes / 56;
        return new RecordBatch(new Schema(new Field("name", ArrowType.Utf8), new Field("remark", ArrowType.Utf8)), rows,
            Text(random, rows, 4, 12), Text(random, rows, 16, 56));
    }

    /// <summary>A list of structs of an int32, a float64 and a text, with nulls at each level.</summary>
    public static RecordBatch Nested(int bytes)
    {
        var random = new Random(Seed);
        int rows = bytes / 128, items = rows * 4;
        var item = new StructType(
            new Field("id", ArrowType.Int32), new Field("px", ArrowType.Float64), new Field("tag", ArrowType.Utf8));
        var ids = new byte[items * 4];
        var prices = new byte[items * 8];
        random.NextBytes(ids);
        FillDoubles(prices, random);
        var structs = new ArrowArray(item, items, [Nulls(random, items)],
        [
            new ArrowArray(ArrowType.Int32, items, [Nulls(random, items), ids]),
            new ArrowArray(ArrowType.Float64, items, [default, prices]),
            Text(random, items, 2, 10),
        ]);
        var offsets = new int[rows + 1];
        for (int i = 0; i <= rows; i++) offsets[i] = i * 4;
        var list = new ListType(new Field("item", item));
        ReadOnlyMemory<byte> offsetBytes = MemoryMarshal.AsBytes(offsets.AsSpan()).ToArray();
        var column = new ArrowArray(list, rows, [default, offsetBytes], [structs]);
        return new RecordBatch(new Schema(new Field("trades", list)), rows, column);
    }

    private static ArrowArray Text(Random random, int rows, int shortest, int longest)
    {
        var offsets = new int[rows + 1];
        var text = new StringBuilder();
        byte[] nulls = Nulls(random, rows);
        for (int i = 0; i < rows; i++)
        {
            bool isValid = (nulls[i >> 3] >> (i & 7) & 1) != 0;
            int end = text.Length + random.Next(shortest, longest);
            while (isValid && text.Length < end) text.Append(random.Next().ToString("x", CultureInfo.InvariantCulture));
            offsets[i + 1] = text.Length;
        }

        byte[] data = Encoding.ASCII.GetBytes(text.ToString());
        return new ArrowArray(ArrowType.Utf8, rows, [nulls, MemoryMarshal.AsBytes(offsets.AsSpan()).ToArray(), data]);
    }

    /// <summary>A bitmap with a tenth of its bits zero.</summary>
    private static byte[] Nulls(Random random, int slots)
    {
        var bits = new byte[(slots + 7) / 8];
        for (int i = 0; i < slots; i++)
        {
            if (random.Next(10) != 0) bits[i >> 3] |= (byte)(1 << (i & 7));
        }

        return bits;
    }

    private static void FillDoubles(byte[] bytes, Random random)
    {
        foreach (ref double value in MemoryMarshal.Cast<byte, double>(bytes.AsSpan()))
            value = random.NextDouble() * 1000;
    }
}
