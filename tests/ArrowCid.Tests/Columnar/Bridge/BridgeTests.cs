using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Ipc;
using A = Apache.Arrow;
using T = Apache.Arrow.Types;

namespace ArrowCid.Tests.Columnar.Bridge;

/// <summary>Batches as those of Apache.Arrow and back: the same values, the same CIDs, no copy.</summary>
public class BridgeTests
{
    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void A_column_of_every_type_comes_back_equal_from_Apache(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        RecordBatch batch = RecordBatch.Of(("v", array));
        RecordBatch back = FromApache.Batch(ToApache.Batch(batch));
        Assert.Equal(batch.Schema, back.Schema);
        Assert.Equal(json, Json(back.Columns[0]));
        Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(back));
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void A_slice_of_every_type_comes_back_equal_from_Apache(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        A.RecordBatch whole = ToApache.Batch(RecordBatch.Of(("v", array)));
        for (int start = 0; start <= json.Length; start++)
        {
            for (int length = 0; length <= json.Length - start; length++)
            {
                RecordBatch back = FromApache.Batch(whole.Slice(start, length));
                Assert.Equal(json[start..(start + length)], Json(back.Columns[0]));
                A.RecordBatch cut = ToApache.Batch(RecordBatch.Of(("v", array.Slice(start, length))));
                Assert.Equal(json[start..(start + length)], Json(FromApache.Batch(cut).Columns[0]));
            }
        }
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void No_buffer_of_a_column_is_copied_on_either_way(string name)
    {
        ArrowArray array = EveryType.Get(name).Array;
        A.RecordBatch batch = ToApache.Batch(RecordBatch.Of(("v", array)));
        AssertSame(array, batch.Column(0).Data);
        AssertSame(FromApache.Batch(batch).Columns[0], batch.Column(0).Data);
    }

    public static TheoryData<string> Streams() => [.. IpcData.Valid()];

    [Theory, MemberData(nameof(Streams))]
    public void Streams_of_other_writers_keep_their_CIDs_through_Apache(string file)
    {
        using ArrowReader reader = ArrowReader.Open(IpcData.Bytes(file));
        while (reader.ReadView() is { } batch) _ = CheckSame(batch);
    }

    [Fact]
    public void Random_batches_keep_their_CIDs_through_Apache()
    {
        int carried = 0, all = 0;
        Seeds.Run((batch, _) =>
        {
            if (CheckSame(batch.Batch)) carried++;
            all++;
        });
        if (Seeds.AreMany) Assert.True(carried > all / 2, $"{carried} of {all} batches were carried");
    }

    [Fact]
    public void What_Apache_builds_has_the_CID_of_the_same_values()
    {
        var text = new A.StringArray.Builder().Append("a").AppendNull().Append("zwölf").Build();
        var numbers = new A.Int32Array.Builder().Append(1).Append(-2).AppendNull().Build();
        var lists = new A.ListArray.Builder(T.Int64Type.Default);
        var items = (A.Int64Array.Builder)lists.ValueBuilder;
        lists.Append();
        items.Append(7).AppendNull();
        lists.AppendNull();
        lists.Append();
        var words = new A.DictionaryArray(
            new T.DictionaryType(T.Int8Type.Default, T.StringType.Default, false),
            new A.Int8Array.Builder().Append(1).AppendNull().Append(0).Build(),
            new A.StringArray.Builder().Append("x").Append("y").Build());
        A.RecordBatch apache = new A.RecordBatch.Builder().Append("text", true, text).Append("numbers", true, numbers)
            .Append("lists", true, lists.Build()).Append("words", true, words).Build();

        ArrowArray ownLists = EveryType.Built(new ListType(new Field("item", ArrowType.Int64)), (ListBuilder b) =>
        {
            var own = (FixedBuilder<long>)b.Items;
            own.Append(7);
            own.AppendNull();
            b.Append();
            b.AppendNull();
            b.Append();
        });
        ArrowArray ownWords = EveryType.Built(new DictionaryType(ArrowType.Int8, ArrowType.Utf8),
            (DictionaryBuilder b) =>
            {
                b.Append("y");
                b.AppendNull();
                b.Append("x");
            });
        RecordBatch own = RecordBatch.Of(
            ("text", EveryType.Built(ArrowType.Utf8, (BytesBuilder b) => b.AppendRange("a", null, "zwölf"))),
            ("numbers", EveryType.Fixed<int>(ArrowType.Int32, 1, -2, null)), ("lists", ownLists), ("words", ownWords));
        Assert.Equal(CanonicalBlock.CidOf(own), CanonicalBlock.CidOf(FromApache.Batch(apache)));
    }

    [Fact]
    public void A_nested_column_takes_the_names_of_the_schema()
    {
        A.ListArray list = Lists(new T.ListType(new A.Field("item", T.Int32Type.Default, true)));
        var declared = new T.ListType(new A.Field("element", T.Int32Type.Default, false));
        var schema = new A.Schema([new A.Field("v", declared, true)], null);
        RecordBatch batch = FromApache.Batch(new A.RecordBatch(schema, [list], list.Length));
        Assert.Equal("v: list<element: int32 not null>", batch.Schema.Fields[0].ToString());
        Assert.Equal(batch.Schema.Fields[0].Type, batch.Columns[0].Type);
    }

    [Fact]
    public void A_column_of_another_type_than_its_field_is_refused()
    {
        var schema = new A.Schema([new A.Field("v", T.Int64Type.Default, true)], null);
        A.Int32Array column = new A.Int32Array.Builder().Append(1).Build();
        InvalidArrowException thrown = Assert.Throws<InvalidArrowException>(
            () => FromApache.Batch(new A.RecordBatch(schema, [column], 1)));
        Assert.Equal("v", thrown.FieldPath);
        Assert.Contains("int32", thrown.Rule, StringComparison.Ordinal);
        Assert.Throws<InvalidArrowException>(() => FromApache.Batch(new A.RecordBatch(schema, [], 0)));
        Assert.Throws<InvalidArrowException>(() => FromApache.Batch(
            new A.RecordBatch(schema, [new A.Int64Array.Builder().Append(1).Build()], 2)));
    }

    [Fact]
    public void An_array_with_too_few_bytes_or_children_is_refused()
    {
        var number = new A.ArrayData(T.Int64Type.Default, 3, 0, 0, [A.ArrowBuffer.Empty, Buffer(new byte[16])]);
        Assert.Equal("v", Refused(number).FieldPath);
        var list = new T.ListType(new A.Field("item", T.Int32Type.Default, true));
        Assert.Equal("v", Refused(new A.ArrayData(list, 0, 0, 0, [A.ArrowBuffer.Empty, A.ArrowBuffer.Empty]))
            .FieldPath);
        var short32 = new A.ArrayData(T.Int32Type.Default, 2, 0, 0, [A.ArrowBuffer.Empty, Buffer(new byte[4])]);
        Assert.Equal("v", Refused(new A.ArrayData(list, 0, 0, 0, [A.ArrowBuffer.Empty], [short32])).FieldPath[..1]);

        static InvalidArrowException Refused(A.ArrayData data) => Assert.Throws<InvalidArrowException>(() =>
            FromApache.Batch(new A.RecordBatch(new A.Schema([new A.Field("v", data.DataType, true)], null),
                [new Bare(data)], data.Length)));
    }

    [Fact]
    public void An_extension_type_becomes_metadata_of_its_field()
    {
        var id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
        A.RecordBatch apache = new A.RecordBatch.Builder().Append("id", true,
            new A.GuidArray.Builder().Append(id).Build()).Build();
        RecordBatch batch = FromApache.Batch(apache);
        Assert.Equal("arrow.uuid", batch.Schema.Fields[0].ExtensionName);
        Assert.Equal(new FixedSizeBinaryType(16), batch.Schema.Fields[0].Type);
        Assert.Equal(id.ToByteArray(bigEndian: true), batch.Columns[0].GetBytes(0));
        var own = new RecordBatch(
            new Schema(new Field("id", new FixedSizeBinaryType(16), true, [new("ARROW:extension:name", "arrow.uuid")])),
            1, EveryType.Built(new FixedSizeBinaryType(16), (BytesBuilder b) => b.Append(id.ToByteArray(true))));
        Assert.Equal(CanonicalBlock.CidOf(own), CanonicalBlock.CidOf(batch));
        Assert.Equal("arrow.uuid", ToApache.Batch(own).Schema.FieldsList[0].Metadata["ARROW:extension:name"]);
    }

    [Fact]
    public void Parameters_of_an_extension_type_replace_what_the_metadata_has()
    {
        var type = new Tagged("parameters");
        var field = new A.Field("v", type, true, [new("ARROW:extension:name", "old"), new("k", "v")]);
        A.IArrowArray storage = new A.Int32Array.Builder().Append(5).Build();
        RecordBatch batch = FromApache.Batch(
            new A.RecordBatch(new A.Schema([field], null), [new A.ExtensionArray(type, storage)], 1));
        Assert.Equal(
            [new("k", "v"), new("ARROW:extension:name", "test.tagged"), new("ARROW:extension:metadata", "parameters")],
            batch.Schema.Fields[0].Metadata);
    }

    [Fact]
    public void The_schema_of_a_batch_is_made_once_on_either_way()
    {
        RecordBatch batch = RecordBatch.Of(("v", EveryType.Get("int32").Array));
        A.RecordBatch apache = ToApache.Batch(batch);
        Assert.Same(apache.Schema, ToApache.Batch(batch).Schema);
        Assert.Same(FromApache.Batch(apache).Schema, FromApache.Batch(apache).Schema);
    }

    /// <returns>Whether Apache.Arrow can carry the batch.</returns>
    private static bool CheckSame(RecordBatch batch)
    {
        EncodedBlock block = CanonicalBlock.Encode(batch);
        if (!batch.Schema.Fields.All(field => IsCarried(field.Type)) || HasTwins(batch.Schema.Fields))
        {
            ArrowCidException thrown = Assert.Throws<ArrowCidException>(() => ToApache.Batch(batch));
            Assert.Equal(ErrorCode.Unsupported, thrown.Code);
            return false;
        }

        RecordBatch back = FromApache.Batch(ToApache.Batch(batch));
        Assert.Equal(block.Cid, CanonicalBlock.CidOf(back));
        A.RecordBatch stored = ToApache.Batch(CanonicalBlock.DecodeView(block.Bytes));
        EncodedBlock again = CanonicalBlock.Encode(FromApache.Batch(stored));
        Assert.Equal(block.Cid, again.Cid);
        Assert.True(block.Bytes.Span.SequenceEqual(again.Bytes.Span), "the blocks differ");
        return true;
    }

    private static bool IsCarried(ArrowType type) => type switch
    {
        DictionaryType d => IsCarried(d.ValueType),
        FixedSizeBinaryType f => f.ByteWidth > 0,
        FixedSizeListType { ListSize: 0 } => false,
        StructType or UnionType when type.Children.Count == 0 => false,
        _ => type.Children.All(child => IsCarried(child.Type)),
    };

    private static bool HasTwins(IEnumerable<Field> fields) => fields.Any(field =>
        field.Metadata.DistinctBy(pair => pair.Key).Count() < field.Metadata.Count || HasTwins(field.Type.Children));

    private static void AssertSame(ArrowArray own, A.ArrayData apache)
    {
        Assert.Equal((own.Length, own.Offset), (apache.Length, apache.Offset));
        Assert.Equal(own.Buffers.Length, apache.Buffers.Length);
        for (int i = 0; i < own.Buffers.Length; i++)
        {
            Assert.Equal(own.Buffers[i].Length, apache.Buffers[i].Length);
            Assert.True(own.Buffers[i].Span.Overlaps(apache.Buffers[i].Span) || own.Buffers[i].IsEmpty, $"buffer {i}");
        }

        for (int i = 0; i < own.Children.Count; i++) AssertSame(own.Children[i], apache.Children[i]);
        if (own.Dictionary is { } dictionary) AssertSame(dictionary, apache.Dictionary);
    }

    private static A.ListArray Lists(T.ListType type)
    {
        byte[] offsets = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(offsets.AsSpan(4), 2);
        A.ArrayData items = new A.Int32Array.Builder().Append(1).Append(2).Build().Data;
        return new A.ListArray(new A.ArrayData(type, 1, 0, 0, [A.ArrowBuffer.Empty, Buffer(offsets)], [items]));
    }

    private static A.ArrowBuffer Buffer(byte[] bytes) => new(bytes);

    private static string[] Json(ArrowArray array) => EveryTypeTests.Json(array);

    /// <summary>An array of data that Apache's own constructors would refuse.</summary>
    private sealed class Bare(A.ArrayData data) : A.IArrowArray
    {
        public int Length => data.Length;

        public int Offset => data.Offset;

        public int NullCount => data.NullCount;

        public A.ArrayData Data => data;

        public bool IsNull(int index) => false;

        public bool IsValid(int index) => true;

        public void Accept(A.IArrowArrayVisitor visitor) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    private sealed class Tagged(string parameters) : A.ExtensionType(T.Int32Type.Default)
    {
        public override string Name => "test.tagged";

        public override string ExtensionMetadata => parameters;

        public override A.ExtensionArray CreateArray(A.IArrowArray storageArray) => new(this, storageArray);
    }
}
