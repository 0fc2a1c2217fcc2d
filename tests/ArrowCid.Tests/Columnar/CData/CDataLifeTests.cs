using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Columnar.CData;

/// <summary>Whose memory it is, how long it stays, and who may say so.</summary>
public sealed class CDataLifeTests
{
    private const int Exports = 100_000;

    [Fact]
    public void What_is_exported_outlives_its_lease_and_its_store_until_it_is_released()
    {
        using var folder = new TemporaryStore();
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        using (CidStore store = Open(folder))
        {
            PutResult put = store.Put(Sample);
            using BatchLease lease = store.TryGet(put.Cid)!;
            lease.Export(schema.Address, array.Address);
            Assert.Equal(lease.View.Length, array[CStruct.Length]);
        }

        Assert.Single(CloseTests.Descriptors(folder.Directory));
        ImportedBatch imported = ArrowCData.ImportBatch(schema.Address, array.Address);
        Assert.Equal(CanonicalBlock.CidOf(Sample), CanonicalBlock.CidOf(imported.Batch));
        Assert.Single(CloseTests.Descriptors(folder.Directory));
        imported.Dispose();
        imported.Dispose();
        Assert.Empty(CloseTests.Descriptors(folder.Directory));
        Assert.Throws<ObjectDisposedException>(() => imported.Batch);
    }

    [Fact]
    public void What_is_exported_of_a_lease_points_into_the_stores_mapping()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        using BatchLease lease = store.TryGet(store.Put(Sample).Cid)!;
        using CStruct array = CStruct.Array();
        lease.Export(0, array.Address);
        long values = CStruct.Word((nint)CStruct.Word(CStruct.Element(array[CStruct.Children], 0), CStruct.Buffers), 1);
        string line = File.ReadLines("/proc/self/maps").Single(line =>
        {
            long[] range = [.. line[..line.IndexOf(' ')].Split('-').Select(part => Convert.ToInt64(part, 16))];
            return range[0] <= values && values < range[1];
        });
        Assert.Contains(folder.Directory + "/seg-", line, StringComparison.Ordinal);
        ArrowCData.ReleaseArray(array.Address);
    }

    [Fact]
    public void Releases_come_from_any_thread_in_any_order_while_the_store_closes()
    {
        using var folder = new TemporaryStore();
        CidStore store = Open(folder);
        Cid cid = store.Put(Sample).Cid;
        CStruct[] arrays = [.. Enumerable.Range(0, 400).Select(_ => CStruct.Array())];
        foreach (CStruct array in arrays)
        {
            using BatchLease lease = store.TryGet(cid)!;
            lease.Export(0, array.Address);
        }

        Parallel.For(0, arrays.Length + 1, i =>
        {
            if (i == arrays.Length / 2) store.Dispose();
            else ArrowCData.ReleaseArray(arrays[i < arrays.Length / 2 ? i : i - 1].Address);
        });
        Assert.Empty(CloseTests.Descriptors(folder.Directory));
        foreach (CStruct array in arrays) array.Dispose();
    }

    [Fact]
    public void A_hundred_thousand_exports_and_releases_leave_nothing()
    {
        using var folder = new TemporaryStore();
        CidStore store = Open(folder);
        BatchLease lease = store.TryGet(store.Put(Sample).Cid)!;
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        long before = 0;
        for (int i = 0; i < Exports; i++)
        {
            if (i == Exports / 10) before = Resident();
            lease.Export(schema.Address, array.Address);
            (nint described, nint held) = ((nint)schema[CStruct.SchemaPrivate], (nint)array[CStruct.Private]);
            Assert.True(CDataExport.IsLive(described) && CDataExport.IsLive(held));
            ArrowCData.ReleaseSchema(schema.Address);
            ArrowCData.ReleaseArray(array.Address);
            Assert.False(CDataExport.IsLive(described) || CDataExport.IsLive(held));
        }

        // A leak of one small chunk an export would be over 90 MB.
        Assert.InRange(Resident() - before, long.MinValue, 80 << 20);
        store.Dispose();
        Assert.Single(CloseTests.Descriptors(folder.Directory));
        lease.Dispose();
        Assert.Empty(CloseTests.Descriptors(folder.Directory));
    }

    [Fact]
    public void A_child_that_was_moved_out_keeps_its_memory_when_its_parent_is_released()
    {
        var owner = new CountingOwner();
        RecordBatch batch = owner.Batch(1000);
        using CStruct parent = CStruct.Array();
        ArrowCData.Export(batch, 0, parent.Address);
        nint child = CStruct.Element(parent[CStruct.Children], 1);
        using CStruct moved = CStruct.CopyOf(child, ArrowCData.ArraySize);
        Marshal.WriteInt64(child, CStruct.Release * 8, 0);
        ArrowCData.ReleaseArray(parent.Address);
        Assert.True(owner.Pins > 0);
        using (ImportedArray imported = ArrowCData.ImportArray(new Field("b", ArrowType.Int32), moved.Address))
        {
            Assert.Equal(Enumerable.Range(1000, 1000), imported.Values.Values<int>().ToArray());
            Assert.True(owner.Pins > 0);
        }

        Assert.Equal(0, owner.Pins);
    }

    [Fact]
    public void A_release_through_a_stale_copy_does_nothing()
    {
        var owner = new CountingOwner();
        using CStruct schema = CStruct.Schema(), array = CStruct.Array(), stream = CStruct.Stream();
        RecordBatch batch = owner.Batch(10);
        ArrowCData.Export(batch, schema.Address, array.Address);
        ArrowCData.ExportStream(batch.Schema, [batch], stream.Address);
        nint child = CStruct.Element(array[CStruct.Children], 0);
        using CStruct moved = CStruct.CopyOf(child, ArrowCData.ArraySize), again = CStruct.CopyOf(child, ArrowCData.ArraySize);
        using CStruct first = CStruct.CopyOf(array.Address, array.Size), second = CStruct.CopyOf(array.Address, array.Size);
        using CStruct described = CStruct.CopyOf(schema.Address, schema.Size);
        using CStruct streaming = CStruct.CopyOf(stream.Address, stream.Size);
        Marshal.WriteInt64(child, CStruct.Release * 8, 0);
        ArrowCData.ReleaseArray(array.Address);
        ArrowCData.ReleaseSchema(schema.Address);
        ArrowCData.ReleaseStream(stream.Address);
        ArrowCData.ReleaseSchema(described.Address);
        ArrowCData.ReleaseStream(streaming.Address);
        ArrowCData.ReleaseArray(first.Address);
        Assert.Equal((0, 0), (first[CStruct.Release], described[CStruct.SchemaRelease]));
        Assert.True(owner.Pins > 0);
        ArrowCData.ReleaseArray(moved.Address);
        Assert.Equal(0, owner.Pins);
        ArrowCData.ReleaseArray(second.Address);
        ArrowCData.ReleaseArray(again.Address);
        Assert.Equal(0, owner.Pins);
    }

    [Fact]
    public void Many_threads_that_release_copies_of_one_struct_release_it_once()
    {
        for (int round = 0; round < 200; round++)
        {
            var owner = new CountingOwner();
            using CStruct array = CStruct.Array();
            ArrowCData.Export(owner.Batch(10), 0, array.Address);
            CStruct[] copies = [.. Enumerable.Range(0, 4).Select(_ => CStruct.CopyOf(array.Address, array.Size))];
            Parallel.ForEach(copies, copy => ArrowCData.ReleaseArray(copy.Address));
            Assert.Equal((0, owner.Asked), (owner.Pins, owner.GivenBack));
            foreach (CStruct copy in copies) copy.Dispose();
        }
    }

    [Fact]
    public void Arrays_of_the_collector_stay_where_they_are_while_they_are_exported()
    {
        using CStruct array = CStruct.Array();
        Export(array);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _ = Enumerable.Range(0, 1000).Select(_ => new byte[1000]).ToArray();
        }

        using ImportedBatch imported = ArrowCData.ImportBatch(Sample.Schema, array.Address);
        Assert.Equal(CanonicalBlock.CidOf(Sample), CanonicalBlock.CidOf(imported.Batch));

        static void Export(CStruct array) => ArrowCData.Export(Sample, 0, array.Address);
    }

    [Fact]
    public void An_export_of_a_lease_that_is_over_throws_and_writes_nothing()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        BatchLease lease = store.TryGet(store.Put(Sample).Cid)!;
        RecordBatch batch = lease.View;
        _ = batch.Columns;
        lease.Dispose();
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        Assert.Throws<ObjectDisposedException>(() => lease.Export(schema.Address, array.Address));
        Assert.Throws<ObjectDisposedException>(() => ArrowCData.Export(batch, schema.Address, array.Address));
        Assert.Equal((0, 0), (schema[CStruct.SchemaRelease], array[CStruct.Release]));
    }

    [Fact]
    public void An_import_gives_back_once_what_was_exported_of_it_is_released_too()
    {
        var owner = new CountingOwner();
        using CStruct schema = CStruct.Schema(), array = CStruct.Array(), again = CStruct.Array();
        ArrowCData.Export(owner.Batch(10), schema.Address, array.Address);
        ImportedBatch imported = ArrowCData.ImportBatch(schema.Address, array.Address);
        ReadOnlyMemory<byte> kept = imported.Batch.ColumnSpan[0].Buffers[1];
        ArrowCData.Export(imported.Batch, 0, again.Address);
        imported.Dispose();
        Assert.True(owner.Pins > 0);
        Assert.Throws<ObjectDisposedException>(() => kept.Span[0]);
        ArrowCData.ReleaseArray(again.Address);
        Assert.Equal(0, owner.Pins);
    }

    [Fact]
    public void What_is_borrowed_stays_the_lenders()
    {
        var owner = new CountingOwner();
        using CStruct schema = CStruct.Schema(), array = CStruct.Array(), other = CStruct.Array();
        RecordBatch batch = owner.Batch(10);
        ArrowCData.Export(batch, schema.Address, array.Address);
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder);
        PutResult put = ArrowCData.Borrow(schema.Address, array.Address, store.Put);
        Assert.Equal(CanonicalBlock.CidOf(batch), put.Cid);
        RecordBatch kept = ArrowCData.Borrow(schema.Address, array.Address, borrowed => borrowed);
        Assert.Throws<ObjectDisposedException>(() => kept.Column<int>("a").Values.Length);
        Assert.Throws<InvalidOperationException>(() => ArrowCData.Borrow(schema.Address, array.Address, borrowed =>
        {
            ArrowCData.Export(borrowed, 0, other.Address);
            return 0;
        }));
        Assert.NotEqual(0, schema[CStruct.SchemaRelease]);
        ArrowCData.ReleaseSchema(schema.Address);
        ArrowCData.ReleaseArray(array.Address);
        Assert.Equal(0, owner.Pins);
    }

    [Fact]
    public void An_import_that_fails_releases_what_it_took()
    {
        var owner = new CountingOwner();
        using CStruct schema = CStruct.Schema(), array = CStruct.Array();
        ArrowCData.Export(owner.Batch(10), 0, array.Address);
        ArrowCData.ExportSchema(new Schema(new Field("a", ArrowType.Utf8)), schema.Address);
        Assert.Throws<InvalidArrowException>(() => ArrowCData.ImportBatch(schema.Address, array.Address));
        Assert.Equal((0, 0), (schema[CStruct.SchemaRelease], array[CStruct.Release]));
        Assert.Equal(0, owner.Pins);
        Assert.Throws<InvalidArrowException>(() => ArrowCData.ImportBatch(schema.Address, array.Address));
    }

    internal static CidStore Open(TemporaryStore folder) => CidStore.Open(folder.Directory,
        new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20 });

    private static RecordBatch Sample { get; } = RecordBatch.Of(
        ("n", CDataRoundTripTests.Numbers(7, 1000)), ("s", CDataRoundTripTests.Texts(1000)),
        ("l", Repeated(EveryType.Lists(ArrowTypeId.List), 250)));

    private static ArrowArray Repeated(ArrowArray array, int times) => ArrayJoin.Join(
        [.. Enumerable.Repeat(array, times)], new FieldPath(null, "l"), new ByteBudget(long.MaxValue));

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Environment.WorkingSet;
    }

    /// <summary>Memory whose pins are counted.</summary>
    private sealed class CountingOwner : IViewOwner
    {
        private int _asked;
        private int _givenBack;

        public int Asked => Volatile.Read(ref _asked);

        public int GivenBack => Volatile.Read(ref _givenBack);

        public int Pins => Asked - GivenBack;

        public RecordBatch Batch(int rows) => RecordBatch.Of(("a", Numbers(0, rows)), ("b", Numbers(rows, rows)));

        public void ThrowIfDisposed()
        {
        }

        public void Pin() => Interlocked.Increment(ref _asked);

        public void Unpin() => Interlocked.Increment(ref _givenBack);

        private ArrowArray Numbers(int first, int count)
        {
            // Never given back: what was freed too early could not be told from what is there.
            nint memory = Marshal.AllocHGlobal(count * sizeof(int));
            for (int i = 0; i < count; i++) Marshal.WriteInt32(memory, i * sizeof(int), first + i);
            var view = new NativeView(memory, count * sizeof(int), this);
            return new ArrowArray(ArrowType.Int32, count, [default, view.Memory]);
        }
    }
}
