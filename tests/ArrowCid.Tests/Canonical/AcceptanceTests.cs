using ArrowCid.Columnar;
using static ArrowCid.Tests.Canonical.Arrays;

namespace ArrowCid.Tests.Canonical;

/// <summary>The same faults where nobody sees them: only valid slots are judged, and the block is that of clean
/// memory.</summary>
public class AcceptanceTests
{
    [Fact]
    public void Null_under_a_null_struct_though_the_child_is_not_nullable()
    {
        var type = new StructType(new Field("x", ArrowType.Int32, nullable: false));
        Alike(new ArrowArray(type, 2, [Bits(0, 1)], [Int32(null, 7)]),
            new ArrowArray(type, 2, [Bits(0, 1)], [Int32(5, 7)]));
    }

    [Fact]
    public void Null_column_under_null_structs_though_it_is_not_nullable()
    {
        var type = new StructType(new Field("n", ArrowType.Null, nullable: false));
        Alike(new ArrowArray(type, 1, [Bits(0)], [new ArrowArray(ArrowType.Null, 1, [])]),
            new ArrowArray(type, 1, [Bits(0)], [new ArrowArray(ArrowType.Null, 5, [])]));
    }

    [Fact]
    public void Broken_text_under_a_null() => Alike(
        new ArrowArray(ArrowType.Utf8, 2, [Bits(1, 0), Ints(0, 1, 3), Raw(97, 0xC3, 0x28)]), Strings("a", null));

    [Fact]
    public void Broken_text_under_a_null_struct()
    {
        var type = new StructType(new Field("t", ArrowType.Utf8));
        var broken = new ArrowArray(ArrowType.Utf8, 2, [None, Ints(0, 1, 3), Raw(97, 0xC3, 0x28)]);
        Alike(new ArrowArray(type, 2, [Bits(1, 0)], [broken]),
            new ArrowArray(type, 2, [Bits(1, 0)], [Strings("a", null)]));
    }

    [Fact]
    public void View_of_nonsense_under_a_null()
    {
        byte[] views = new byte[32];
        Array.Fill(views, (byte)0xEE, 16, 16);
        Alike(new ArrowArray(ArrowType.Utf8View, 2, [Bits(1, 0), views]),
            new ArrowArray(ArrowType.Utf8View, 2, [Bits(1, 0), new byte[32]]));
    }

    [Fact]
    public void List_view_of_nonsense_under_a_null()
    {
        var type = new ListType(new Field("item", ArrowType.Int32), ArrowTypeId.ListView);
        Alike(new ArrowArray(type, 2, [Bits(0, 1), Ints(-9, 0), Ints(int.MaxValue, 1)], [Int32(4)]),
            new ArrowArray(type, 2, [Bits(0, 1), Ints(0, 0), Ints(0, 1)], [Int32(4)]));
    }

    [Fact]
    public void Index_of_nonsense_under_a_null()
    {
        var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        Alike(new ArrowArray(type, 2, [Bits(0, 1), Raw(200, 0)], dictionary: Strings("a")),
            new ArrowArray(type, 2, [Bits(0, 1), Raw(0, 0)], dictionary: Strings("a")));
    }

    [Theory]
    [InlineData(nameof(ArrowTypeId.SparseUnion))]
    [InlineData(nameof(ArrowTypeId.DenseUnion))]
    public void Code_and_offset_of_nonsense_under_a_null_struct(string kind)
    {
        var id = Enum.Parse<ArrowTypeId>(kind);
        var union = new UnionType(id, [new Field("a", ArrowType.Int32)], [5]);
        var type = new StructType(new Field("u", union));
        Alike(Struct(99, -3), Struct(5, 1));

        ArrowArray Struct(byte code, int offset)
        {
            ReadOnlyMemory<byte>[] buffers = id == ArrowTypeId.SparseUnion
                ? [Raw(5, code)]
                : [Raw(5, code), Ints(0, offset)];
            return new ArrowArray(type, 2, [Bits(1, 0)], [new ArrowArray(union, 2, buffers, [Int32(1, 2)])]);
        }
    }

    [Fact]
    public void Anything_in_a_child_that_a_sparse_union_does_not_select()
    {
        var type = new UnionType(ArrowTypeId.SparseUnion,
            [new Field("a", ArrowType.Int32, false), new Field("b", ArrowType.Utf8, false)]);
        var broken = new ArrowArray(ArrowType.Utf8, 2, [Bits(0, 1), Ints(0, 1, 3), Raw(0xFF, 0xC3, 0xA9)]);
        Alike(new ArrowArray(type, 2, [Raw(0, 1)], [Int32(1, null), broken]),
            new ArrowArray(type, 2, [Raw(0, 1)], [Int32(1, 5), Strings("", "é")]));
    }

    [Fact]
    public void Null_map_entries_under_a_null_map()
    {
        var type = new MapType(new Field("key", ArrowType.Int32, false), new Field("value", ArrowType.Int32));
        var entries = new ArrowArray(type.Entries.Type, 2, [Bits(0, 1)], [Int32(null, 2), Int32(3, 4)]);
        var clean = new ArrowArray(type.Entries.Type, 1, [None], [Int32(2), Int32(4)]);
        Alike(new ArrowArray(type, 2, [Bits(0, 1), Ints(0, 1, 2)], [entries]),
            new ArrowArray(type, 2, [Bits(0, 1), Ints(0, 0, 1)], [clean]));
    }

    [Fact]
    public void Broken_text_in_an_unused_dictionary_entry()
    {
        var values = new ArrowArray(ArrowType.Utf8, 2, [None, Ints(0, 2, 3), Raw(0xC3, 0x28, 97)]);
        var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        Alike(new ArrowArray(type, 1, [None, Raw(1)], dictionary: values),
            new ArrowArray(type, 1, [None, Raw(0)], dictionary: Strings("a")));
    }

    [Fact]
    public void Elements_that_no_list_holds()
    {
        var type = new ListType(new Field("item", ArrowType.Utf8, false));
        var broken = new ArrowArray(ArrowType.Utf8, 3, [Bits(0, 1, 1), Ints(0, 1, 2, 3), Raw(0xFF, 97, 0xFF)]);
        Alike(new ArrowArray(type, 1, [None, Ints(1, 2)], [broken]),
            new ArrowArray(type, 1, [None, Ints(0, 1)], [Strings("a")]));
    }

    [Fact]
    public void No_offsets_at_all_for_no_rows()
    {
        Alike(new ArrowArray(ArrowType.Utf8, 0, [None, None, None]), Strings());
        var type = new ListType(new Field("item", ArrowType.Int32), ArrowTypeId.LargeList);
        Alike(new ArrowArray(type, 0, [None, None], [Int32()]),
            new ArrowArray(type, 0, [None, Longs(0)], [Int32(1, 2)]));
    }

    /// <summary>The worst fault there is: inner indices alike, inner dictionaries not.</summary>
    [Fact]
    public void Equal_inner_indices_into_unequal_dictionaries_stay_apart()
    {
        var inner = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        var pair = new StructType(new Field("d", inner));
        var outer = new DictionaryType(ArrowType.Int8, pair);
        Assert.NotEqual(Block("a", "b"), Block("b", "a"));
        Assert.NotEqual(Block("a", "b"), Block("a", "a"));
        Assert.Equal(Block("a", "b"), Block("a", "b"));

        byte[] Block(string first, string second)
        {
            var entries = new ArrowArray(inner, 2, [None, Raw(0, 1)], dictionary: Strings(first, second));
            var values = new ArrowArray(pair, 2, [None], [entries]);
            return Subject.Encode(Batch("o",
                new ArrowArray(outer, 3, [None, Raw(0, 1, 0)], dictionary: values))).ToArray();
        }
    }

    /// <summary>Entries and runs that differ only in what their inner dictionary says must not be merged.</summary>
    [Fact]
    public void Runs_of_unequal_inner_entries_are_not_joined()
    {
        var inner = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        var type = new RunEndEncodedType(ArrowType.Int32, inner);
        ArrowArray Runs(params string[] texts) => new(type, 2, [],
            [Int32(1, 2), new ArrowArray(inner, 2, [None, Raw(0, 1)], dictionary: Strings(texts))]);
        byte[] unequal = Subject.Encode(Batch("r", Runs("a", "b"))).ToArray();
        Assert.NotEqual(unequal, Subject.Encode(Batch("r", Runs("a", "a"))).ToArray());
        Alike(Runs("a", "a"), new ArrowArray(type, 2, [],
            [Int32(2), new ArrowArray(inner, 1, [None, Raw(0)], dictionary: Strings("a"))]));
    }

    /// <summary>A hidden slot is a null to the runs beside it, and no zero.</summary>
    [Fact]
    public void Hidden_slot_joins_a_run_of_nulls_and_not_one_of_zeros()
    {
        var runs = new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32);
        var type = new StructType(new Field("r", runs));
        Alike(Struct(Int32(1, 2, 3, 4), Int32(9, null, 0, 8)), Struct(Int32(2, 3, 4), Int32(null, 0, null)));

        ArrowArray Struct(ArrowArray ends, ArrowArray values) =>
            new(type, 4, [Bits(0, 1, 1, 0)], [new ArrowArray(runs, 4, [], [ends, values])]);
    }

    [Fact]
    public void Dictionary_entry_that_is_a_null_run_is_a_null()
    {
        var runs = new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32);
        var type = new DictionaryType(ArrowType.Int8, runs);
        var entries = new ArrowArray(runs, 2, [], [Int32(1, 2), Int32(null, 7)]);
        var one = new ArrowArray(runs, 1, [], [Int32(1), Int32(7)]);
        Alike(new ArrowArray(type, 3, [None, Raw(1, 0, 1)], dictionary: entries),
            new ArrowArray(type, 3, [Bits(1, 0, 1), Raw(0, 0, 0)], dictionary: one));
    }

    private static void Alike(ArrowArray given, ArrowArray clean)
    {
        byte[] block = SlowEncoder.Encode(Batch("c", clean));
        Assert.True(block.AsSpan().SequenceEqual(SlowEncoder.Encode(Batch("c", given))),
            "the oracle sees what is hidden");
        CanonicalPropertiesTests.Same(block, Subject.Encode(Batch("c", clean)), "clean memory");
        CanonicalPropertiesTests.Same(block, Subject.Encode(Batch("c", given)),
            "the same, with faults where nobody looks");
    }
}
