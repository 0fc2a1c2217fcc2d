using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Storage;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Storage;
using BufferLayout = ArrowCid.Columnar.BufferLayout;

namespace ArrowCid.Tests.Store;

/// <summary>A batch that is filled in place is the batch that a put makes of the same values.</summary>
public sealed class ReserveTests
{
    private static readonly Schema s_mixed = new(
        new Field("n", ArrowType.Int64), new Field("t", ArrowType.Utf8), new Field("x", ArrowType.Float64),
        new Field("b", ArrowType.Boolean), new Field("s", ArrowType.LargeUtf8), new Field("i", ArrowType.Int32));

    private static CidStoreOptions Large => new() { Capacity = 256 << 20, SegmentSize = 16 << 20 };

    private static int[] DataBytes(RecordBatch canonical, Random random) =>
        [.. canonical.Columns.Where(HasData)
            .Select(column => column.Buffers[2].Length + (random.Next(3) * random.Next(200)))];

    private static bool HasData(ArrowArray column) => column.Layout is BufferLayout.Bytes32 or BufferLayout.Bytes64;

    /// <summary>Fills a reservation with a canonical batch's values, and with what should not matter.</summary>
    private static void Fill(BatchReservation reserved, RecordBatch canonical, Random random)
    {
        for (int i = 0; i < canonical.Columns.Count; i++)
        {
            ArrowArray from = canonical.Columns[i];
            ReservedColumn to = reserved[i];
            if (from.Layout == BufferLayout.Null) continue;
            Span<byte> values = from.Layout switch
            {
                BufferLayout.Bits => to.Bits,
                BufferLayout.Fixed => to.ValueBytes,
                BufferLayout.Bytes32 => MemoryMarshal.AsBytes(to.Offsets),
                _ => MemoryMarshal.AsBytes(to.LargeOffsets),
            };
            from.Buffers[1].Span.CopyTo(values);
            if (HasData(from)) from.Buffers[2].Span.CopyTo(to.Data);
            if (HasData(from) && from.Buffers[2].Length < to.Data.Length) to.Data[^1] = 0xFF;
            if (from.NullCount > 0 || random.Next(3) == 0) FillNulls(to, from, values, random);
        }
    }

    private static void FillNulls(ReservedColumn to, ArrowArray from, Span<byte> values, Random random)
    {
        int rows = from.Length, width = from.Layout == BufferLayout.Fixed && rows > 0 ? values.Length / rows : 0;
        Span<byte> bits = to.Validity;
        for (int row = 0; row < rows; row++)
        {
            if (!from.IsNull(row)) continue;
            to.SetNull(row);
            // What lies under a null does not matter.
            if (from.Layout == BufferLayout.Bits && random.Next(2) == 0) values[row >> 3] |= (byte)(1 << (row & 7));
            random.NextBytes(values.Slice(row * width, width));
        }

        if ((rows & 7) != 0 && from.Layout == BufferLayout.Bits) values[^1] |= (byte)(0xFF << (rows & 7));
        if ((rows & 7) != 0 && random.Next(2) == 0) bits[^1] |= (byte)(0xFF << (rows & 7));
    }

    [Fact]
    public void Any_plain_batch_gets_the_CID_that_a_put_gives_it()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        Seeds.Run((batch, random) =>
        {
            EncodedBlock block = CanonicalBlock.Encode(PlainColumns.Of(batch.Batch));
            RecordBatch canonical = CanonicalBlock.DecodeView(block.Bytes);
            using BatchReservation reserved =
                store.Reserve(canonical.Schema, canonical.Length, DataBytes(canonical, random));
            Fill(reserved, canonical, random);
            bool isNew = !store.Contains(block.Cid);
            PutResult put = reserved.Commit();
            Assert.Equal(block.Address, put.Address);
            Assert.Equal(isNew, put.IsNew);
            using BatchLease? lease = store.TryGet(put.Cid);
            Assert.True(block.Bytes.Span.SequenceEqual(lease!.Block.Span));
            Assert.False(store.Put(canonical).IsNew);
        });
    }

    private static RecordBatch Mixed(int rows, Random random, bool withNulls)
    {
        ArrowArray[] columns = [.. s_mixed.Fields.Select(field =>
        {
            ArrowArrayBuilder builder = ArrowArrayBuilder.For(field.Type);
            for (int row = 0; row < rows; row++)
            {
                if (withNulls && random.Next(5) == 0) builder.AppendNull();
                else if (builder is FixedBuilder<long> longs) longs.Append(random.NextInt64());
                else if (builder is FixedBuilder<int> ints) ints.Append(random.Next());
                else if (builder is FixedBuilder<bool> booleans) booleans.Append(random.Next(2) == 0);
                else if (builder is FixedBuilder<double> doubles) doubles.Append(random.NextDouble());
                else ((BytesBuilder)builder).Append(row % 9 == 0 ? "größer" : $"row {row}");
            }

            return builder.Build();
        })];
        return new RecordBatch(s_mixed, rows, columns);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_large_batch_is_made_in_a_segment_of_its_own_and_stops_nobody(bool withNulls)
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        var random = new Random(5);
        EncodedBlock block = CanonicalBlock.Encode(Mixed(60_000, random, withNulls));
        Assert.True(block.Bytes.Length > BlockStore.LeastStaged);
        RecordBatch canonical = CanonicalBlock.DecodeView(block.Bytes);
        using (BatchReservation reserved =
            store.Reserve(s_mixed, canonical.Length, DataBytes(canonical, random)))
        {
            Assert.True(store.Put(Mixed(3, random, withNulls)).IsNew);
            Fill(reserved, canonical, random);
            Assert.False(store.Contains(block.Cid));
            Assert.True(store.Put(Mixed(4, random, withNulls)).IsNew);
            Assert.Equal(block.Cid, reserved.Commit().Cid);
        }

        using var other = CidStore.Open(directory.Directory);
        using BatchLease? lease = other.TryGet(block.Cid);
        Assert.True(block.Bytes.Span.SequenceEqual(lease!.Block.Span));
        Assert.Equal(3, store.List().Count());
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
        // Known by now: the segment goes again.
        long taken = store.Diagnostics.GetSummary().BytesTaken;
        using BatchReservation again = store.Reserve(s_mixed, canonical.Length, DataBytes(canonical, random));
        Fill(again, canonical, random);
        Assert.False(again.Commit().IsNew);
        Assert.Equal(taken, store.Diagnostics.GetSummary().BytesTaken);
    }

    [Fact]
    public void What_is_not_committed_leaves_nothing()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        Assert.True(store.Put(Mixed(3, new Random(1), false)).IsNew);
        StoreSummary before = store.Diagnostics.GetSummary();
        int files = Directory.GetFiles(directory.Directory).Length;
        for (int i = 0; i < 50; i++)
        {
            using BatchReservation reserved = store.Reserve(s_mixed, 100_000, 1 << 20, 1 << 20);
            reserved.Column("n").Values<long>().Fill(i);
        }

        Assert.Equal(before, store.Diagnostics.GetSummary());
        Assert.Equal(files, Directory.GetFiles(directory.Directory).Length);
        _ = Assert.Single(store.List());
    }

    [Fact]
    public void A_store_that_is_closed_first_leaves_nothing_either()
    {
        using var directory = new TemporaryStore();
        var store = CidStore.Open(directory.Directory, Large);
        BatchReservation reserved = store.Reserve(s_mixed, 100_000, 1 << 20, 1 << 20);
        store.Dispose();
        reserved.Column("n").Values<long>()[7] = 1;
        _ = Assert.Throws<ObjectDisposedException>(() => reserved.Commit());
        reserved.Dispose();
        using var next = CidStore.Open(directory.Directory);
        Assert.True(next.Put(Mixed(3, new Random(1), false)).IsNew);
        Assert.Equal(1, next.Diagnostics.GetSummary().Segments);
    }

    [Fact]
    public void Text_under_a_null_is_left_out()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        var schema = new Schema(new Field("t", ArrowType.Utf8), new Field("x", ArrowType.Float64));
        using BatchReservation reserved = store.Reserve(schema, 3, 10);
        "abXXcd"u8.CopyTo(reserved[0].Data);
        new[] { 0, 2, 4, 6 }.CopyTo(reserved[0].Offsets);
        reserved[0].SetNull(1);
        BinaryPrimitives.WriteInt64LittleEndian(reserved[1].ValueBytes, -1);
        var text = new BytesBuilder();
        text.AppendRange("ab", null, "cd");
        var expected = new RecordBatch(schema, 3, text.Build(),
            ArrowArray.From<double>(new[] { double.NaN, 0, 0 }));
        Assert.Equal(CanonicalBlock.CidOf(expected), reserved.Commit().Cid);
    }

    [Fact]
    public void What_breaks_a_rule_is_refused_and_leaves_nothing()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        var schema = new Schema(new Field("t", ArrowType.Utf8), new Field("n", ArrowType.Int64, nullable: false));
        foreach (Action<BatchReservation> wrong in new Action<BatchReservation>[]
        {
            batch => new[] { 0, 2, 1 }.CopyTo(batch[0].Offsets),
            batch => new[] { 0, 2, 11 }.CopyTo(batch[0].Offsets),
            batch => (batch[0].Offsets[1], batch[0].Offsets[2], batch[0].Data[0]) = (1, 1, 0xC3),
            batch => batch[1].SetNull(1),
        })
        {
            using BatchReservation batch = store.Reserve(schema, 2, 10);
            wrong(batch);
            _ = Assert.Throws<InvalidArrowException>(() => batch.Commit());
            _ = Assert.Throws<ObjectDisposedException>(() => batch.Commit());
        }

        Assert.Empty(store.List());
    }

    [Fact]
    public void What_cannot_be_reserved_is_said()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        var list = new ListType(new Field("item", ArrowType.Int32));
        var nested = new Schema(new Field("ok", ArrowType.Int64), new Field("deep", list));
        ArrowCidException refused = Assert.Throws<ArrowCidException>(() => store.Reserve(nested, 1));
        Assert.Equal(ErrorCode.Unsupported, refused.Code);
        Assert.Contains("deep", refused.Message, StringComparison.Ordinal);
        _ = Assert.Throws<ArgumentException>(() => store.Reserve(s_mixed, 1));
        _ = Assert.Throws<ArgumentException>(() => store.Reserve(s_mixed, 1, 1, 2, 3));
        _ = Assert.Throws<ArgumentOutOfRangeException>(() => store.Reserve(s_mixed, -1, 1, 2));
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<ArrowCidException>(
            () => store.Reserve(s_mixed, 20_000_000, 1, 2)).Code);
        using BatchReservation batch = store.Reserve(s_mixed, 2, 5, 5);
        Assert.Equal(ErrorCode.SchemaMismatch,
            Assert.Throws<ArrowCidException>(() => batch.Column("n").Offsets.Length).Code);
        Assert.Equal(ErrorCode.SchemaMismatch,
            Assert.Throws<ArrowCidException>(() => batch.Column("x").Values<long>().Length).Code);
        Assert.Equal(ErrorCode.SchemaMismatch,
            Assert.Throws<ArrowCidException>(() => batch.Column("nobody").FieldView).Code);
        using var reader = CidStore.Open(directory.Directory, new CidStoreOptions { ReadOnly = true });
        _ = Assert.Throws<InvalidOperationException>(() => reader.Reserve(s_mixed, 1, 1, 1));
    }
}
