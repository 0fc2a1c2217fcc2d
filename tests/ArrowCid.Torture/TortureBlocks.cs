using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Torture;

/// <summary>Blocks by number: any process makes the same bytes of one.</summary>
internal static class TortureBlocks
{
    /// <summary>Raw bytes; their length comes from the number too.</summary>
    public static byte[] Raw(long number, int most)
    {
        var random = new Random(HashCode(number));
        var bytes = new byte[16 + random.Next(most)];
        random.NextBytes(bytes.AsSpan(0, Math.Min(bytes.Length, 512)));
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return bytes;
    }

    /// <summary>A batch of a number column and a text column.</summary>
    public static RecordBatch Batch(long number)
    {
        var random = new Random(HashCode(number));
        var values = new long[1 + random.Next(400)];
        var prices = new double[values.Length];
        for (int i = 0; i < values.Length; i++) (values[i], prices[i]) = (number + i, random.NextDouble());
        return RecordBatch.Of(("n", ArrowArray.From<long>(values)), ("px", ArrowArray.From<double>(prices)));
    }

    private static int HashCode(long number) => (int)(unchecked((ulong)number * 0x9E3779B97F4A7C15ul) >> 33);
}
