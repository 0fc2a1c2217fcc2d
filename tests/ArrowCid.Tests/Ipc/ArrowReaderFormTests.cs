using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Ipc;

/// <summary>Every fixture, written in every form that is accepted, says what it said.</summary>
public sealed class ArrowReaderFormTests
{
    private static readonly Dictionary<string, Form> s_forms = new()
    {
        ["plain"] = new Form(),
        ["big-endian"] = new Form { BigEndian = true },
        ["V4"] = new Form { Version = 3 },
        ["legacy"] = new Form { Legacy = true, Version = 3 },
        ["LZ4"] = new Form { Codec = 0 },
        ["zstd"] = new Form { Codec = 1 },
        ["LZ4, some stored"] = new Form { Codec = 0, StoresSome = true },
        ["zstd, big-endian, some stored"] = new Form { Codec = 1, BigEndian = true, StoresSome = true },
        ["without an end"] = new Form { EndOfStream = false },
        ["unknown null counts"] = new Form { UnknownNullCounts = true },
        ["without what may miss"] = new Form { Sparse = true },
        ["unaligned"] = new Form { Alignment = 1 },
        ["aligned to 64"] = new Form { Alignment = 64 },
    };

    public static TheoryData<string> Forms() => [.. s_forms.Keys];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_stream_in_that_form_says_the_same(string name) => EachFixture(name, replaces: true, FormWriter.Stream);

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_file_in_that_form_says_the_same(string name) => EachFixture(name, replaces: false, FormWriter.File);

    [Fact]
    public void Big_endian_and_the_rest_are_noted()
    {
        IpcTraits traits = Noted(new Form { BigEndian = true, Codec = 0, Legacy = true, Version = 3, EndOfStream = false });
        Assert.True(traits.IsBigEndian && traits.HasLz4Bodies && traits.HasLegacyFraming && traits.LacksEndOfStream);
        Assert.Equal(IpcMessage.V4, traits.MetadataVersion);
        Assert.Equal(1, Noted(new Form { Alignment = 1 }).Alignment);
        Assert.Equal(64, Noted(new Form { Alignment = 64 }).Alignment);
        Assert.False(Noted(new Form()).LacksEndOfStream);
    }

    [Fact]
    public void Bytes_after_the_end_are_ignored_and_counted()
    {
        byte[] bytes = [.. FormWriter.Stream(new Form(), s_numbers.Schema, s_numbers), 1, 2, 3];
        ArrowReader reader = ArrowReader.Open(bytes);
        Assert.Single(ArrowReaderFixtureTests.ReadAll(reader));
        Assert.Equal(3, reader.Traits.BytesAfterEndOfStream);
    }

    [Fact]
    public void A_pipe_is_not_read_past_the_end_of_its_stream()
    {
        byte[] stream = FormWriter.Stream(new Form(), s_numbers.Schema, s_numbers);
        using var two = new MemoryStream([.. stream, .. stream]);
        for (int i = 0; i < 2; i++)
        {
            using ArrowReader reader = ArrowReader.Open(two, new ArrowReadOptions { LeaveOpen = true });
            Assert.Single(ArrowReaderFixtureTests.ReadAll(reader));
            Assert.Equal((i + 1) * stream.Length, two.Position);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_end_marker_cut_short_is_an_end(bool legacy)
    {
        byte[] whole = FormWriter.Stream(new Form { Legacy = legacy, Version = 3 }, s_numbers.Schema, s_numbers);
        for (int cut = 1; cut <= (legacy ? 4 : 8); cut++)
        {
            ArrowReader reader = ArrowReader.Open(whole.AsMemory(..^cut));
            Assert.Single(ArrowReaderFixtureTests.ReadAll(reader));
            Assert.True(reader.Traits.LacksEndOfStream);
        }
    }

    [Fact]
    public void A_cut_anywhere_else_is_refused()
    {
        byte[] whole = FormWriter.Stream(new Form(), s_numbers.Schema, s_numbers);
        int schema = 8 + BitConverter.ToInt32(whole, 4);
        for (int length = 0; length < whole.Length - 8; length++)
        {
            // At the end of the schema, and a little after it, the stream could end: it has no batches then.
            if (length == schema || length - schema is > 0 and <= 4) continue;
            int cut = length;
            Assert.Throws<InvalidArrowException>(
                () => ArrowReaderFixtureTests.ReadAll(ArrowReader.Open(whole.AsMemory(0, cut))));
        }
    }

    [Fact]
    public void Uncompressed_native_buffers_are_borrowed()
    {
        byte[] bytes = FormWriter.Stream(new Form(), s_numbers.Schema, s_numbers);
        RecordBatch batch = ArrowReader.Open(bytes).ReadView()!;
        Assert.Equal(3, batch.Column("n").Values<int>()[2]);
        int at = bytes.AsSpan().LastIndexOf((byte)3);
        bytes[at] = 77;
        Assert.Equal(77, batch.Column("n").Values<int>()[2]);
    }

    [Fact]
    public void Batches_outlive_their_reader_and_its_stream()
    {
        RecordBatch batch;
        using (ArrowReader reader = ArrowReader.Open(new MemoryStream(FormWriter.Stream(new Form(), s_numbers.Schema, s_numbers))))
            batch = reader.ReadView()!;
        Assert.Equal([1, 2, 3], batch.Column("n").Values<int>().ToArray());
    }

    [Fact]
    public void A_disposed_reader_reads_no_more()
    {
        ArrowReader reader = ArrowReader.Open(FormWriter.Stream(new Form(), s_numbers.Schema, s_numbers));
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.ReadView());
    }

    private static readonly RecordBatch s_numbers = new(new Schema(new Field("n", ArrowType.Int32)), 3,
        new ArrowArray(ArrowType.Int32, 3, [default, new byte[] { 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0 }]));

    private static IpcTraits Noted(Form form)
    {
        ArrowReader reader = ArrowReader.Open(FormWriter.Stream(form, s_numbers.Schema, s_numbers));
        Assert.Single(ArrowReaderFixtureTests.ReadAll(reader));
        return reader.Traits;
    }

    private static void EachFixture(string form, bool replaces, Func<Form, Schema, IEnumerable<RecordBatch>, byte[]> write)
    {
        foreach (string name in IpcData.Valid().Where(IpcData.IsSmall))
        {
            ArrowReader source = ArrowReader.Open(IpcData.Bytes(name));
            List<RecordBatch> batches = ArrowReaderFixtureTests.ReadAll(source);
            // A file cannot replace a dictionary: of a stream that does, its first batch.
            if (!replaces && source.SchemaView.Fields.Any(HoldsDictionary)) batches = [.. batches.Take(1)];
            byte[] made = write(s_forms[form], source.SchemaView, batches);
            ArrowReader reader = ArrowReader.Open(made);
            Assert.True(source.SchemaView.Equals(reader.SchemaView), $"{name} as {form}: {reader.SchemaView}");
            List<RecordBatch> found = ArrowReaderFixtureTests.ReadAll(reader);
            Assert.Equal(batches.Count, found.Count);
            for (int i = 0; i < found.Count; i++)
                Assert.True(SlotText.Of(batches[i]) == SlotText.Of(found[i]), $"{name} as {form}, batch {i}");
        }
    }

    private static bool HoldsDictionary(Field field) =>
        field.Type is DictionaryType || field.Type.Children.Any(HoldsDictionary);
}
