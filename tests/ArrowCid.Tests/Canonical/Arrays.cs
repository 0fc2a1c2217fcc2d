using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>Arrays out of literals and raw bytes, for tests that lay every byte by hand.</summary>
internal static class Arrays
{
    public static ReadOnlyMemory<byte> None => default;

    public static ReadOnlyMemory<byte> Bits(params int[] bits)
    {
        var bytes = new byte[(bits.Length + 7) / 8];
        for (int i = 0; i < bits.Length; i++) bytes[i / 8] |= (byte)(bits[i] << i % 8);
        return bytes;
    }

    public static ReadOnlyMemory<byte> Ints(params int[] values) => values.SelectMany(BitConverter.GetBytes).ToArray();

    public static ReadOnlyMemory<byte> Longs(params long[] values) =>
        values.SelectMany(BitConverter.GetBytes).ToArray();

    public static ReadOnlyMemory<byte> Doubles(params double[] values) =>
        values.SelectMany(BitConverter.GetBytes).ToArray();

    public static ReadOnlyMemory<byte> Raw(params byte[] values) => values;

    public static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static ArrowArray Int32(params int?[] values) => new(ArrowType.Int32, values.Length,
        [Valid(values), Ints([.. values.Select(v => v ?? 0)])]);

    public static ArrowArray Int64(params long[] values) => new(ArrowType.Int64, values.Length, [None, Longs(values)]);

    public static ArrowArray Strings(params string?[] values)
    {
        List<int> offsets = [0];
        foreach (string? value in values) offsets.Add(offsets[^1] + Utf8(value ?? "").Length);
        return new ArrowArray(ArrowType.Utf8, values.Length,
            [Valid(values), Ints([.. offsets]), Utf8(string.Concat(values))]);
    }

    public static RecordBatch Batch(string name, ArrowArray column, bool nullable = true) =>
        new(new Schema(new Field(name, column.Type, nullable)), column.Length, column);

    private static ReadOnlyMemory<byte> Valid<T>(T[] values) =>
        values.Any(v => v is null) ? Bits([.. values.Select(v => v is null ? 0 : 1)]) : None;
}
