using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Tests.Columnar;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;
using A = Apache.Arrow;
using S = Apache.Arrow.Scalars;
using T = Apache.Arrow.Types;

namespace ArrowCid.Tests.Store;

/// <summary>The public members take and give batches of Apache.Arrow.</summary>
public class ApacheFaceTests
{
    private static readonly double[] s_prices = [1.5, 2.5, -0.0];

    [Fact]
    public void A_store_takes_and_gives_batches_of_Apache_over_its_own_memory()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        A.RecordBatch batch = Prices();
        PutResult put = store.Put(batch);
        Assert.Equal((true, CanonicalBlock.CidOf(batch)), (put.IsNew, put.Cid));
        Assert.Equal(CanonicalBlock.CidOf(RecordBatch.Of(("px", ArrowArray.From<double>(s_prices)))), put.Cid);
        using BatchLease lease = store.TryGet(put.Cid)!;
        var array = (A.DoubleArray)lease.Array("px");
        Assert.Equal(s_prices, array.Values);
        Assert.True(lease.Block.Span.Overlaps(array.ValueBuffer.Span));
        Assert.Equal(s_prices, lease.Column<double>("px").Values);
        Assert.Same(lease.Batch, lease.Batch);
        Assert.Equal(s_prices, ((A.DoubleArray)lease.Batch.Column("px")).Values);
        Assert.Equal((put.Cid, false), (store.Put(lease.Batch).Cid, store.Put(lease.Batch).IsNew));
        using BatchLease other = store.TryGet(put.Cid)!;
        Assert.Same(lease.Batch.Schema, other.Batch.Schema);
    }

    [Fact]
    public void Many_batches_of_Apache_are_put_at_once_and_with_metadata()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        A.RecordBatch[] batches = [Prices(), Prices(), Prices("other")];
        PutResult[] put = store.PutMany(batches);
        Assert.Equal(batches.Select(CanonicalBlock.CidOf), put.Select(each => each.Cid));
        Assert.Equal([true, false, true], put.Select(each => each.IsNew));
        Assert.Equal(put[0].Cid, store.Put(batches[0], new PutOptions { Name = "latest" }).Cid);
        Assert.Equal(put[0].Cid, store.Names.Resolve("latest"));
        Assert.Throws<ArgumentNullException>(() => store.Put((A.RecordBatch)null!));
        Assert.Throws<ArgumentNullException>(() => store.PutMany((A.RecordBatch[])[null!]));
    }

    [Fact]
    public void A_reservation_takes_and_gives_a_schema_of_Apache()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        using BatchReservation batch = store.Reserve(Prices().Schema, 3);
        Assert.Equal("px", batch.Schema.FieldsList[0].Name);
        Assert.Equal(T.ArrowTypeId.Double, batch.Column("px").Field.DataType.TypeId);
        s_prices.CopyTo(batch.Column("px").Values<double>());
        Assert.Equal(CanonicalBlock.CidOf(Prices()), batch.Commit().Cid);
    }

    [Fact]
    public void The_catalog_is_a_table_of_Apache()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        PutResult put = store.Put(Prices());
        A.RecordBatch table = Assert.Single(store.Metadata.ReadCatalog());
        Assert.Same(StoreMetadata.CatalogSchema, table.Schema);
        Assert.Contains(put.Cid.ToString(), Enumerable.Range(0, table.Length)
            .Select(row => ((A.StringArray)table.Column("cid")).GetString(row)));
    }

    [Fact]
    public void Streams_and_files_are_written_from_and_read_as_batches_of_Apache()
    {
        using var stream = new MemoryStream();
        using (var writer = new ArrowWriter(stream, Prices().Schema)) writer.Write(Prices());
        using ArrowReader reader = ArrowReader.Open(stream.ToArray());
        AssertPrices(reader.Read()!, reader.Schema);
        Assert.Null(reader.Read());
        EncodedBlock block = CanonicalBlock.Encode(Prices());
        Assert.Equal(stream.ToArray(), block.Bytes.ToArray());
        Assert.Equal(block.SchemaCid, CanonicalBlock.SchemaCid(Prices().Schema));
        AssertPrices(CanonicalBlock.Decode(block.Bytes), Prices().Schema);

        using var file = new MemoryStream();
        using (var writer = new ParquetWriter(file, Prices().Schema))
        {
            Assert.Equal(block.Address, writer.Write(Prices()));
            writer.Finish();
        }

        using ParquetReader parquet = ParquetReader.Open(file.ToArray());
        AssertPrices(parquet.Read()!, parquet.Schema);
        Assert.Null(parquet.Read());
    }

    [Fact]
    public void Rows_are_written_from_and_read_as_batches_of_Apache()
    {
        var csv = new StringWriter();
        RowExport.WriteCsv([Prices()], csv);
        var options = new RowReadOptions { Schema = Prices().Schema };
        using var read = RowReader.OpenCsv(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(csv.ToString())), options);
        AssertPrices(read.Read()!, read.Schema);
        var lines = new StringWriter();
        RowExport.WriteJsonLines([Prices()], lines);
        var types = new Dictionary<string, T.IArrowType> { ["px"] = T.FloatType.Default };
        using var json = RowReader.OpenJsonLines(
            new MemoryStream(System.Text.Encoding.UTF8.GetBytes(lines.ToString())), new RowReadOptions { Types = types });
        Assert.Equal([1.5f, 2.5f, -0f], ((A.FloatArray)json.Read()!.Column("px")).Values);
        Assert.Equal(T.ArrowTypeId.Float, new RowReadOptions { Types = types }.Types["px"].TypeId);
    }

    [Fact]
    public void A_column_of_intervals_reads_as_the_structs_of_Apache()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        ArrowArray array = EveryType.Fixed<MonthDayNanoInterval>(
            ArrowType.IntervalMonthDayNano, new MonthDayNanoInterval(1, -2, 3));
        using BatchLease lease = store.TryGet(store.Put(RecordBatch.Of(("v", array))).Cid)!;
        S.MonthDayNanosecondInterval value = lease.Column<S.MonthDayNanosecondInterval>("v").Values[0];
        Assert.Equal((1, -2, 3L), (value.Months, value.Days, value.Nanoseconds));
        Assert.Equal(value, ((A.MonthDayNanosecondIntervalArray)lease.Array("v")).GetValue(0));
        Assert.Throws<ArrowCidException>(() => lease.Column<Int128>("v"));
    }

    [Fact]
    public void What_Apache_cannot_carry_still_has_a_CID_bytes_and_spans()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        var none = new ArrowArray(new StructType(), 3, [default]);
        RecordBatch batch = RecordBatch.Of(("none", none), ("px", ArrowArray.From<double>(s_prices)));
        Cid cid = store.Put(batch).Cid;
        using BatchLease lease = store.TryGet(cid)!;
        foreach (Func<object> read in (Func<object>[])[() => lease.Batch, () => lease.Array("none")])
        {
            ArrowCidException thrown = Assert.Throws<ArrowCidException>(read);
            Assert.Equal(ErrorCode.Unsupported, thrown.Code);
            Assert.Contains("read the canonical bytes", thrown.Message, StringComparison.Ordinal);
        }

        Assert.Equal(s_prices, lease.Column<double>("px").Values);
        Assert.Equal(s_prices, ((A.DoubleArray)lease.Array("px")).Values);
        Assert.Equal(cid, CanonicalBlock.CidOf(CanonicalBlock.DecodeView(lease.Block)));
    }

    [Fact]
    public void A_column_that_is_not_there_is_named_with_those_that_are()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        using BatchLease lease = store.TryGet(store.Put(Prices()).Cid)!;
        ArrowCidException thrown = Assert.Throws<ArrowCidException>(() => lease.Array("py"));
        Assert.Equal(ErrorCode.SchemaMismatch, thrown.Code);
        Assert.Contains("px", thrown.Message, StringComparison.Ordinal);
    }

    internal static CidStore Open(TemporaryStore folder, VerifyMode verify = VerifyMode.Trusted, bool copy = false) =>
        CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 32 << 20, Verify = verify, CopyOnRead = copy });

    private static A.RecordBatch Prices(string name = "px") => new A.RecordBatch.Builder()
        .Append(name, true, new A.DoubleArray.Builder().AppendRange(s_prices).Build()).Build();

    private static void AssertPrices(A.RecordBatch batch, A.Schema schema)
    {
        Assert.Equal(s_prices, ((A.DoubleArray)batch.Column("px")).Values);
        Assert.Equal("px", Assert.Single(schema.FieldsList).Name);
    }
}
