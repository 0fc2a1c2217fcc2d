using System.Buffers.Binary;
using System.IO.Hashing;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>A checksum of a canonical column. It proves nothing: it names the column that differs.</summary>
internal static class ColumnFingerprint
{
    public static string Of(ArrowArray column)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Add(0, column));
        return Convert.ToHexStringLower(bytes);
    }

    private static ulong Add(ulong mark, ArrowArray array)
    {
        mark = mark * 31 + (ulong)array.Length;
        foreach (ReadOnlyMemory<byte> buffer in array.Buffers) mark = XxHash64.HashToUInt64(buffer.Span, (long)mark);
        foreach (ArrowArray child in array.ChildSpan) mark = Add(mark, child);
        return array.Dictionary is null ? mark : Add(mark, array.Dictionary);
    }
}
