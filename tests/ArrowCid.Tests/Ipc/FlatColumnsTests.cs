using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Columnar.CData;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Ipc;

/// <summary>The quick way to the columns of a plain block gives what the reader gives, and leaves to the reader what it
/// does not know.</summary>
public sealed class FlatColumnsTests
{
    private static BlockSchema Known(ReadOnlyMemory<byte> block)
    {
        BlockSchema? known = null;
        _ = CanonicalBlock.DecodeView(block, ref known);
        return known!;
    }

    private static ReadOnlyMemory<byte> Encode(RecordBatch batch) => CanonicalBlock.Encode(batch).Bytes;

    [Fact]
    public void Every_plain_block_is_read_the_quick_way_to_the_same_values() => Seeds.Run((batch, _) =>
    {
        ReadOnlyMemory<byte> block = Encode(PlainColumns.Of(batch.Batch));
        RecordBatch? read = FlatColumns.TryRead(block, Known(block));
        Assert.NotNull(read);
        RecordBatch slowly = CanonicalBlock.DecodeView(block);
        Assert.True(block.Span.SequenceEqual(Encode(read).Span));
        for (int i = 0; i < slowly.Columns.Count; i++)
        {
            Assert.Equal(slowly.Columns[i].ClaimedNullCount, read.Columns[i].ClaimedNullCount);
            Assert.Equal(slowly.Columns[i].Length, read.Columns[i].Length);
        }
    });

    [Fact]
    public void A_column_that_nobody_has_asked_for_is_exported_as_the_one_that_is_made() => Seeds.Run((batch, _) =>
    {
        ReadOnlyMemory<byte> block = Encode(PlainColumns.Of(batch.Batch));
        RecordBatch read = FlatColumns.TryRead(block, Known(block))!;
        using CStruct first = CStruct.Array(), second = CStruct.Array();
        ArrowCData.Export(read, 0, first.Address);
        int columns = read.Columns.Count;
        ArrowCData.Export(read, 0, second.Address);
        for (int i = 0; i < columns; i++)
        {
            nint one = CStruct.Element(first[CStruct.Children], i), other = CStruct.Element(second[CStruct.Children], i);
            Assert.All([CStruct.Length, CStruct.NullCount, CStruct.Offset, CStruct.BufferCount, CStruct.ChildCount],
                word => Assert.Equal(CStruct.Word(other, word), CStruct.Word(one, word)));
            for (int b = 0; b < CStruct.Word(one, CStruct.BufferCount); b++)
            {
                Assert.Equal(CStruct.Element(CStruct.Word(other, CStruct.Buffers), b),
                    CStruct.Element(CStruct.Word(one, CStruct.Buffers), b));
            }
        }

        ArrowCData.ReleaseArray(first.Address);
        ArrowCData.ReleaseArray(second.Address);
    });

    [Fact]
    public void Other_blocks_of_the_schema_are_read_the_quick_way_too() => Seeds.Run((batch, random) =>
    {
        RecordBatch flat = PlainColumns.Of(batch.Batch);
        BlockSchema known = Known(Encode(flat));
        int start = random.Next(flat.Length + 1);
        ReadOnlyMemory<byte> part = Encode(flat.Slice(start, random.Next(flat.Length - start + 1)));
        RecordBatch? read = FlatColumns.TryRead(part, known);
        Assert.NotNull(read);
        Assert.True(part.Span.SequenceEqual(Encode(read).Span));
    });

    [Fact]
    public void Other_blocks_are_left_to_the_reader() => Seeds.Run((batch, _) =>
    {
        ReadOnlyMemory<byte> block = Encode(batch.Batch);
        RecordBatch flat = PlainColumns.Of(batch.Batch);
        BlockSchema known = Known(block);
        bool isFlat = flat.Columns.Count == batch.Batch.Columns.Count;
        Assert.Equal(isFlat, FlatColumns.TryRead(block, known) is not null);
        if (!isFlat) Assert.Null(FlatColumns.TryRead(Encode(flat), known));
    });

    /// <summary>What the quick way takes, the reader takes, and both read the same.</summary>
    [Fact]
    public void A_changed_block_is_read_as_the_reader_reads_it_or_left_to_it() => Seeds.Run((batch, random) =>
    {
        ReadOnlyMemory<byte> block = Encode(PlainColumns.Of(batch.Batch));
        BlockSchema known = Known(block);
        for (int i = 0; i < 40; i++)
        {
            byte[] changed = block.ToArray();
            int from = random.Next(3) == 0 ? 0 : known.Message.Length;
            int at = random.Next(from, random.Next(2) == 0 ? changed.Length : Math.Min(changed.Length, from + 700));
            changed[at] = random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)(changed[at] ^ (1 << random.Next(8))) };
            if (random.Next(10) == 0) Array.Resize(ref changed, changed.Length - random.Next(1, 80));
            if (FlatColumns.TryRead(changed, known) is not { } read) continue;
            RecordBatch slowly = CanonicalBlock.DecodeView(changed);
            Assert.Equal(Outcome(slowly), Outcome(read));
        }
    });

    [Fact]
    public void Columns_that_several_threads_make_at_once_are_one()
    {
        ReadOnlyMemory<byte> block = Encode(RecordBatch.Of(
            ("a", ArrowArray.From<long>(new long[] { 1, 2 })), ("b", ArrowArray.From<int>(new[] { 3, 4 }))));
        BlockSchema known = Known(block);
        for (int round = 0; round < 200; round++)
        {
            RecordBatch batch = FlatColumns.TryRead(block, known)!;
            var seen = new ArrowArray[4];
            Parallel.For(0, 4, i => seen[i] = i % 2 == 0 ? batch.Column("b") : batch.Columns[1]);
            Assert.All(seen, column => Assert.Same(seen[0], column));
            Assert.Equal(4, batch.Column<int>("b").Values[1]);
        }
    }

    private static string Outcome(RecordBatch batch)
    {
        try
        {
            return CanonicalBlock.CidOf(batch).ToString();
        }
        catch (InvalidArrowException e)
        {
            return e.Rule;
        }
    }
}
