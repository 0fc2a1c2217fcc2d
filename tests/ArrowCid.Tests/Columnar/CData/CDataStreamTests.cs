using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Columnar.CData;

/// <summary>Streams of batches between libraries.</summary>
public sealed class CDataStreamTests
{
    private static readonly Schema s_schema = new([new Field("n", ArrowType.Int32)], [new("k", "v")]);

    private delegate int Call(nint stream, nint target);

    private delegate nint Ask(nint stream);

    private delegate void End(nint stream);

    [Fact]
    public void Batches_come_through_in_order_and_outlive_the_stream()
    {
        using CStruct target = CStruct.Stream();
        ArrowCData.ExportStream(s_schema, Enumerable.Range(0, 20).Select(i => Batch(i * 100, 10 + i)), target.Address);
        var batches = new List<ImportedBatch>();
        using (ImportedStream stream = ArrowCData.ImportStream(target.Address))
        {
            Assert.Equal(0, target[3]);
            Assert.Equal(s_schema, stream.Schema);
            while (stream.Read() is { } batch) batches.Add(batch);
            Assert.Null(stream.Read());
        }

        Assert.Equal(20, batches.Count);
        for (int i = 0; i < batches.Count; i++)
        {
            Assert.Equal(Enumerable.Range(i * 100, 10 + i), batches[i].Batch.Column<int>("n").Values.ToArray());
            batches[i].Dispose();
        }
    }

    [Fact]
    public void A_lease_may_end_when_the_next_batch_is_asked_for()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CDataLifeTests.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 5).Select(i => store.Put(Batch(i, 50)).Cid)];
        using CStruct target = CStruct.Stream();
        ArrowCData.ExportStream(s_schema, Leased(store, cids), target.Address);
        using ImportedStream stream = ArrowCData.ImportStream(target.Address);
        var read = new List<ImportedBatch>();
        while (stream.Read() is { } batch) read.Add(batch);
        Assert.Equal(cids, read.Select(batch => CanonicalBlock.CidOf(batch.Batch)));
        read.ForEach(batch => batch.Dispose());
    }

    [Fact]
    public void What_the_source_throws_is_the_streams_error_and_stays_it()
    {
        using CStruct target = CStruct.Stream();
        ArrowCData.ExportStream(s_schema, Failing(), target.Address);
        using ImportedStream stream = ArrowCData.ImportStream(target.Address);
        stream.Read()!.Dispose();
        for (int i = 0; i < 3; i++)
        {
            var thrown = Assert.Throws<ArrowCidException>(stream.Read);
            Assert.Equal(ErrorCode.Io, thrown.Code);
            Assert.Contains("the disk is wet", thrown.Message, StringComparison.Ordinal);
        }

        static IEnumerable<RecordBatch> Failing()
        {
            yield return Batch(0, 1);
            throw new IOException("the disk is wet");
        }
    }

    [Fact]
    public void A_batch_of_another_schema_is_an_error()
    {
        using CStruct target = CStruct.Stream();
        ArrowCData.ExportStream(s_schema, [RecordBatch.Of(("x", CDataRoundTripTests.Numbers(0, 3)))], target.Address);
        using ImportedStream stream = ArrowCData.ImportStream(target.Address);
        Assert.Equal(ErrorCode.InvalidData, Assert.Throws<ArrowCidException>(stream.Read).Code);
    }

    [Fact]
    public void A_stream_released_before_its_end_disposes_of_its_source_once()
    {
        int ended = 0;
        using CStruct target = CStruct.Stream();
        ArrowCData.ExportStream(s_schema, Endless(), target.Address);
        using CStruct copy = CStruct.CopyOf(target.Address, target.Size);
        using (ImportedStream stream = ArrowCData.ImportStream(target.Address)) stream.Read()!.Dispose();
        ArrowCData.ReleaseStream(copy.Address);
        Assert.Equal(1, ended);

        IEnumerable<RecordBatch> Endless()
        {
            try
            {
                while (true) yield return Batch(0, 1);
            }
            finally
            {
                ended++;
            }
        }
    }

    [Fact]
    public void A_copy_of_a_released_stream_answers_with_an_error()
    {
        using CStruct target = CStruct.Stream(), array = CStruct.Array(), schema = CStruct.Schema();
        ArrowCData.ExportStream(s_schema, [Batch(0, 1)], target.Address);
        using CStruct copy = CStruct.CopyOf(target.Address, target.Size);
        ArrowCData.ReleaseStream(target.Address);
        Assert.Equal(22, Of<Call>(copy[0])(copy.Address, schema.Address));
        Assert.Equal(22, Of<Call>(copy[1])(copy.Address, array.Address));
        Assert.Equal(0, Of<Ask>(copy[2])(copy.Address));
        Assert.Throws<InvalidArrowException>(() => ArrowCData.ImportStream(target.Address));
    }

    [Theory]
    [InlineData(5, ErrorCode.Io)]
    [InlineData(12, ErrorCode.TooLarge)]
    [InlineData(22, ErrorCode.InvalidData)]
    [InlineData(38, ErrorCode.Unsupported)]
    public void A_producer_that_fails_is_quoted_and_released(int errno, ErrorCode code)
    {
        int released = 0;
        nint text = Marshal.StringToCoTaskMemUTF8("keine Lust");
        Call fail = (_, _) => errno;
        Ask last = _ => text;
        End end = stream =>
        {
            released++;
            Marshal.WriteInt64(stream, 3 * 8, 0);
        };
        using CStruct target = CStruct.Stream();
        target[0] = target[1] = Marshal.GetFunctionPointerForDelegate(fail);
        target[2] = Marshal.GetFunctionPointerForDelegate(last);
        target[3] = Marshal.GetFunctionPointerForDelegate(end);
        var thrown = Assert.Throws<ArrowCidException>(() => ArrowCData.ImportStream(target.Address));
        Assert.Equal(code, thrown.Code);
        Assert.Contains("keine Lust", thrown.Message, StringComparison.Ordinal);
        Assert.Equal((1, 0), (released, target[3]));
        GC.KeepAlive(fail);
        GC.KeepAlive(last);
        GC.KeepAlive(end);
    }

    private static T Of<T>(long function) where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>((nint)function);

    private static RecordBatch Batch(int first, int rows) => new(s_schema, rows, CDataRoundTripTests.Numbers(first, rows));

    private static IEnumerable<RecordBatch> Leased(CidStore store, Cid[] cids)
    {
        foreach (Cid cid in cids)
        {
            using BatchLease lease = store.TryGet(cid)!;
            yield return lease.View;
        }
    }
}
