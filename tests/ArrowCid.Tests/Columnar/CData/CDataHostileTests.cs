using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Columnar.CData;

/// <summary>Structs that say what cannot be are refused, with what is wrong and where.</summary>
public sealed class CDataHostileTests
{
    private const long Min = long.MinValue, Max = long.MaxValue;

    private static readonly int[] s_counts = [CStruct.NullCount, CStruct.BufferCount, CStruct.ChildCount];

    public static TheoryData<string, int, long, string> Arrays => new()
    {
        { "int32", CStruct.Length, -1, "-1 slots" },
        { "int32", CStruct.Length, Min, "slots" },
        { "int32", CStruct.Length, Max, "2^31 - 1" },
        { "int32", CStruct.Length, 1L << 31, "2^31 - 1" },
        { "bool", CStruct.Length, 1L << 40, "2^31 - 1" },
        { "null", CStruct.Length, 1L << 40, "2^31 - 1" },
        { "int32", CStruct.NullCount, -2, "null count of -2" },
        { "int32", CStruct.NullCount, 4, "null count of 4" },
        { "int32", CStruct.NullCount, Min, "null count" },
        { "int32", CStruct.NullCount, Max, "null count" },
        { "int32", CStruct.Offset, -1, "offset of -1" },
        { "int32", CStruct.Offset, Min, "offset" },
        { "int32", CStruct.Offset, Max, "overflow" },
        { "int32", CStruct.Offset, Max - 3, "past any memory" },
        { "bool", CStruct.Offset, Max - 3, "past any memory" },
        { "fixed binary", CStruct.Offset, Max - 7, "past any memory" },
        { "utf8", CStruct.Offset, Max - 7, "past any memory" },
        { "fixed list", CStruct.Offset, Max - 7, "past any memory" },
        { "struct", CStruct.Offset, Max - 7, "past any memory" },
        { "struct", CStruct.Length, 100, "child has 3 slots" },
        { "struct", CStruct.Offset, 1, "child has 3 slots" },
        { "sparse_union", CStruct.Length, 100, "child has" },
        { "fixed list", CStruct.Length, 100, "child has 6 slots" },
        { "run_end_encoded", CStruct.Offset, 1L << 31, "2^31 - 1" },
        { "int32", CStruct.BufferCount, 0, "2 buffers, not 0" },
        { "int32", CStruct.BufferCount, 1, "2 buffers, not 1" },
        { "int32", CStruct.BufferCount, 3, "2 buffers, not 3" },
        { "int32", CStruct.BufferCount, -1, "2 buffers, not -1" },
        { "int32", CStruct.BufferCount, Max, "2 buffers" },
        { "utf8", CStruct.BufferCount, 2, "3 buffers, not 2" },
        { "utf8_view", CStruct.BufferCount, 2, "3 buffers, not 2" },
        { "utf8_view", CStruct.BufferCount, -5, "3 buffers, not -5" },
        { "utf8_view", CStruct.BufferCount, Max, "3 buffers" },
        { "null", CStruct.BufferCount, 1, "0 buffers, not 1" },
        { "int32", CStruct.Buffers, 0, "buffers are NULL" },
        { "int32", CStruct.ChildCount, 1, "0 children, not 1" },
        { "int32", CStruct.ChildCount, Max, "0 children" },
        { "list<item: int32>", CStruct.ChildCount, 0, "1 children, not 0" },
        { "list<item: int32>", CStruct.ChildCount, -1, "1 children, not -1" },
        { "list<item: int32>", CStruct.Children, 0, "child is NULL" },
        { "struct", CStruct.ChildCount, 3, "2 children, not 3" },
        { "dictionary<int8, utf8>", CStruct.Dictionary, 0, "a dictionary is NULL" },
    };

    public static TheoryData<string, int, string> Buffers => new()
    {
        { "int32", 0, "no bitmap for a null count of 1" },
        { "int32", 1, "the values are NULL" },
        { "bool", 1, "the value bitmap are NULL" },
        { "utf8", 1, "the offsets are NULL" },
        { "large_utf8", 1, "the offsets are NULL" },
        { "utf8", 2, "the data are NULL" },
        { "utf8_view", 1, "the views are NULL" },
        { "utf8_view", 2, "a buffer behind views are NULL" },
        { "utf8_view", 3, "sizes of the views' buffers are NULL" },
        { "list<item: int32>", 1, "the offsets are NULL" },
        { "list_view<item: int32>", 1, "the offsets are NULL" },
        { "list_view<item: int32>", 2, "the sizes are NULL" },
        { "dense_union", 0, "the type codes are NULL" },
        { "dense_union", 1, "the offsets are NULL" },
        { "dictionary<int8, utf8>", 1, "the values are NULL" },
    };

    public static TheoryData<string, int, int, long, string> Values => new()
    {
        { "utf8", 1, 5, -1, "the last offset is -1" },
        { "large_utf8", 1, 5, Min, "the last offset" },
        { "large_utf8", 1, 5, 1L << 40, "2^31 - 1" },
        { "utf8", 1, 1, 1_000_000, "offsets run backward" },
        { "utf8", 1, 1, -7, "offsets run backward" },
        { "large_utf8", 1, 1, Max, "offsets run backward" },
        { "list<item: int32>", 1, 4, 1_000_000, "outside" },
        { "list<item: int32>", 1, 1, -1, "backward" },
        { "large_list<item: int32>", 1, 4, Max, "outside" },
        { "list_view<item: int32>", 1, 0, 1_000_000, "outside" },
        { "list_view<item: int32>", 2, 0, -1, "outside" },
        { "large_list_view<item: int32>", 2, 0, Max, "outside" },
        { "utf8_view", 3, 0, -1, "a buffer behind views has -1 bytes" },
        { "utf8_view", 3, 0, 1L << 31, "a buffer behind views" },
        { "utf8_view", 3, 0, 5, "outside" },
        { "dictionary<int8, utf8>", 1, 0, 100, "outside its dictionary" },
        { "dictionary<int64, utf8>", 1, 0, Max, "outside its dictionary" },
        { "dense_union", 1, 0, 1000, "outside its child" },
        { "dense_union", 1, 0, -1, "outside its child" },
        { "dense_union", 0, 0, 3, "type code 3" },
        { "sparse_union", 0, 0, -1, "type code -1" },
    };

    public static TheoryData<string, string> Formats => new()
    {
        { "", "none that is known" }, { "x", "none that is known" }, { "ii", "none that is known" },
        { "i:", "none that is known" }, { "I ", "none that is known" }, { "d", "none that is known" },
        { "d:", "no decimal" }, { "d:1", "no decimal" }, { "d:0,1", "no decimal" }, { "d:9,x", "no decimal" },
        { "d:9,2,16", "no decimal" }, { "d:9,2,128,", "no decimal" }, { "d:9999999999,2", "no decimal" },
        { "d: 9,2", "no decimal" }, { "w:", "no size" }, { "w:-1", "no size" }, { "w:2147483648", "no size" },
        { "ts:", "none that is known" }, { "tsx:", "none that is known" }, { "tss", "none that is known" },
        { "tD", "none that is known" }, { "+", "none that is known" }, { "+x", "none that is known" },
        { "+l", "1 children, not 0" }, { "+m", "1 children, not 0" }, { "+r", "2 children, not 0" },
        { "+w:", "1 children, not 0" }, { "+ud:0", "1 type codes for 0" }, { "+us:0,0", "no two alike" },
        { "+us:-1", "0 to 127" }, { "+us:128", "0 to 127" }, { "+us:,", "0 to 127" }, { "+ud:a", "0 to 127" },
        { new string('i', 70_000), "does not end within" }, { "tss:" + new string('x', 70_000), "does not end within" },
    };

    [Theory]
    [MemberData(nameof(Arrays))]
    public void A_word_of_an_array_that_cannot_be_is_refused(string name, int word, long value, string says)
    {
        using var export = new Exported(name);
        // Of a column that is longer than its batch the batch's rows are looked at alone.
        if (word == CStruct.Length) export.SetRows(value);
        Assert.Contains(says, export.Refusal(export.Column, word, value), StringComparison.Ordinal);
        export.SetRows(CStruct.Word(export.Column, CStruct.Length));
        Assert.Equal("", export.Refusal(export.Column, word, CStruct.Word(export.Column, word)));
    }

    [Theory]
    [MemberData(nameof(Buffers))]
    public void A_buffer_that_is_not_there_is_refused(string name, int buffer, string says)
    {
        using var export = new Exported(name);
        nint buffers = (nint)CStruct.Word(export.Column, CStruct.Buffers);
        Assert.Contains(says, export.Refusal(buffers, buffer, 0), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_that_points_outside_is_refused_when_it_is_encoded(
        string name, int buffer, int index, long value, string says)
    {
        using var export = new Exported(name);
        int width = (name, buffer) switch
        {
            ("utf8_view", 3) => 8,
            ("dense_union" or "sparse_union", 0) or ("dictionary<int8, utf8>", _) => 1,
            _ => name.Contains("large", StringComparison.Ordinal) || name.Contains("int64", StringComparison.Ordinal) ? 8 : 4,
        };
        nint at = CStruct.Element(CStruct.Word(export.Column, CStruct.Buffers), buffer) + index * width;
        Assert.Contains(says, export.RefusalOfBytes(at, value, width), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_format_that_cannot_be_is_refused(string format, string says)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(format);
        using var export = new Exported("int32");
        Assert.Contains(says, export.Refusal(export.Field, CStruct.Format, text), StringComparison.Ordinal);
        Marshal.FreeCoTaskMem(text);
    }

    [Theory]
    [InlineData("int32", CStruct.Format, 0, "no format")]
    [InlineData("int32", CStruct.SchemaChildCount, -1, "children are not 0")]
    [InlineData("int32", CStruct.SchemaChildCount, Max, "children are not 0")]
    [InlineData("int32", CStruct.SchemaChildCount, 2, "child 0 of 2 is NULL")]
    [InlineData("struct", CStruct.SchemaChildren, 0, "child 0 of 2 is NULL")]
    [InlineData("struct", CStruct.SchemaRelease, 0, "released")]
    [InlineData("dictionary<int8, utf8>", CStruct.SchemaDictionary, 0, "has a dictionary")]
    public void A_word_of_a_schema_that_cannot_be_is_refused(string name, int word, long value, string says)
    {
        using var export = new Exported(name);
        Assert.Contains(says, export.Refusal(export.Field, word, value), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dictionary_of_a_dictionary_of_text_or_with_metadata_is_refused()
    {
        using var words = new Exported("dictionary<int8, utf8>");
        using var numbers = new Exported("int32");
        nint values = (nint)CStruct.Word(words.Field, CStruct.SchemaDictionary);
        Assert.Contains("not a dictionary", words.Refusal(values, CStruct.SchemaDictionary, numbers.Field),
            StringComparison.Ordinal);
        Assert.Contains("released", words.Refusal(values, CStruct.SchemaRelease, 0), StringComparison.Ordinal);
        byte[] pair = [1, 0, 0, 0, 1, 0, 0, 0, (byte)'k', 1, 0, 0, 0, (byte)'v'];
        Assert.Contains("would be lost", words.RefusalOfMetadata(values, pair), StringComparison.Ordinal);
        nint text = Marshal.StringToCoTaskMemUTF8("u");
        Assert.Contains("indices are integers", words.Refusal(words.Field, CStruct.Format, text),
            StringComparison.Ordinal);
        Marshal.FreeCoTaskMem(text);
    }

    [Theory]
    [InlineData("-1 pairs", new byte[] { 255, 255, 255, 255 })]
    [InlineData("pairs of metadata", new byte[] { 255, 255, 255, 127 })]
    [InlineData("a metadata key has -2 bytes", new byte[] { 1, 0, 0, 0, 254, 255, 255, 255 })]
    [InlineData("a metadata value has -1 bytes", new byte[] { 1, 0, 0, 0, 1, 0, 0, 0, 107, 255, 255, 255, 255 })]
    [InlineData("not UTF-8", new byte[] { 1, 0, 0, 0, 1, 0, 0, 0, 200, 0, 0, 0, 0 })]
    [InlineData("given twice", new byte[] { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    public void Metadata_that_cannot_be_is_refused(string says, byte[] bytes)
    {
        using var export = new Exported("int32");
        Assert.Contains(says, export.RefusalOfMetadata(export.Field, bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_does_not_end_or_is_no_text_is_refused()
    {
        using var export = new Exported("int32");
        nint text = Marshal.StringToCoTaskMemUTF8(new string('n', (1 << 20) + 1));
        Assert.Contains("does not end", export.Refusal(export.Field, CStruct.Name, text), StringComparison.Ordinal);
        Marshal.WriteInt16(text, 0xFF);
        Assert.Contains("not UTF-8", export.Refusal(export.Field, CStruct.Name, text), StringComparison.Ordinal);
        Assert.Equal("", export.Refusal(export.Field, CStruct.Name, 0));
        Marshal.FreeCoTaskMem(text);
    }

    [Fact]
    public void A_schema_that_is_its_own_child_ends()
    {
        using var export = new Exported("struct");
        nint children = (nint)CStruct.Word(export.Field, CStruct.SchemaChildren);
        nint second = Marshal.ReadIntPtr(children, 8);
        Assert.Contains("deeper than 32", export.Refusal(children, 0, export.Field), StringComparison.Ordinal);
        Marshal.WriteIntPtr(children, 8, export.Field);
        Assert.NotEqual("", export.Refusal(children, 0, second));
        Marshal.WriteIntPtr(children, 8, second);
        Assert.Equal("", export.Refusal(children, 1, second));
    }

    [Fact]
    public void A_child_that_was_moved_out_is_refused()
    {
        using var export = new Exported("struct");
        nint child = CStruct.Element(CStruct.Word(export.Column, CStruct.Children), 0);
        Assert.Contains("released", export.Refusal(child, CStruct.Release, 0), StringComparison.Ordinal);
        Assert.Contains("released", export.Refusal(export.Column, CStruct.Release, 0), StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_is_a_struct_without_null_rows()
    {
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        ArrowCData.Export(new Field("", ArrowType.Int32), CDataRoundTripTests.Numbers(0, 3), schema.Address, array.Address);
        var thrown = Assert.Throws<InvalidArrowException>(() =>
            ArrowCData.ImportBatch(schema.Address, array.Address));
        Assert.Contains("a batch's schema is a struct", thrown.Message, StringComparison.Ordinal);
        ArrowArray rows = EveryType.Structs();
        ArrowCData.Export(new Field("", rows.Type), rows, schema.Address, array.Address);
        foreach (long nulls in (long[])[0, -1, 1])
        {
            array[CStruct.NullCount] = nulls;
            thrown = Assert.Throws<InvalidArrowException>(() => ArrowCData.Borrow(schema.Address, array.Address, b => b));
            Assert.Contains("a row of a batch is null", thrown.Message, StringComparison.Ordinal);
        }

        ArrowCData.ReleaseSchema(schema.Address);
        ArrowCData.ReleaseArray(array.Address);
    }

    [Fact]
    public void An_address_of_0_is_an_argument_that_the_caller_can_mend()
    {
        using CStruct some = CStruct.Array();
        Assert.Throws<ArgumentException>(() => ArrowCData.Export(RecordBatch.Of(), 0, 0));
        Assert.Throws<ArgumentException>(() => ArrowCData.ImportSchema(0));
        Assert.Throws<ArgumentException>(() => ArrowCData.ImportStream(0));
        Assert.Throws<ArgumentException>(() => ArrowCData.ImportBatch(new Schema(), 0));
        Assert.Throws<ArgumentException>(() => ArrowCData.Borrow(0, some.Address, batch => batch));
    }

    [Fact]
    public void A_slice_far_into_a_large_array_takes_its_own_part_alone()
    {
        // 2^33 slots of which only the last ones are there: their buffers' starts are never read.
        nint far = 1 << 30;
        far *= 8;
        using var export = new Exported("int32");
        nint buffers = (nint)CStruct.Word(export.Column, CStruct.Buffers);
        nint bitmap = Marshal.ReadIntPtr(buffers), values = Marshal.ReadIntPtr(buffers, 8);
        Marshal.WriteIntPtr(buffers, bitmap - far / 8);
        Marshal.WriteIntPtr(buffers, 8, values - far * 4);
        Assert.Equal("", export.Refusal(export.Column, CStruct.Offset, far));
        Marshal.WriteIntPtr(buffers, bitmap);
        Marshal.WriteIntPtr(buffers, 8, values);
    }

    [Fact]
    public void Random_words_in_place_of_counts_give_an_error_or_the_batch() => Seeds.Run((batch, random) =>
    {
        using var export = new Exported(batch.Batch);
        long[] values = [-1, 0, 1, 2, 7, Max, Min, 1L << 31, 1L << 40, random.NextInt64(), -random.NextInt64()];
        foreach (nint array in export.AllArrays)
        {
            // Counts that a producer's memory must bear out: fewer slots or children there is memory for.
            long length = CStruct.Word(array, CStruct.Length);
            int word = s_counts[random.Next(s_counts.Length)];
            long value = values[random.Next(values.Length)];
            // How many buffers stand behind views is the producer's word.
            if (word != CStruct.BufferCount || value < 3) _ = export.Refusal(array, word, value);
            _ = export.Refusal(array, CStruct.Length, random.NextInt64(Math.Max(length, 1)));
        }
    });

    /// <summary>A column of a batch, exported; words of it are changed for the time of an import.</summary>
    private sealed class Exported : IDisposable
    {
        private readonly CStruct _schema = CStruct.Schema();
        private readonly CStruct _array = CStruct.Array();

        public Exported(string name) : this(Batch(name))
        {
        }

        public Exported(RecordBatch batch) => ArrowCData.Export(batch, _schema.Address, _array.Address);

        public nint Column => CStruct.Element(_array[CStruct.Children], 0);

        public nint Field => CStruct.Element(_schema[CStruct.SchemaChildren], 0);

        public IReadOnlyList<nint> AllArrays
        {
            get
            {
                var found = new List<nint>();
                Add(_array.Address);
                return found;

                void Add(nint array)
                {
                    found.Add(array);
                    for (int i = 0; i < CStruct.Word(array, CStruct.ChildCount); i++)
                        Add(CStruct.Element(CStruct.Word(array, CStruct.Children), i));
                    if (CStruct.Word(array, CStruct.Dictionary) is not 0 and long values) Add((nint)values);
                }
            }
        }

        public void SetRows(long rows) => _array[CStruct.Length] = rows;

        public string Refusal(nint address, int word, long value) => RefusalOfBytes(address + word * 8, value, 8);

        /// <summary>The error with which import and encoding end; empty where they do not.</summary>
        public string RefusalOfBytes(nint address, long value, int width)
        {
            var before = new byte[width];
            Marshal.Copy(address, before, 0, width);
            Marshal.Copy(BitConverter.GetBytes(value), 0, address, width);
            try
            {
                _ = ArrowCData.Borrow(_schema.Address, _array.Address, CanonicalBlock.CidOf);
                return "";
            }
            catch (InvalidArrowException e)
            {
                return e.Message;
            }
            finally
            {
                Marshal.Copy(before, 0, address, width);
            }
        }

        public string RefusalOfMetadata(nint schema, byte[] bytes)
        {
            GCHandle pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
            string said = Refusal(schema, CStruct.Metadata, pin.AddrOfPinnedObject());
            pin.Free();
            return said;
        }

        public void Dispose()
        {
            ArrowCData.ReleaseSchema(_schema.Address);
            ArrowCData.ReleaseArray(_array.Address);
            _schema.Dispose();
            _array.Dispose();
        }

        private static RecordBatch Batch(string name)
        {
            (string Name, Func<ArrowArray> Make, string Json) found = EveryType.Cases.First(item =>
                item.Name == name || item.Name.StartsWith(name + "<", StringComparison.Ordinal));
            return RecordBatch.Of(("c", found.Make()));
        }
    }
}
