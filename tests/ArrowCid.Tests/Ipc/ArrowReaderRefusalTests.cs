using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Compression;
using static ArrowCid.Tests.Ipc.Refusal;

namespace ArrowCid.Tests.Ipc;

public sealed class ArrowReaderRefusalTests
{
    private static readonly Flat s_x = Int32Field("x");
    private static readonly Flat s_zstd = new((0, (byte)1), (1, (byte)0)), s_lz4 = new((0, (byte)0), (1, (byte)0));
    private static readonly long s_schemaBytes = Start(s_x).Length;

    // ---- framing

    [Fact]
    public void An_input_without_a_schema()
    {
        Assert.Equal(0, Expect([], "the input ends before its schema").Offset);
        Expect([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], "the input ends before its schema");
        Assert.Equal(0, Expect(new FormWriter(new Form()).Message(3, Batch(0, [], []), []).End(),
            "the first message is not a schema").Offset);
    }

    [Fact]
    public void An_input_that_ends_within_a_message()
    {
        byte[] batch = Ints(s_x, 1, 2).End();
        int start = (int)s_schemaBytes;
        Assert.Equal(start, Expect([.. batch[..start], 16, 0], "the input ends inside a message's length").Offset);
        Assert.Equal(start, Expect([.. batch[..start], 0xFF, 0xFF, 0xFF, 0xFF, 1, 0],
            "the input ends inside a message's length").Offset);
        int length = BinaryPrimitives.ReadInt32LittleEndian(batch.AsSpan(start + 4));
        Assert.Equal(start, Expect(batch[..(start + 18)],
            $"the input ends inside a message's metadata: 10 of {length} bytes").Offset);
        Assert.InRange(Expect(batch[..(start + 8 + length + 3)], "the input ends inside a message's body: 3 of 8 bytes")
            .Offset, start + 8, start + 8 + length);
    }

    [Fact]
    public void A_length_that_is_negative() =>
        Assert.Equal(s_schemaBytes, Expect(Start(s_x).Raw(0xFE, 0xFF, 0xFF, 0xFF).End(),
            "a message's metadata has -2 bytes").Offset);

    [Fact]
    public void Messages_that_do_not_belong()
    {
        Assert.Equal(s_schemaBytes, Expect(Start(s_x).Message(1, SchemaOf(s_x), []).End(),
            "a schema stands where a dictionary or a batch is expected").Offset);
        Assert.Equal(s_schemaBytes, Expect(Start(s_x).Message(4, new Flat(), []).End(),
            "a message of kind 4 is neither a dictionary nor a batch").Offset);
        Assert.Equal(s_schemaBytes, Expect(
            Start(s_x).Dictionary(9, ArrowReaderDictionaryTests.Text("a")).End(), "no field has the dictionary 9").Offset);
        Flat encoded = Field("d", 5, new Flat(), dictionary: new Flat());
        Expect(Start(encoded).Message(2, new Flat((0, 0L)), []).End(), "a dictionary message has no data", "d");
    }

    [Fact]
    public void A_message_without_a_header_or_of_another_version()
    {
        Expect(Whole(new Flat((0, (short)4), (1, (byte)1))), "a message has no header");
        Expect(Whole(new Flat((0, (short)2), (1, (byte)1), (2, SchemaOf()))), "metadata version V3 is not read; V4 and V5 are",
            code: ErrorCode.Unsupported);
        Expect(Whole(new Flat((0, (short)5), (1, (byte)1), (2, SchemaOf()))), "metadata version V6 is not read; V4 and V5 are",
            code: ErrorCode.Unsupported);
        Expect(Whole(new Flat((0, (short)4), (1, (byte)1), (2, SchemaOf()), (3, -1L))), "a message's body has -1 bytes");
        Expect(Whole(new Flat((0, (short)4), (1, (byte)1), (2, SchemaOf()), (3, 1L << 31))),
            "a message's body has 2147483648 bytes, over 2147483591; split the batch", code: ErrorCode.TooLarge);
    }

    [Fact]
    public void Custom_metadata_of_a_message_unless_it_may_be_dropped()
    {
        Flat[] custom = [new Flat((0, "k"), (1, "v"))];
        byte[] bytes = Start(s_x).Message(3, Batch(0, [(0, 0)], [(0, 0), (0, 0)]), [], custom).End();
        InvalidArrowException fault = Expect(bytes,
            "a message has custom_metadata, which a block cannot keep; say to drop it, or remove it");
        Assert.True(fault.Offset > s_schemaBytes);
        ArrowReader reader = ArrowReader.Open(bytes, new ArrowReadOptions { DropCustomMetadata = true });
        Assert.Single(ArrowReaderFixtureTests.ReadAll(reader));
        Assert.True(reader.Traits.HasCustomMetadata);
        Assert.Single(ArrowReaderFixtureTests.ReadAll(ArrowReader.Open(
            Start(s_x).Message(3, Batch(0, [(0, 0)], [(0, 0), (0, 0)]), [], []).End())));
    }

    [Fact]
    public void Flatbuffers_that_point_outside_themselves()
    {
        const string broken = "the metadata's flatbuffer is broken: ";
        byte[] good = Whole(new Flat((0, (short)4), (1, (byte)1), (2, SchemaOf(s_x)), (3, 0L)));
        int root = 8 + BinaryPrimitives.ReadInt32LittleEndian(good.AsSpan(8));
        int vtable = root - BinaryPrimitives.ReadInt32LittleEndian(good.AsSpan(root));
        Assert.Equal(8, Expect(Patched(8, 1 << 20), broken + "its root lies outside it").Offset);
        Assert.Equal(root, Expect(Patched(root, -(1 << 20)), broken + "a vtable lies outside it").Offset);
        Assert.Equal(vtable, Expect(Patched(vtable, 7), broken + "a vtable has an impossible length").Offset);
        Assert.Equal(root, Expect(Patched(vtable, 12 | 3 << 16), broken + "a table has an impossible length").Offset);
        Assert.Equal(root, Expect(Patched(vtable + 4, 900), broken + "field 0 lies outside its table").Offset);
        int header = root + BinaryPrimitives.ReadUInt16LittleEndian(good.AsSpan(vtable + 8));
        Assert.Equal(header, Expect(Patched(header, -1), broken + "a reference points outside it").Offset);
        Expect(Whole(new Flat((0, (short)4), (1, (byte)1), (2, new Flat((1, new FlatRaw([], 4) { Count = 1 << 20 }))))),
            broken + "a vector of 1048576 items of 4 bytes runs past its end");

        byte[] Patched(int at, int value)
        {
            byte[] copy = [.. good];
            BinaryPrimitives.WriteInt32LittleEndian(copy.AsSpan(at), value);
            return copy;
        }
    }

    // ---- batches

    [Fact]
    public void Lengths_that_no_batch_has()
    {
        ExpectBatch(Batch(-1, [(-1, 0)], [(0, 0), (0, 0)]), "a batch has -1 rows; it may have 0 to 2^31 - 1", "");
        ExpectBatch(Batch(1L << 31, [(1L << 31, 0)], [(0, 0), (0, 0)]),
            "a batch has 2147483648 rows; it may have 0 to 2^31 - 1", "", ErrorCode.TooLarge);
        ExpectBatch(Batch(0, [(-5, 0)], [(0, 0), (0, 0)]), "an array has -5 slots; it may have 0 to 2^31 - 1");
        ExpectBatch(Batch(0, [(1L << 40, 0)], [(0, 0), (0, 0)]),
            "an array has 1099511627776 slots; it may have 0 to 2^31 - 1", code: ErrorCode.TooLarge);
        ExpectBatch(Batch(1, [(2, 0)], [(0, 0), (0, 8)]), "a column has 2 slots in a batch of 1 rows");
    }

    [Fact]
    public void Null_counts_that_are_impossible()
    {
        ExpectBatch(Batch(2, [(2, -2)], [(0, 0), (0, 8)]), "a null count of -2 in 2 slots is impossible");
        InvalidArrowException fault =
            ExpectBatch(Batch(2, [(2, 3)], [(0, 0), (0, 8)]), "a null count of 3 in 2 slots is impossible");
        Assert.True(fault.Offset % 8 == 0);
    }

    [Fact]
    public void A_faults_offset_is_that_of_its_node()
    {
        byte[] bytes = Start(s_x).Message(3, Batch(7, [(7, 9)], [(0, 0), (0, 28)]), new byte[32]).End();
        InvalidArrowException fault = Expect(bytes, "a null count of 9 in 7 slots is impossible", "x");
        Assert.Equal(7, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)fault.Offset)));
        Assert.Equal(9, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)fault.Offset + 8)));
    }

    [Fact]
    public void Nodes_and_buffers_that_are_too_few_or_too_many()
    {
        ExpectBatch(Batch(2, [], [(0, 0), (0, 8)]), "a batch has 0 nodes, fewer than the schema has fields");
        ExpectBatch(Batch(2, [(2, 0)], [(0, 0)]), "a batch has 1 buffers, fewer than its columns need");
        ExpectBatch(Batch(2, [(2, 0), (2, 0)], [(0, 0), (0, 8)]), "a batch has 2 nodes where its fields take 1", "");
        ExpectBatch(Batch(2, [(2, 0)], [(0, 0), (0, 8), (0, 8)]), "a batch has 3 buffers where its fields take 2", "");
        ExpectBatch(Batch(2, [(2, 0)], [(0, 0), (0, 8)], null, 0),
            "a batch has 1 variadic buffer counts where its fields take 0", "");
    }

    [Fact]
    public void Variadic_counts_that_do_not_fit()
    {
        FormWriter Views(params long[] counts) => Start(Field("v", 24, new Flat()))
            .Message(3, Batch(1, [(1, 0)], [(0, 0), (0, 16)], null, counts), new byte[16]);
        Expect(Views().End(), "a batch has 0 variadic buffer counts, fewer than it has columns of views", "v");
        Expect(Views(3).End(), "a column of views has 3 data buffers where 2 are left in the batch", "v");
    }

    [Fact]
    public void Buffers_outside_their_body_or_too_short()
    {
        byte[] bytes = Ints(s_x, 1, 2, (4, 8)).End();
        InvalidArrowException fault = Expect(bytes, "a buffer of 8 bytes at 4 lies outside its body of 8", "x");
        Assert.Equal(4, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)fault.Offset)));
        Expect(Ints(s_x, 1, 2, (-8, 8)).End(), "a buffer of 8 bytes at -8 lies outside its body of 8", "x");
        Expect(Ints(s_x, 1, 2, (0, -8)).End(), "a buffer of -8 bytes at 0 lies outside its body of 8", "x");
        Expect(Ints(s_x, 1, 2, (long.MaxValue, 8)).End(),
            "a buffer of 8 bytes at 9223372036854775807 lies outside its body of 8", "x");
        Expect(Ints(s_x, 1, 2, (0, 7)).End(), "the values have 7 bytes where 8 are needed", "x");
    }

    [Fact]
    public void A_child_that_is_too_short_under_its_path()
    {
        Flat nested = Field("s", 13, new Flat(), [Field("t", 13, new Flat(), [Int32Field("u")])]);
        byte[] bytes = Start(nested).Message(3, Batch(2, [(2, 0), (2, 0), (1, 0)], [(0, 0), (0, 0), (0, 0), (0, 4)]),
            new byte[8]).End();
        Expect(bytes, "a child has 1 slots for 2 of its parent's", "s.t");
    }

    [Fact]
    public void A_child_that_is_longer_than_needed_is_read()
    {
        Flat nested = Field("s", 13, new Flat(), [Int32Field("u")]);
        byte[] bytes = Start(nested).Message(3, Batch(1, [(1, 0), (2, 0)], [(0, 0), (0, 0), (0, 8)]), new byte[8]).End();
        Assert.Equal("{00000000}", SlotText.Of(ArrowReader.Open(bytes).ReadView()!.Columns[0], 0));
    }

    [Fact]
    public void No_offsets_at_all_for_no_rows_are_read()
    {
        byte[] bytes = Start(Field("t", 5, new Flat()), Field("l", 12, new Flat(), [Int32Field("item")]))
            .Message(3, Batch(0, [(0, 0), (0, 0), (0, 0)], [.. Enumerable.Repeat((0L, 0L), 7)]), []).End();
        Assert.Equal(0, ArrowReader.Open(bytes).ReadView()!.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(22)]
    public void A_union_or_run_end_column_of_V4_with_a_null(int mode)
    {
        Flat field = mode == 1
            ? Field("u", 14, new Flat((0, (short)0)), [Int32Field("a")])
            : Field("u", 22, new Flat(), [Int32Field("run_ends"), Int32Field("values")]);
        byte[] Column(byte bits, long nulls) => mode == 1
            ? Start(new Form { Version = 3 }, field).Message(3,
                Batch(2, [(2, nulls), (2, 0)], [(0, 1), (8, 2), (0, 0), (16, 8)]), [bits, .. new byte[31]]).End()
            : Start(new Form { Version = 3 }, field).Message(3,
                Batch(2, [(2, nulls), (1, 0), (1, 0)], [(0, 1), (0, 0), (8, 4), (0, 0), (16, 4)]), [bits, .. new byte[31]]).End();
        Expect(Column(0b01, -1), "a union or run-end column of metadata version V4 has a null", "u");
        Expect(Column(0b11, 1), "a null count of 1 disagrees with a bitmap without nulls", "u");
        Assert.Equal(2, ArrowReader.Open(Column(0b11, 0)).ReadView()!.Length);
    }

    [Fact]
    public void A_run_end_column_of_V4_has_a_bitmap_or_not()
    {
        Flat field = Field("u", 22, new Flat(), [Int32Field("run_ends"), Int32Field("values")]);
        (long, long)[] nodes = [(2, 0), (1, 0), (1, 0)], buffers = [(0, 0), (0, 4), (0, 0), (8, 4)];
        foreach ((long, long)[] given in new[] { buffers, [(0, 0), .. buffers] })
        {
            byte[] bytes = Start(new Form { Version = 3 }, field)
                .Message(3, Batch(2, nodes, given), ArrowReaderDictionaryTests.Indices(2, 0, 7, 0)).End();
            Assert.Equal("07000000", SlotText.Of(ArrowReader.Open(bytes).ReadView()!.Columns[0], 1));
        }
    }

    // ---- compression

    [Fact]
    public void Compression_that_is_not_known()
    {
        ExpectBatch(Batch(2, [(2, 0)], [(0, 0), (0, 8)], new Flat((0, (byte)2))),
            "body compression 2 by method 0 is not known (LZ4 frame and zstd are)", "", ErrorCode.Unsupported);
        ExpectBatch(Batch(2, [(2, 0)], [(0, 0), (0, 8)], new Flat((1, (byte)1))),
            "body compression 0 by method 1 is not known (LZ4 frame and zstd are)", "", ErrorCode.Unsupported);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compressed_buffers_that_lie(bool zstd)
    {
        byte[] packed = Frames.Of(zstd, new byte[8]);
        Refused([1, 2, 3], "a compressed buffer of 3 bytes lacks its length of 8");
        Refused(Claim(-2, packed), "a compressed buffer claims -2 bytes");
        Refused(Claim(1L << 31, packed), "a buffer has 2147483648 bytes, over 2^31 - 1", ErrorCode.TooLarge);
        Refused(Claim(1 << 30, packed[..4]), "4 compressed bytes cannot hold the 1073741824 that are claimed");
        Refused(Claim(9, packed), "a compressed buffer does not hold exactly the 9 bytes that it claims");
        Refused(Claim(7, packed), "a compressed buffer does not hold exactly the 7 bytes that it claims");
        Refused(Claim(8, new byte[20]), "a compressed buffer is broken");

        void Refused(byte[] buffer, string rule, ErrorCode code = ErrorCode.InvalidData)
        {
            byte[] bytes = Start(s_x).Message(3, Batch(2, [(2, 0)], [(0, 0), (0, buffer.Length)], zstd ? s_zstd : s_lz4),
                [.. buffer, .. new byte[64]]).End();
            InvalidArrowException fault = Expect(bytes, rule, "x", code);
            Assert.Equal(buffer, bytes[(int)fault.Offset..][..buffer.Length]);
        }

        static byte[] Claim(long length, byte[] packed) => [.. FlatRaw.Longs(length).Bytes, .. packed];
    }

    [Fact]
    public void What_is_over_the_budget_before_it_is_taken()
    {
        byte[] zeros = new byte[4 << 20];
        byte[] packed = [.. FlatRaw.Longs(zeros.Length).Bytes, .. Frames.OfZstd(zeros)];
        byte[] bytes = Start(s_x).Message(3, Batch(1 << 20, [(1 << 20, 0)], [(0, 0), (0, packed.Length)], s_zstd), packed).End();
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidArrowException fault = Expect(bytes,
            "decoding takes 4194304 bytes more where 999744 of the memory budget of 1000000 are left", "x", ErrorCode.TooLarge,
            new ArrowReadOptions { MemoryBudget = 1_000_000 });
        Assert.Equal(packed, bytes[(int)fault.Offset..][..packed.Length]);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < zeros.Length);
        Assert.Equal(1 << 20, ArrowReader.Open(bytes).ReadView()!.Length);
    }

    [Fact]
    public void Swapping_byte_order_over_the_budget()
    {
        var numbers = new ArrowArray(ArrowType.Int32, 1000, [default, new byte[4000]]);
        var batch = new RecordBatch(new Schema(new Field("n", ArrowType.Int32)), 1000, numbers);
        byte[] bytes = FormWriter.Stream(new Form { BigEndian = true }, batch.Schema, batch);
        Expect(bytes, "decoding takes 4000 bytes more where 744 of the memory budget of 1000 are left", "n",
            ErrorCode.TooLarge, new ArrowReadOptions { MemoryBudget = 1000 });
    }

    // ---- files

    [Fact]
    public void Files_that_are_cut_or_point_outside_themselves()
    {
        var schema = new Schema(new Field("n", ArrowType.Int32));
        var batch = new RecordBatch(schema, 2, new ArrowArray(ArrowType.Int32, 2, [default, new byte[8]]));
        byte[] file = FormWriter.File(new Form(), schema, batch);
        const string cut = "the file begins with ARROW1 and does not end with it; it was cut short";
        Expect(file[..^1], cut);
        Expect(file[..12], cut);
        byte[] long1 = [.. file];
        BinaryPrimitives.WriteInt32LittleEndian(long1.AsSpan(file.Length - 10), file.Length);
        Assert.Equal(file.Length - 10, Expect(long1, $"a footer of {file.Length} bytes does not fit the file").Offset);

        int footer = file.Length - 10 - BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 10));
        int batchAt = file.AsSpan(16).IndexOf(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF }) + 16;
        int block = footer + file.AsSpan(footer).IndexOf(FlatRaw.Longs(batchAt).Bytes);
        Assert.Equal(block, Expect(With(block, 1 << 30), "the footer points outside the file's messages").Offset);
        Assert.Equal(block, Expect(With(block + 16, 1 << 30), "the footer points outside the file's messages").Offset);
        int metadata = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(block + 8));
        Assert.Equal(batchAt, Expect(With(block + 8, metadata - 8),
            $"a message of {metadata - 8} bytes stands where the footer says {metadata - 8} with its prefix").Offset);
        Assert.Equal(batchAt,
            Expect(With(block + 16, 0), "a message's body has 8 bytes where the footer says 0").Offset);
        int schemaLength = 8 + BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12));
        byte[] other = With(block, 8);
        BinaryPrimitives.WriteInt32LittleEndian(other.AsSpan(block + 8), schemaLength);
        BinaryPrimitives.WriteInt64LittleEndian(other.AsSpan(block + 16), 0);
        Assert.Equal(8, Expect(other, "the footer names a message that is not a batch as one").Offset);

        byte[] With(int at, int value)
        {
            byte[] copy = [.. file];
            BinaryPrimitives.WriteInt32LittleEndian(copy.AsSpan(at), value);
            return copy;
        }
    }

    [Fact]
    public void A_footer_without_a_schema_or_with_custom_metadata()
    {
        byte[] footer = new Flat((0, (short)4)).ToBytes();
        byte[] file = [.. "ARROW1\0\0"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "ARROW1"u8];
        Assert.InRange(Expect(file, "the file's footer has no schema").Offset, 8, 8 + footer.Length);
        var schema = new Schema(new Field("n", ArrowType.Int32));
        FormWriter writer = new FormWriter(new Form()).Raw([.. "ARROW1\0\0"u8]).Schema(schema);
        byte[] custom = writer.Footer(schema, [new Flat((0, "k"))]);
        Expect(custom, "the file's footer has custom_metadata, which a block cannot keep; say to drop it, or remove it");
        Assert.Null(ArrowReader.Open(custom, new ArrowReadOptions { DropCustomMetadata = true }).ReadView());
    }

    [Fact]
    public void A_file_through_a_pipe_over_the_budget()
    {
        byte[] file = IpcData.Bytes("arrow-ipc/generated_primitive.arrow_file");
        var fault = Assert.Throws<InvalidArrowException>(
            () => ArrowReader.Open(new ThrottledStream(new MemoryStream(file)), new ArrowReadOptions { MemoryBudget = file.Length - 1 }));
        Assert.Equal(ErrorCode.TooLarge, fault.Code);
        Assert.Equal($"an Arrow file from a stream that cannot seek is read whole, and it is over {file.Length - 1} bytes", fault.Rule);
    }

    // ---- after an error

    [Fact]
    public void An_error_is_given_again()
    {
        ArrowReader reader = ArrowReader.Open(Start(s_x).Message(4, new Flat(), []).End());
        Assert.Same(Assert.Throws<InvalidArrowException>(() => reader.ReadView()),
            Assert.Throws<InvalidArrowException>(() => reader.ReadView()));
    }

    [Fact]
    public void A_stream_that_fails_is_an_io_error_and_is_disposed_of()
    {
        var stream = new FailingStream(Ints(s_x, 1, 2).End()[..(int)s_schemaBytes]);
        ArrowReader reader = ArrowReader.Open(stream);
        Assert.Equal(ErrorCode.Io, Assert.Throws<ArrowCidException>(() => reader.ReadView()).Code);
        reader.Dispose();
        Assert.True(stream.IsDisposed);
        var early = new FailingStream([]);
        Assert.Equal(ErrorCode.Io, Assert.Throws<ArrowCidException>(() => ArrowReader.Open(early)).Code);
        Assert.True(early.IsDisposed);
    }

    private static InvalidArrowException ExpectBatch(Flat batch, string rule, string path = "x",
        ErrorCode code = ErrorCode.InvalidData)
    {
        byte[] bytes = Start(s_x).Message(3, batch, new byte[8]).End();
        InvalidArrowException fault = Expect(bytes, rule, path, code);
        Assert.InRange(fault.Offset, s_schemaBytes + 8, bytes.Length - 16);
        return fault;
    }

    /// <summary>A stream of a schema and one batch of two rows, whose values' buffer may be a lie.</summary>
    private static FormWriter Ints(Flat field, int first, int second, (long, long)? buffer = null) => Start(field).Message(3,
        Batch(2, [(2, 0)], [(0, 0), buffer ?? (0, 8)]), ArrowReaderDictionaryTests.Indices(first, second));

    /// <summary>One message of any root table.</summary>
    private static byte[] Whole(Flat root)
    {
        byte[] metadata = root.ToBytes();
        return [0xFF, 0xFF, 0xFF, 0xFF, .. BitConverter.GetBytes(metadata.Length), .. metadata];
    }

    private sealed class FailingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public bool IsDisposed { get; private set; }

        public override int Read(Span<byte> buffer) =>
            base.Read(buffer) is var read && read > 0 ? read : throw new IOException("The pipe broke.");

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
