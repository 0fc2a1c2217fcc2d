using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Canonical;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Peers;

namespace ArrowCid.Tests.Columnar.CData;

/// <summary>What is exported and imported again is the same batch.</summary>
public class CDataRoundTripTests
{
    public static TheoryData<string> Names => EveryType.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void An_array_of_every_type_comes_back(string name)
    {
        ArrowArray array = EveryType.Get(name).Array;
        KeyValuePair<string, string>[] metadata = [new("ARROW:extension:name", "é.ü"), new("k", "")];
        var field = new Field("naïve 名", array.Type, array.Type.Id == ArrowTypeId.Null || name.Length % 2 == 0, metadata);
        using ImportedArray imported = Trip(field, array);
        Assert.Equal(field, imported.Field);
        Assert.Equal(EveryTypeTests.Json(array), EveryTypeTests.Json(imported.Values));
        for (int start = 0; start < array.Length; start++)
        {
            ArrowArray part = array.Slice(start, array.Length - start);
            using ImportedArray again = Trip(field, part);
            Assert.Equal(EveryTypeTests.Json(part), EveryTypeTests.Json(again.Values));
        }
    }

    [Fact]
    public void Every_vector_comes_back_with_its_cid()
    {
        foreach (VectorBatch vector in VectorBatch.All)
        {
            RecordBatch batch = VectorTests.Read(vector);
            using ImportedBatch imported = Trip(batch);
            Assert.Equal(batch.Schema, imported.Batch.Schema);
            Assert.True($"{CanonicalBlock.CidOf(imported.Batch)}" == vector.Cid, vector.Name);
        }
    }

    [Fact]
    public void Random_batches_come_back_however_they_lie() => Seeds.Run((batch, random) =>
    {
        Cid cid = CanonicalBlock.CidOf(batch.Batch);
        Assert.Equal(cid, TripCid(batch.Batch));
        RecordBatch dressed = MemoryLayout.Lay(batch.Says, Disguise.All, random);
        Assert.Equal(cid, TripCid(dressed));
        int start = random.Next(batch.Says.Length + 1), length = random.Next(batch.Says.Length - start + 1);
        RecordBatch part = dressed.Slice(start, length);
        Assert.Equal(CanonicalBlock.CidOf(part), TripCid(part));
    });

    [Fact]
    public void Random_blocks_come_back_from_their_stream() => Seeds.Run((batch, _) =>
    {
        EncodedBlock block = CanonicalBlock.Encode(batch.Batch);
        using ArrowReader reader = ArrowReader.Open(block.Bytes);
        Assert.Equal(block.Cid, TripCid(reader.ReadView()!));
    });

    [Fact]
    public void Buffers_at_odd_addresses_are_read() => Seeds.Run((batch, _) =>
    {
        var odd = new RecordBatch(batch.Batch.Schema, batch.Batch.Length, [.. batch.Batch.Columns.Select(AtOddAddresses)]);
        Assert.Equal(CanonicalBlock.CidOf(batch.Batch), TripCid(odd));
    });

    [Fact]
    public void A_slice_of_a_struct_is_a_batch_of_its_rows()
    {
        ArrowArray array = EveryType.Structs();
        var rows = new ArrowArray(array.Type, 20, [default], [Numbers(0, 20), Texts(20)]).Slice(11, 4);
        using CStruct schema = CStruct.Schema(), target = CStruct.Array();
        ArrowCData.Export(new Field("", rows.Type), rows, schema.Address, target.Address);
        Assert.Equal(11, target[CStruct.Offset]);
        using ImportedBatch imported = ArrowCData.ImportBatch(schema.Address, target.Address);
        Assert.Equal([11, 12, 13, 14], imported.Batch.Column<int>("a").Values.ToArray());
        Assert.Equal("14", imported.Batch.Column("b").GetString(3));
    }

    [Fact]
    public void An_export_of_an_import_is_the_same_memory()
    {
        RecordBatch batch = RecordBatch.Of(("n", Numbers(0, 100)));
        using CStruct schema = CStruct.Schema(), first = CStruct.Array(), second = CStruct.Array();
        ArrowCData.Export(batch, schema.Address, first.Address);
        long there = CStruct.Word(Values(first), 1);
        ImportedBatch imported = ArrowCData.ImportBatch(schema.Address, first.Address);
        ArrowCData.Export(imported.Batch, 0, second.Address);
        imported.Dispose();
        Assert.Equal(there, CStruct.Word(Values(second), 1));
        using ImportedBatch again = ArrowCData.ImportBatch(batch.Schema, second.Address);
        Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(again.Batch));
    }

    [Fact]
    public void A_device_array_says_that_it_is_the_cpus()
    {
        RecordBatch batch = RecordBatch.Of(("n", Numbers(0, 100)));
        using CStruct schema = CStruct.Schema(), device = CStruct.DeviceArray();
        for (int i = 0; i < device.Size / 8; i++) device[i] = -1;
        ArrowCData.ExportDevice(batch, schema.Address, device.Address);
        Assert.Equal((-1, 1, 0), (device[10], (int)device[11], device[12]));
        Assert.Equal((0, 0, 0), (device[13], device[14], device[15]));
        using ImportedBatch imported = ArrowCData.ImportDeviceBatch(schema.Address, device.Address);
        Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(imported.Batch));
        Assert.Equal((0, 0), (schema[CStruct.SchemaRelease], device[CStruct.Release]));
    }

    [Theory]
    [InlineData(11, 2)]
    [InlineData(12, 1)]
    public void A_device_array_of_another_device_is_refused_and_released(int word, long value)
    {
        RecordBatch batch = RecordBatch.Of(("n", Numbers(0, 100)));
        using CStruct schema = CStruct.Schema(), device = CStruct.DeviceArray();
        ArrowCData.ExportDevice(batch, schema.Address, device.Address);
        device[word] = value;
        var thrown = Assert.Throws<InvalidArrowException>(() =>
            ArrowCData.ImportDeviceBatch(schema.Address, device.Address));
        Assert.Equal(ErrorCode.Unsupported, thrown.Code);
        Assert.Equal((0, 0), (schema[CStruct.SchemaRelease], device[CStruct.Release]));
    }

    [Fact]
    public void A_name_with_a_nul_is_refused()
    {
        RecordBatch batch = RecordBatch.Of(("a\0b", Numbers(0, 1)));
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        var thrown = Assert.Throws<InvalidArrowException>(() =>
            ArrowCData.Export(batch, schema.Address, array.Address));
        Assert.Equal(ErrorCode.Unsupported, thrown.Code);
        Assert.Equal((0, 0), (schema[CStruct.SchemaRelease], array[CStruct.Release]));
    }

    [Fact]
    public void The_structs_have_the_sizes_that_c_gives_them() => Assert.Equal((72, 80, 128, 40),
        (ArrowCData.SchemaSize, ArrowCData.ArraySize, ArrowCData.DeviceArraySize, ArrowCData.StreamSize));

    internal static ArrowArray Numbers(int first, int count) =>
        ArrowArray.From<int>(Enumerable.Range(first, count).ToArray());

    internal static ArrowArray Texts(int count)
    {
        var builder = new BytesBuilder();
        for (int i = 0; i < count; i++) builder.Append($"{i}");
        return builder.Build();
    }

    private static ArrowArray AtOddAddresses(ArrowArray array) => new(array.Type, array.Length,
        [.. array.Buffers.ToArray().Select(buffer => (ReadOnlyMemory<byte>)(byte[])[0, .. buffer.Span])
            .Select(bytes => bytes[1..])], [.. array.Children.Select(AtOddAddresses)],
        array.Dictionary is { } values ? AtOddAddresses(values) : null, array.Offset, array.ClaimedNullCount);

    internal static ImportedBatch Trip(RecordBatch batch)
    {
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        ArrowCData.Export(batch, schema.Address, array.Address);
        return ArrowCData.ImportBatch(schema.Address, array.Address);
    }

    private static ImportedArray Trip(Field field, ArrowArray values)
    {
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        ArrowCData.Export(field, values, schema.Address, array.Address);
        ImportedArray imported = ArrowCData.ImportArray(schema.Address, array.Address);
        Assert.Equal((0, 0), (schema[CStruct.SchemaRelease], array[CStruct.Release]));
        return imported;
    }

    private static Cid TripCid(RecordBatch batch)
    {
        using ImportedBatch imported = Trip(batch);
        return CanonicalBlock.CidOf(imported.Batch);
    }

    private static nint Values(CStruct batch) =>
        (nint)CStruct.Word(CStruct.Element(batch[CStruct.Children], 0), CStruct.Buffers);
}
