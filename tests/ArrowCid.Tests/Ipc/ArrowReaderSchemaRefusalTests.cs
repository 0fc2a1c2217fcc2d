using ArrowCid.Columnar;
using ArrowCid.Ipc;
using static ArrowCid.Tests.Ipc.Refusal;

namespace ArrowCid.Tests.Ipc;

public sealed class ArrowReaderSchemaRefusalTests
{
    private static readonly FlatRaw s_notText = new([0x61, 0xFF, 0x62], 1);

    [Fact]
    public void A_byte_order_that_is_none() =>
        Expect(new FormWriter(new Form()).Message(1, new Flat((0, (short)2)), []).End(),
            "2 is not a byte order (0 little, 1 big)");

    [Fact]
    public void A_field_without_a_type()
    {
        ExpectField(Field("f", 0, new Flat()), "a field has no type");
        ExpectField(Field("f", 5, null), "a field has no type");
    }

    [Fact]
    public void A_type_that_is_not_known() =>
        ExpectField(Field("f", 27, new Flat()), "types of kind 27 are not known", code: ErrorCode.Unsupported);

    [Fact]
    public void Parameters_that_no_type_has()
    {
        ExpectField(Field("f", 2, new Flat((0, 24))), "an integer has 8, 16, 32 or 64 bits, not 24");
        ExpectField(Field("f", 3, new Flat((0, (short)3))), "3 is not a floating-point precision");
        ExpectField(Field("f", 7, new Flat((0, 5), (2, 100))), "a decimal has 32, 64, 128 or 256 bits, not 100");
        ExpectField(Field("f", 7, new Flat()), "a decimal's precision is 1 or more, not 0");
        ExpectField(Field("f", 8, new Flat((0, (short)2))), "2 is not a date's unit");
        ExpectField(Field("f", 9, new Flat((0, (short)3), (1, 32))),
            "a time in units of Nanosecond does not have 32 bits");
        ExpectField(Field("f", 10, new Flat((0, (short)4))), "4 is not a time unit");
        ExpectField(Field("f", 18, new Flat((0, (short)-1))), "-1 is not a time unit");
        ExpectField(Field("f", 11, new Flat((0, (short)3))), "3 is not an interval's unit");
        ExpectField(Field("f", 15, new Flat((0, -1))), "a width of -1 bytes is impossible");
        ExpectField(Field("f", 16, new Flat((0, -2)), [Int32Field("item")]), "a list size of -2 is impossible");
    }

    [Fact]
    public void Children_that_do_not_fit_their_type()
    {
        ExpectField(Field("f", 12, new Flat()), "a type of kind 12 has 1 children, not 0");
        ExpectField(Field("f", 22, new Flat(), [Int32Field("a")]), "a type of kind 22 has 2 children, not 1");
        ExpectField(Field("f", 5, new Flat(), [Int32Field("a")]), "a type of kind 5 has 0 children, not 1");
        ExpectField(Field("f", 17, new Flat(), [Int32Field("a")]), "a map's entries are a struct of two fields");
        ExpectField(Field("f", 22, new Flat(), [Field("a", 5, new Flat()), Int32Field("b")]),
            "run ends are int16, int32 or int64");
    }

    [Fact]
    public void Union_codes_that_repeat_are_negative_or_not_one_a_child()
    {
        Flat[] two = [Int32Field("a"), Int32Field("b")];
        ExpectField(Field("f", 14, new Flat((0, (short)2)), two), "2 is not a union's mode");
        ExpectField(Field("f", 14, new Flat((1, FlatRaw.Ints(1, 1))), two), "a union's type code 1 repeats");
        ExpectField(Field("f", 14, new Flat((1, FlatRaw.Ints(1, -1))), two),
            "a union's type code is from 0 to 127, not -1");
        ExpectField(Field("f", 14, new Flat((1, FlatRaw.Ints(1, 128))), two),
            "a union's type code is from 0 to 127, not 128");
        ExpectField(Field("f", 14, new Flat((1, FlatRaw.Ints(1))), two),
            "a union has one type code from 0 to 127 a child, and 2 children have 1");
        ExpectField(Field("f", 14, new Flat(), [.. Enumerable.Range(0, 129).Select(i => Int32Field($"c{i}"))]),
            "a union has one type code from 0 to 127 a child, and 129 children have 129");
    }

    [Fact]
    public void Text_that_is_not_utf8()
    {
        ExpectField(Field(s_notText, 5, new Flat()), "a field's name is not UTF-8", "");
        ExpectField(Field("f", 13, new Flat(), [Field(s_notText, 5, new Flat())]), "a field's name is not UTF-8");
        ExpectField(Field("f", 10, new Flat((1, s_notText))), "a time zone is not UTF-8");
        ExpectField(Field("f", 5, new Flat(), metadata: [new Flat((0, s_notText))]), "a metadata key is not UTF-8");
        ExpectField(Field("f", 5, new Flat(), metadata: [new Flat((0, "k"), (1, s_notText))]),
            "a metadata value is not UTF-8");
    }

    [Fact]
    public void The_offset_of_a_bad_name_is_that_of_its_bytes()
    {
        byte[] bytes = Start(Field(s_notText, 5, new Flat())).End();
        Assert.Equal(bytes.AsSpan().IndexOf(s_notText.Bytes) - 4, Expect(bytes, "a field's name is not UTF-8").Offset);
    }

    [Fact]
    public void A_metadata_key_that_is_given_twice()
    {
        Flat[] twice = [new Flat((0, "k"), (1, "1")), new Flat((0, "k"), (1, "2"))];
        ExpectField(Field("f", 5, new Flat(), metadata: twice), "the metadata key 'k' is given twice");
        Expect(new FormWriter(new Form()).Message(1, new Flat((2, twice)), []).End(),
            "the metadata key 'k' is given twice");
    }

    [Fact]
    public void Dictionaries_of_another_kind_or_index()
    {
        ExpectField(Field("f", 5, new Flat(), dictionary: new Flat((3, (short)1))),
            "dictionaries of kind 1 are not known (0 is dense)");
        ExpectField(Field("f", 5, new Flat(), dictionary: new Flat((1, new Flat((0, 7))))),
            "an integer has 8, 16, 32 or 64 bits, not 7");
    }

    [Fact]
    public void A_shared_dictionary_of_two_types()
    {
        byte[] bytes = Start(Field("a", 5, new Flat(), dictionary: new Flat((0, 3L))),
            Field("b", 4, new Flat(), dictionary: new Flat((0, 3L)))).End();
        Expect(bytes, "dictionary 3 is also that of 'a', and its values are of another type", "b");
    }

    [Fact]
    public void Nesting_to_32_is_read_and_deeper_is_refused()
    {
        Assert.Single(ArrowReader.Open(Start(Nested(32)).End()).SchemaView.Fields);
        string path = string.Join('.', Enumerable.Range(0, 32).Select(i => $"n{32 - i}"));
        Expect(Start(Nested(33)).End(), "columns nest deeper than 32 levels", "n33." + path[..path.LastIndexOf('.')]);

        // A dictionary's values are no level of their own.
        Flat encoded = Field("d", 13, new Flat(), [Nested(31)], new Flat());
        Assert.Single(ArrowReader.Open(Start(encoded).End()).SchemaView.Fields);

        static Flat Nested(int levels)
        {
            Flat field = Int32Field("n1");
            for (int i = 2; i <= levels; i++) field = Field($"n{i}", 13, new Flat(), [field]);
            return field;
        }
    }

    [Fact]
    public void A_small_schema_that_describes_a_huge_one()
    {
        Flat field = Int32Field("leaf");
        for (int i = 0; i < 20; i++) field = Field("s", 13, new Flat(), [.. Enumerable.Repeat(field, 10)]);
        byte[] bytes = Start(field).End();
        Expect(bytes, "the metadata holds more fields than its bytes can hold");
    }

    [Fact]
    public void A_name_that_is_shared_over_and_over()
    {
        byte[] bytes = Start([.. Enumerable.Repeat(Int32Field(new string('x', 4000)), 300)]).End();
        Expect(bytes, "the metadata's flatbuffer is broken: its strings overlap many times over");
    }

    [Fact]
    public void Many_children_under_a_long_name_take_no_more_than_their_names()
    {
        Flat[] children = [.. Enumerable.Range(0, 2000).Select(i => Int32Field($"c{i}"))];
        byte[] bytes = Start(Field(new string('x', 100_000), 13, new Flat(), children)).End();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(2000, ArrowReader.Open(bytes).SchemaView.Fields[0].Type.Children.Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 * bytes.Length);
    }

    [Fact]
    public void Missing_parameters_have_their_defaults()
    {
        Flat[] union = [Int32Field("a"), Int32Field("b")];
        Schema schema = ArrowReader.Open(Start(
            Field("d", 5, new Flat(), dictionary: new Flat()), Field("u", 14, new Flat(), union),
            Field("t", 9, new Flat()), Field("p", 7, new Flat((0, 9))), Field("n", 1, new Flat())).End()).SchemaView;
        Assert.Equal(
            "d: dictionary<int32, utf8>\nu: sparse_union<a: int32 = 0, b: int32 = 1>\nt: time32[ms]\n"
            + "p: decimal128(9, 0)\nn: null", schema.ToString());
    }

    [Fact]
    public void A_schema_message_without_any_vector_has_no_fields()
    {
        ArrowReader reader = ArrowReader.Open(new FormWriter(new Form()).Message(1, new Flat(), [])
            .Message(3, new Flat((0, 5L)), []).End());
        Assert.Empty(reader.SchemaView.Fields);
        Assert.Equal(5, reader.ReadView()!.Length);
        Assert.Null(reader.ReadView());
    }

    [Fact]
    public void Names_and_metadata_of_any_script_are_kept()
    {
        Schema schema = ArrowReader.Open(Start(Field("größe", 5, new Flat(),
            metadata: [new Flat((0, "ключ"), (1, "値")), new Flat((0, "none"))])).End()).SchemaView;
        Assert.Equal("größe", schema.Fields[0].Name);
        Assert.Equal([new("ключ", "値"), new("none", "")], schema.Fields[0].Metadata);
    }
}
