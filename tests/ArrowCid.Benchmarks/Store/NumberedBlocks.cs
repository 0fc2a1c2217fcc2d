using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Benchmarks;

/// <summary>Bytes that are never the same twice, so that every put is a new block.</summary>
/// <param name="length">Bytes of each, at least 16.</param>
internal sealed class NumberedBlocks(int length)
{
    private static ulong s_next;

    private readonly byte[] _bytes = Fill(length);

    /// <summary>The next block, in memory that the one after it takes.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        Stamp(_bytes, Interlocked.Increment(ref s_next));
        return _bytes;
    }

    /// <summary>Block number <paramref name="number"/> of a row that every process makes alike.</summary>
    public ReadOnlyMemory<byte> At(int number)
    {
        Stamp(_bytes, (ulong)number);
        return _bytes;
    }

    private static byte[] Fill(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static void Stamp(Span<byte> bytes, ulong number) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
}

/// <summary>A batch of int64 and float64 columns whose first value is another one at each <see cref="Next"/>.</summary>
internal sealed class NumberedBatch
{
    private static long s_next;

    private readonly long[] _first;

    /// <param name="bytes">The columns' bytes together.</param>
    /// <param name="columns">How many.</param>
    public NumberedBatch(long bytes, int columns)
    {
        int rows = (int)Math.Max(1, bytes / columns / sizeof(long));
        _first = new long[rows];
        var fields = new (string, ArrowArray)[columns];
        for (int c = 0; c < columns; c++)
        {
            ArrowArray column;
            if (c % 2 == 0)
            {
                long[] values = c == 0 ? _first : new long[rows];
                for (int i = 0; i < rows; i++) values[i] = i * (c + 1L);
                column = ArrowArray.From<long>(values);
            }
            else
            {
                var values = new double[rows];
                for (int i = 0; i < rows; i++) values[i] = i + (c / 16.0);
                column = ArrowArray.From<double>(values);
            }

            fields[c] = ($"c{c}", column);
        }

        Batch = RecordBatch.Of(fields);
    }

    /// <summary>The batch as it is now.</summary>
    public RecordBatch Batch { get; }

    /// <summary>The batch with a first value that no one has had.</summary>
    public RecordBatch Next() => With(--s_next);

    /// <summary>The batch with a first value of the caller's.</summary>
    public RecordBatch With(long value)
    {
        _first[0] = value;
        return Batch;
    }
}
