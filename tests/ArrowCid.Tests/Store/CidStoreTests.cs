using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

public class CidStoreTests
{
    private static readonly string s_vectors = Repository.PathOf("tests/ArrowCid.Tests/Data/vectors");

    [Fact]
    public void Open_makes_no_directories_above_the_store()
    {
        using var directory = new TemporaryStore();
        string above = Path.Combine(directory.Directory, "no-such-directory");
        ArrowCidException thrown = Assert.Throws<ArrowCidException>(
            () => CidStore.Open(Path.Combine(above, "store"), new CidStoreOptions { Capacity = 32 << 20 }));
        Assert.Equal(ErrorCode.Io, thrown.Code);
        Assert.Contains($"there is no directory {above}", thrown.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(above));
        CidStore.Open($"{above}/", new CidStoreOptions { Capacity = 32 << 20 }).Dispose();
        Assert.True(Directory.Exists(above));
    }

    [Fact]
    public void A_batch_that_was_put_is_found_by_its_CID()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        PutResult put = store.Put(Numbers(1.5, 2.5));
        Assert.True(put.IsNew);
        Assert.Equal(CanonicalBlock.Address(Numbers(1.5, 2.5)), put.Address);
        using BatchLease? lease = store.TryGet(put.Cid);
        Assert.NotNull(lease);
        Assert.Equal([1.5, 2.5], lease.View.Column<double>("px").Values);
        Assert.Equal(put.Address, lease.Address);
        Assert.Equal(put.Cid, Cid.Sha256(Multicodec.Raw, lease.Block.Span));
        Assert.StartsWith(store.Directory + "/seg-", lease.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_is_new_once()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        PutResult first = store.Put(Numbers(1));
        PutResult second = store.Put(Numbers(1));
        Assert.Equal((true, false), (first.IsNew, second.IsNew));
        Assert.Equal(first.Address, second.Address);
        Assert.Single(store.List());
    }

    [Fact]
    public void A_second_handle_sees_what_the_first_put()
    {
        using var folder = new TemporaryStore();
        using CidStore writer = Open(folder);
        using var reader = CidStore.Open(folder.Directory, new CidStoreOptions { ReadOnly = true, CreateIfMissing = false });
        PutResult put = writer.Put(Numbers(3));
        Assert.True(reader.Contains(put.Cid));
        Assert.Equal(put.Address, reader.Metadata.TryFind(put.Cid)!.Value.Address);
        Assert.Throws<InvalidOperationException>(() => reader.Put(Numbers(3)));
    }

    [Fact]
    public void A_batch_is_read_where_it_lies_and_not_after_its_lease()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        PutResult put = store.Put(Numbers(1, 2, 3));
        BatchLease lease = store.TryGet(put.Cid)!;
        Column<double> column = lease.View.Column<double>("px");
        using (BatchLease again = store.TryGet(put.Cid)!)
        {
            Assert.True(column.Values.Overlaps(again.View.Column<double>("px").Values), "two leases, two copies");
        }

        lease.Dispose();
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => lease.View);
        Assert.Throws<ObjectDisposedException>(() => lease.Block);
        Assert.Throws<ObjectDisposedException>(() => column.Values.Length);
    }

    [Fact]
    public void A_lease_outlives_its_store()
    {
        using var folder = new TemporaryStore();
        CidStore store = Open(folder);
        BatchLease lease = store.TryGet(store.Put(Numbers(7)).Cid)!;
        store.Dispose();
        Assert.Equal([7], lease.View.Column<double>("px").Values);
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => store.Put(Numbers(8)));
    }

    [Fact]
    public void What_is_not_here_is_null()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        PutResult put = store.Put(Numbers(1));
        Cid[] others =
        [
            default, CanonicalBlock.CidOf(Numbers(2)), put.Cid.WithCodec(Multicodec.DagPb), put.Cid.WithCodec(Multicodec.DagPb).ToV0(),
            Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Sha512, new byte[64])),
        ];
        foreach (Cid other in others)
        {
            Assert.Null(store.TryGet(other));
            Assert.False(store.Contains(other));
            Assert.Null(store.Metadata.TryFind(other));
            Assert.Null(store.Diagnostics.Verify(other));
            Assert.False(store.Transfer.TryCopyTo(other, Stream.Null));
        }
    }

    [Fact]
    public void A_schema_is_here_as_a_block_but_is_no_batch()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        PutResult put = store.Put(Numbers(1));
        Assert.True(store.Contains(put.SchemaCid));
        using var bytes = new MemoryStream();
        Assert.True(store.Transfer.TryCopyTo(put.SchemaCid, bytes));
        Assert.Equal(put.SchemaCid, Cid.Sha256(Multicodec.Raw, bytes.ToArray()));
        var e = Assert.Throws<ArrowCidException>(() => store.TryGet(put.SchemaCid));
        Assert.Equal(ErrorCode.SchemaMismatch, e.Code);
        Assert.True(store.Diagnostics.Verify(put.SchemaCid)!.Value.IsIntact);
        Assert.Equal([put.Cid], store.List().Select(block => block.Cid));
    }

    [Fact]
    public void Every_vector_comes_back_as_it_went_in()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder, VerifyMode.FirstRead);
        int batches = 0;
        foreach (string file in Directory.EnumerateFiles(s_vectors, "*.arrows", SearchOption.AllDirectories))
        {
            using var reader = ArrowReader.Open(File.ReadAllBytes(file));
            while (reader.ReadView() is { } batch)
            {
                PutResult put = store.Put(batch);
                using BatchLease? lease = store.TryGet(put.Cid);
                Assert.Equal(put.Address, CanonicalBlock.Address(lease!.View));
                batches++;
            }
        }

        Assert.True(batches > 80, $"{batches} batches");
        Assert.All(store.List(), block => Assert.True(store.Diagnostics.Verify(block.Cid)!.Value.IsIntact));
    }

    [Theory]
    [InlineData(VerifyMode.Trusted, true)]
    [InlineData(VerifyMode.FirstRead, false)]
    [InlineData(VerifyMode.Always, false)]
    public void A_changed_byte_is_met_as_the_mode_says(VerifyMode mode, bool isRead)
    {
        using var folder = new TemporaryStore();
        PutResult put;
        using (CidStore writer = Open(folder)) put = writer.Put(Numbers(1, 2, 3));
        using CidStore store = Open(folder, mode);
        using CidStore prover = Open(folder);
        Assert.True(prover.Diagnostics.Verify(put.Cid)!.Value.IsIntact);
        Flip(Locate(prover, put.Cid), put.ByteLength - 100);
        if (isRead)
        {
            using BatchLease? lease = store.TryGet(put.Cid);
            Assert.Equal(3, lease!.View.Length);
        }
        else
        {
            Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => store.TryGet(put.Cid)).Code);
        }

        VerifyResult found = prover.Diagnostics.Verify(put.Cid)!.Value;
        Assert.Equal((false, ErrorCode.BlockCorrupt), (found.IsIntact, found.Error!.Code));
        Assert.Contains(put.Cid.ToString(), found.Error.Message, StringComparison.Ordinal);
        using var bytes = new MemoryStream();
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => prover.Transfer.TryCopyTo(put.Cid, bytes)).Code);
        Assert.Equal(0, bytes.Length);
    }

    [Fact]
    public void First_read_proves_once_and_Always_each_time()
    {
        using var folder = new TemporaryStore();
        using CidStore once = Open(folder, VerifyMode.FirstRead);
        using CidStore always = Open(folder, VerifyMode.Always);
        PutResult put = once.Put(Numbers(1, 2, 3));
        once.TryGet(put.Cid)!.Dispose();
        always.TryGet(put.Cid)!.Dispose();
        Flip(Locate(once, put.Cid), put.ByteLength - 100);
        once.TryGet(put.Cid)!.Dispose();
        Assert.Throws<ArrowCidException>(() => always.TryGet(put.Cid));
    }

    [Fact]
    public void A_batch_without_a_block_leaves_nothing_behind()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        var text = new ArrowArray(ArrowType.Utf8, 1, [default, new byte[] { 0, 0, 0, 0, 1, 0, 0, 0 }, new byte[] { 0xFF }]);
        Assert.Throws<InvalidArrowException>(() => store.Put(RecordBatch.Of(("t", text))));
        Assert.Empty(store.List());
        PutResult put = store.Put(Numbers(1));
        Assert.Equal([put.Cid], store.List().Select(block => block.Cid));
    }

    [Fact]
    public void Figures_grow_with_what_is_put()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        StoreSummary before = store.Diagnostics.GetSummary();
        store.Put(Numbers(1));
        StoreSummary after = store.Diagnostics.GetSummary();
        Assert.Equal((before.Id, 32L << 20), (after.Id, after.Capacity));
        Assert.True(after.BytesCommitted > before.BytesCommitted && after.BytesTaken <= after.Capacity, $"{after}");
        Assert.Equal(1, after.LanesInUse);
    }

    [Fact]
    public void Threads_put_and_get_at_once()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        Parallel.For(0, 2000, i =>
        {
            PutResult put = store.Put(Numbers(i % 500));
            using BatchLease? lease = store.TryGet(put.Cid);
            Assert.Equal([i % 500], lease!.View.Column<double>("px").Values);
        });
        Assert.Equal(500, store.List().Count());
    }

    private static CidStore Open(TemporaryStore folder, VerifyMode verify = VerifyMode.Trusted) =>
        CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20, Verify = verify });

    private static RecordBatch Numbers(params double[] values)
    {
        var builder = new FixedBuilder<double>();
        builder.AppendRange(values);
        return RecordBatch.Of(("px", builder.Build()));
    }

    private static string Locate(CidStore store, Cid cid)
    {
        using BatchLease? lease = store.TryGet(cid);
        return lease!.Location;
    }

    private static void Flip(string location, long offset)
    {
        int plus = location.LastIndexOf('+');
        long at = long.Parse(location[(plus + 1)..], System.Globalization.CultureInfo.InvariantCulture) + offset;
        using FileStream file = File.Open(location[..plus], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = at;
        int value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 1));
    }
}
