using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Tests.Flight;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Transfer;

/// <summary>Batches in and out of files: one implementation for the command, the server and libarrowcid.</summary>
public sealed class BatchExportTests
{
    [Fact]
    public void Parquet_export_writes_the_bytes_of_the_writer_from_the_leased_blocks()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory);
        RecordBatch[] batches = [ServedStore.Sequence(1, 500), ServedStore.Sequence(2, 700)];
        Cid[] cids = [.. batches.Select(batch => store.Put(batch).Cid)];
        using var expected = new MemoryStream();
        using (var writer = new ParquetWriter(expected, batches[0].Schema))
        {
            foreach (RecordBatch batch in batches) _ = writer.Write(batch);
            writer.Finish();
        }

        using var file = new MemoryStream();
        int written = 0;
        ParquetExport.Write(cids, cid => store.Reading.TryGetProved(cid)!.Hold(), file, written: () => written++);
        Assert.Equal(expected.ToArray(), file.ToArray());
        Assert.Equal(2, written);
    }

    [Fact]
    public void Parquet_export_fails_when_the_written_bytes_do_not_read_back()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory);
        Cid cid = store.Put(ServedStore.Sequence(1, 5000)).Cid;
        using var file = new DamagingStream(at: 1000);
        ArrowCidException error = Assert.ThrowsAny<ArrowCidException>(() =>
            ParquetExport.Write([cid], each => store.Reading.TryGetProved(each)!.Hold(), file));
        Assert.Equal(ErrorCode.Internal, error.Code);
    }

    [Fact]
    public void Parquet_import_names_the_row_group_that_is_not_what_the_file_claims()
    {
        RecordBatch batch = ServedStore.Sequence(1, 50);
        using var file = new MemoryStream();
        using (var writer = new ParquetWriter(file, batch.Schema))
        {
            writer.WriteBlock(CanonicalBlock.DecodeView(CanonicalBlock.Encode(batch).Bytes),
                CanonicalBlock.CidOf(ServedStore.Sequence(2, 50)));
            writer.Finish();
        }

        Assert.Equal(ErrorCode.BlockCorrupt,
            Assert.ThrowsAny<ArrowCidException>(() => ParquetImport.Read(file).Count()).Code);
        var leftOut = new List<int>();
        Assert.Empty(ParquetImport.Read(file, leftOut: (group, _) => leftOut.Add(group)));
        Assert.Equal([0], leftOut);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(5, true)]
    [InlineData(300_000, false)]
    [InlineData(300_000, true)]
    public void Spooled_batch_is_put_under_the_CID_of_the_batch(int rows, bool isHashed)
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory);
        using var spool = new BatchSpool();
        RecordBatch[] batches = [ServedStore.Sequence(1, rows), ServedStore.Sequence(2, rows)];
        SpooledBatch[] spooled = [.. batches.Select(batch => spool.Add(batch, isHashed))];
        for (int i = 0; i < batches.Length; i++)
        {
            Cid cid = CanonicalBlock.CidOf(batches[i]);
            if (isHashed) Assert.Equal(cid, Cid.FromSha256(Multicodec.Raw, spooled[i].Digest));
            PutResult put = store.Putting.PutSpooled(spooled[i]);
            Assert.Equal((cid, true, rows), (put.Cid, put.IsNew, (int)put.Rows));
            Assert.NotNull(store.Diagnostics.Verify(cid));
        }
    }

    /// <summary>A stream that flips one bit of what is written.</summary>
    private sealed class DamagingStream(int at) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            byte[] bytes = buffer.ToArray();
            if (Position <= at && at < Position + bytes.Length) bytes[at - (int)Position] ^= 1;
            base.Write(bytes, 0, bytes.Length);
        }
    }
}
