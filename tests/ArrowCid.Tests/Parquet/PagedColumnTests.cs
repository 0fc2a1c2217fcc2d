using ArrowCid.Columnar;
using ArrowCid.Parquet;

namespace ArrowCid.Tests.Parquet;

/// <summary>Columns of many rows and few values: their memory in a file's export and import follows the values.</summary>
public sealed class PagedColumnTests
{
    private const int Rows = (1 << 20) + 12_345;

    public static TheoryData<string> Columns => [.. Made.Keys];

    private static Dictionary<string, Func<ArrowArray>> Made { get; } = new()
    {
        ["int64 runs"] = () => Runs(new FixedBuilder<long>(), (values, i) => values.Append(i % 5 - 2), hasNulls: true),
        ["int64 runs without nulls"] = () => Runs(new FixedBuilder<long>(), (values, i) => values.Append(i), hasNulls: false),
        ["text runs"] = () => Runs(new BytesBuilder(), (values, i) => values.Append($"text {i % 7}"), hasNulls: true),
        ["null"] = () => new ArrowArray(ArrowType.Null, Rows, []),
        ["dictionary"] = () => Words(hasNulls: true),
        ["dictionary without nulls"] = () => Words(hasNulls: false),
    };

    [Theory]
    [MemberData(nameof(Columns))]
    public void Long_column_of_few_values_comes_back_from_a_file(string column)
    {
        RecordBatch batch = RecordBatch.Of(("c", Made[column]()));
        foreach (bool isV2 in new[] { false, true })
        {
            var file = new MemoryStream();
            using var writer = new ParquetWriter(file, batch.Schema, new ParquetWriteOptions { UsesPageV2 = isV2 });
            Cid cid = writer.Write(batch).Cid;
            writer.Finish();
            using var reader = ParquetReader.Open(file.ToArray());
            Assert.Equal(cid, ArrowCid.Ipc.CanonicalBlock.CidOf(reader.ReadView()!));
        }
    }

    [Fact]
    public void Two_billion_rows_of_runs_are_exported_in_little_memory()
    {
        const int Billions = 2_000_000_000;
        const long MostBytes = 64L << 20;
        ArrowArray ends = ArrowArray.From<int>(new[] { 1_000_000_000, 1_000_000_001, Billions });
        var values = new FixedBuilder<long>();
        values.Append(7);
        values.AppendNull();
        values.Append(-7);
        var type = new RunEndEncodedType(ArrowType.Int32, ArrowType.Int64);
        RecordBatch batch = RecordBatch.Of(("r", new ArrowArray(type, Billions, [], [ends, values.Build()])),
            ("n", new ArrowArray(ArrowType.Null, Billions, [])));
        var target = new Counting();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using (var writer = new ParquetWriter(target, batch.Schema))
        {
            writer.Write(batch);
            writer.Finish();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        Assert.InRange(target.Position, 1, 4 << 20);
    }

    [Fact]
    public void Nested_runs_of_too_many_rows_are_refused_before_memory_is_taken()
    {
        const int TooMany = (1 << 27) + 1;
        ArrowArray ends = ArrowArray.From<int>(new[] { TooMany });
        var fields = new StructType(new Field("a", ArrowType.Int64));
        var values = new ArrowArray(fields, 1, [default], [ArrowArray.From<long>(new[] { 1L })]);
        var type = new RunEndEncodedType(ArrowType.Int32, fields);
        RecordBatch batch = RecordBatch.Of(("r", new ArrowArray(type, TooMany, [], [ends, values])));
        using var writer = new ParquetWriter(new Counting(), batch.Schema);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.ThrowsAny<ArrowCidException>(() => writer.Write(batch));
        Assert.Equal(ErrorCode.TooLarge, e.Code);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Dictionary_that_would_become_too_many_bytes_is_refused_before_they_are_made()
    {
        const int Many = 20_000_000;
        const long MostBytes = 256L << 20;
        var values = new BytesBuilder();
        values.Append(new string('x', 200));
        var type = new RunEndEncodedType(ArrowType.Int32, ArrowType.Utf8);
        ArrowArray ends = ArrowArray.From<int>(new[] { Many });
        RecordBatch batch = RecordBatch.Of(("r", new ArrowArray(type, Many, [], [ends, values.Build()])));
        var file = new MemoryStream();
        using (var writer = new ParquetWriter(file, batch.Schema))
        {
            writer.Write(batch);
            writer.Finish();
        }

        // As other readers do, who know of no runs.
        using var reader = ParquetReader.Open(file.ToArray(), new ParquetReadOptions { IgnoresExactSchema = true });
        long before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.ThrowsAny<ArrowCidException>(() => reader.ReadView());
        Assert.Equal(ErrorCode.TooLarge, e.Code);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
    }

    private static ArrowArray Runs<T>(T values, Action<T, int> append, bool hasNulls) where T : ArrowArrayBuilder
    {
        const int Run = 20_000;
        var runs = new RunEndBuilder(new RunEndEncodedType(ArrowType.Int32, values.Type), values);
        int left = Rows;
        for (int i = 0; left > 0; i++)
        {
            int count = Math.Min(left, Run + i * 37);
            if (hasNulls && i % 4 == 3)
            {
                runs.AppendNull();
                left--;
                continue;
            }

            append(values, i);
            runs.Append(count);
            left -= count;
        }

        return runs.Build();
    }

    private static ArrowArray Words(bool hasNulls)
    {
        var words = new DictionaryBuilder(new DictionaryType(ArrowType.Int16, ArrowType.Utf8));
        for (int i = 0; i < Rows; i++)
        {
            if (hasNulls && i % 11 == 0) words.AppendNull();
            else words.Append($"word {i / 1000 % 13}");
        }

        return words.Build();
    }

    /// <summary>Takes bytes and keeps their number.</summary>
    private sealed class Counting : Stream
    {
        private long _count;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _count;

        public override long Position
        {
            get => _count;
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => _count += count;

        public override void Write(ReadOnlySpan<byte> buffer) => _count += buffer.Length;
    }
}
