using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Ipc;

public sealed class ArrowReaderDictionaryTests
{
    private static readonly DictionaryType s_encoded = new(ArrowType.Int32, ArrowType.Utf8);
    private static readonly Schema s_one = new(new Field("d", s_encoded));

    [Fact]
    public void A_delta_is_put_behind_what_stands()
    {
        FormWriter writer = new FormWriter(new Form()).Schema(s_one)
            .Dictionary(0, Text("a", "b")).Message(3, Batch(2, 0, 1), Indices(0, 1))
            .Dictionary(0, Text("c"), isDelta: true).Message(3, Batch(2, 0, 1), Indices(2, 0));
        Assert.Equal(["a b", "c a"], Slots(writer.End()));
    }

    [Fact]
    public void A_batch_that_was_read_keeps_the_dictionary_that_it_had()
    {
        ArrowReader reader = ArrowReader.Open(new FormWriter(new Form()).Schema(s_one)
            .Dictionary(0, Text("a")).Message(3, Batch(1, 0, 1), Indices(0))
            .Dictionary(0, Text("z")).Message(3, Batch(1, 0, 1), Indices(0)).End());
        RecordBatch first = reader.ReadView()!, second = reader.ReadView()!;
        Assert.Equal("61", SlotText.Of(first.Columns[0], 0));
        Assert.Equal("7a", SlotText.Of(second.Columns[0], 0));
        Assert.Equal(1, reader.Traits.ReplacedDictionaries);
    }

    [Fact]
    public void A_missing_dictionary_is_empty()
    {
        RecordBatch batch = ArrowReader.Open(
            new FormWriter(new Form()).Schema(s_one).Message(3, Batch(0, 0, 1), []).End()).ReadView()!;
        Assert.Equal(0, batch.Columns[0].Dictionary!.Length);
        Assert.Equal(ArrowType.Utf8, batch.Columns[0].Dictionary!.Type);
    }

    [Fact]
    public void A_delta_without_a_dictionary_before_it_is_the_dictionary()
    {
        byte[] bytes = new FormWriter(new Form()).Schema(s_one).Dictionary(0, Text("a", "b"), isDelta: true)
            .Message(3, Batch(2, 0, 1), Indices(1, 0)).End();
        Assert.Equal(["b a"], Slots(bytes));
    }

    [Fact]
    public void Two_fields_share_a_dictionary()
    {
        Flat Encoded(string name) => new((0, name), (1, true), (2, (byte)5), (3, new Flat()),
            (4, new Flat((0, 7L), (1, new Flat((0, 32), (1, true))))));
        FormWriter writer = new FormWriter(new Form())
            .Message(1, new Flat((1, new[] { Encoded("x"), Encoded("y") })), [])
            .Dictionary(7, Text("a", "b")).Message(3, Batch(2, 0, 2), [.. Indices(0, 1), .. Indices(1, 1)]);
        ArrowReader reader = ArrowReader.Open(writer.End());
        RecordBatch batch = reader.ReadView()!;
        Assert.Equal("b", Letter(batch.Columns[0], 1));
        Assert.Equal("b", Letter(batch.Columns[1], 0));
        Assert.Same(batch.Columns[0].Dictionary, batch.Columns[1].Dictionary);
        Assert.True(reader.Traits.HasSharedDictionaryIds);
    }

    [Fact]
    public void A_dictionary_in_a_dictionary_is_seen_as_it_stands_when_the_batch_comes()
    {
        var inner = new Field("i", s_encoded);
        var outer = new DictionaryType(ArrowType.Int32, new StructType(inner));
        var pairs = new ArrowArray(outer.ValueType, 2, [default], [new ArrowArray(s_encoded, 2, [default, Indices(0, 1)])]);
        FormWriter writer = new FormWriter(new Form()).Schema(new Schema(new Field("o", outer)))
            .Dictionary(0, pairs).Dictionary(1, Text("a", "b")).Message(3, Batch(2, 0, 1), Indices(0, 1))
            .Dictionary(1, Text("c", "d")).Message(3, Batch(2, 0, 1), Indices(0, 1))
            .Dictionary(0, pairs, isDelta: true).Message(3, Batch(1, 0, 1), Indices(3));
        IEnumerable<string> found = ArrowReaderFixtureTests.ReadAll(ArrowReader.Open(writer.End())).Select(SlotText.Of);
        Assert.Equal(["{61} {62}", "{63} {64}", "{64}"],
            found.Select(text => text[(text.LastIndexOf(':') + 2)..].TrimEnd()));
    }

    [Fact]
    public void A_file_shows_every_batch_all_deltas()
    {
        FormWriter writer = new FormWriter(new Form()).Raw([.. "ARROW1\0\0"u8]).Schema(s_one)
            .Dictionary(0, Text("a")).Message(3, Batch(1, 0, 1), Indices(1))
            .Dictionary(0, Text("b"), isDelta: true).Message(3, Batch(1, 0, 1), Indices(0));
        writer.End();
        Assert.Equal(["b", "a"], Slots(writer.Footer(s_one)));
    }

    [Fact]
    public void A_file_cannot_replace_a_dictionary()
    {
        FormWriter writer = new FormWriter(new Form()).Raw([.. "ARROW1\0\0"u8]).Schema(s_one)
            .Dictionary(0, Text("a")).Dictionary(0, Text("b")).Message(3, Batch(1, 0, 1), Indices(0));
        ArrowReader reader = ArrowReader.Open(writer.Footer(s_one));
        var fault = Assert.Throws<InvalidArrowException>(() => reader.ReadView());
        Assert.Equal("dictionary 0 is given twice, and in a file only deltas may follow", fault.Rule);
        Assert.Equal("d", fault.FieldPath);
    }

    [Fact]
    public void Standing_dictionaries_count_and_replaced_ones_no_more()
    {
        byte[] large = Encoding.UTF8.GetBytes(new string('x', 1 << 16));
        FormWriter writer = new FormWriter(new Form { Codec = 1 }).Schema(s_one);
        for (int i = 0; i < 20; i++)
        {
            writer.Dictionary(0, new ArrowArray(ArrowType.Utf8, 1, [default, Indices(0, large.Length), large]));
            writer.Batch(new RecordBatch(new Schema(new Field("d", s_encoded)), 1,
                new ArrowArray(s_encoded, 1, [default, Indices(0)])));
        }

        var options = new ArrowReadOptions { MemoryBudget = 3 * large.Length };
        Assert.Equal(20, ArrowReaderFixtureTests.ReadAll(ArrowReader.Open(writer.End(), options)).Count);
    }

    [Fact]
    public void An_unchanged_dictionary_is_the_same_object_from_batch_to_batch()
    {
        ArrowReader reader = ArrowReader.Open(new FormWriter(new Form()).Schema(s_one).Dictionary(0, Text("a", "b"))
            .Message(3, Batch(1, 0, 1), Indices(0)).Message(3, Batch(1, 0, 1), Indices(1)).End());
        Assert.Same(reader.ReadView()!.Columns[0].Dictionary, reader.ReadView()!.Columns[0].Dictionary);
    }

    internal static ArrowArray Text(params string[] values)
    {
        var offsets = new List<int> { 0 };
        foreach (string value in values) offsets.Add(offsets[^1] + Encoding.UTF8.GetByteCount(value));
        return new ArrowArray(ArrowType.Utf8, values.Length,
            [default, Indices([.. offsets]), Encoding.UTF8.GetBytes(string.Concat(values))], nullCount: 0);
    }

    /// <summary>A RecordBatch table of columns of int32 without bitmaps.</summary>
    internal static Flat Batch(int rows, int nulls, int columns) => new((0, (long)rows),
        (1, FlatRaw.Pairs([.. Enumerable.Repeat(((long)rows, (long)nulls), columns)])),
        (2, FlatRaw.Pairs([.. Enumerable.Range(0, columns).SelectMany(i => new[] { (0L, 0L), (4L * rows * i, 4L * rows) })])));

    internal static byte[] Indices(params int[] indices) => MemoryMarshal.AsBytes(indices.AsSpan()).ToArray();

    private static string Letter(ArrowArray array, int index) =>
        Encoding.UTF8.GetString(Convert.FromHexString(SlotText.Of(array, index)));

    private static IEnumerable<string> Slots(byte[] bytes) => ArrowReaderFixtureTests.ReadAll(ArrowReader.Open(bytes))
        .Select(batch => string.Join(' ', Enumerable.Range(0, batch.Length).Select(i => Letter(batch.Columns[0], i))));
}
