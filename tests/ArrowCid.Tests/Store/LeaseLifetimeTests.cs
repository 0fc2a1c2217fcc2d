using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Tests.Columnar;
using ArrowCid.Tests.Storage;
using A = Apache.Arrow;

namespace ArrowCid.Tests.Store;

/// <summary>Memory that a lease gave out ends with it, for arrays of every kind.</summary>
public class LeaseLifetimeTests
{
    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void Reading_an_array_after_its_lease_throws(string name)
    {
        foreach (bool copy in (bool[])[false, true])
        {
            using var folder = new TemporaryStore();
            using CidStore store = ApacheFaceTests.Open(folder, copy: copy);
            ArrowArray column = EveryType.Get(name).Array;
            BatchLease lease = store.TryGet(store.Put(RecordBatch.Of(("v", column))).Cid)!;
            A.IArrowArray array = lease.Array("v");
            A.RecordBatch batch = lease.Batch;
            ReadAll(array.Data);
            int buffers = Count(array.Data);
            Assert.True(buffers > 0 || column.Type.Id == ArrowTypeId.Null);
            A.ArrayData whole = batch.Column(0).Data;
            lease.Dispose();
            Assert.Equal(buffers, Refused(array.Data));
            Assert.Equal(buffers, Refused(batch.Column(0).Data));
            Assert.Throws<ObjectDisposedException>(() => lease.Batch);
            Assert.Throws<ObjectDisposedException>(() => lease.Array("v"));
            Assert.Throws<ObjectDisposedException>(() => lease.Block);
            if (buffers > 0)
            {
                Assert.Throws<ObjectDisposedException>(() => store.Put(batch));
                Assert.Throws<ObjectDisposedException>(() => ReadAll(whole.Slice(0, 1)));
            }
        }
    }

    [Fact]
    public void Accessors_of_Apache_throw_after_the_lease()
    {
        using var folder = new TemporaryStore();
        using CidStore store = ApacheFaceTests.Open(folder);
        RecordBatch own = RecordBatch.Of(("text", EveryType.Texts(ArrowType.Utf8)),
            ("view", EveryType.Texts(ArrowType.Utf8View)), ("large", EveryType.Texts(ArrowType.LargeUtf8)));
        BatchLease lease = store.TryGet(store.Put(own).Cid)!;
        A.RecordBatch batch = lease.Batch;
        var text = (A.StringArray)batch.Column("text");
        var view = (A.StringViewArray)batch.Column("view");
        var large = (A.LargeStringArray)batch.Column("large");
        Assert.Equal(text.GetString(4), large.GetString(4));
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => text.GetString(4));
        Assert.Throws<ObjectDisposedException>(() => view.GetString(4));
        Assert.Throws<ObjectDisposedException>(() => large.GetString(4));
    }

    [Fact]
    public void Disposing_of_a_batch_of_Apache_leaves_the_lease_as_it_is()
    {
        using var folder = new TemporaryStore();
        using CidStore store = ApacheFaceTests.Open(folder);
        using BatchLease lease = store.TryGet(store.Put(RecordBatch.Of(("v", EveryType.Get("int32").Array))).Cid)!;
        lease.Batch.Dispose();
        lease.Array("v").Dispose();
        Assert.Equal(7, ((A.Int32Array)lease.Batch.Column("v")).GetValue(2));
        Assert.Equal(7, ((A.Int32Array)lease.Array("v")).GetValue(2));
    }

    [Theory]
    [InlineData(VerifyMode.Trusted)]
    [InlineData(VerifyMode.FirstRead)]
    [InlineData(VerifyMode.Always)]
    public void A_column_whose_slots_point_outside_is_refused_in_every_mode(VerifyMode verify)
    {
        using var folder = new TemporaryStore();
        using CidStore store = ApacheFaceTests.Open(folder, verify);
        RecordBatch own = RecordBatch.Of(("text", EveryType.Texts(ArrowType.Utf8)));
        Cid cid = store.Put(own).Cid;
        string location;
        using (BatchLease lease = store.TryGet(cid)!)
        {
            Assert.Equal("twelve bytes", ((A.StringArray)lease.Array("text")).GetString(4));
            location = lease.Location;
        }

        // As a process of the same user could: the last offset of the column, in the mapped file.
        string[] place = location.Split('+');
        byte[] last = BitConverter.GetBytes(FindLastOffset(store, cid));
        using (FileStream file = File.Open(place[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Position = long.Parse(place[1], CultureInfo.InvariantCulture) + OffsetOf(store, cid, last);
            file.Write(BitConverter.GetBytes(int.MaxValue));
        }

        ArrowCidException thrown = Assert.ThrowsAny<ArrowCidException>(() =>
        {
            using BatchLease lease = store.TryGet(cid)!;
            _ = lease.Array("text");
        });
        Assert.True(thrown.Code is ErrorCode.InvalidData or ErrorCode.BlockCorrupt, thrown.Message);
    }

    private static int FindLastOffset(CidStore store, Cid cid)
    {
        using BatchLease lease = store.TryGet(cid)!;
        return ((A.StringArray)lease.Array("text")).ValueOffsets[^1];
    }

    private static long OffsetOf(CidStore store, Cid cid, byte[] last)
    {
        using BatchLease lease = store.TryGet(cid)!;
        ReadOnlySpan<byte> offsets = ((A.StringArray)lease.Array("text")).ValueOffsetsBuffer.Span;
        Assert.True(lease.Block.Span.Overlaps(offsets, out int at));
        int end = 5 * sizeof(int);
        Assert.Equal(last, offsets.Slice(end, sizeof(int)).ToArray());
        return at + end;
    }

    private static void ReadAll(A.ArrayData data)
    {
        foreach (A.ArrowBuffer buffer in data.Buffers) _ = buffer.Span.Length;
        foreach (A.ArrayData child in data.Children ?? []) ReadAll(child);
        if (data.Dictionary is { } dictionary) ReadAll(dictionary);
    }

    private static int Count(A.ArrayData data) => data.Buffers.Count(buffer => !buffer.IsEmpty)
        + (data.Children ?? []).Sum(Count) + (data.Dictionary is { } dictionary ? Count(dictionary) : 0);

    /// <summary>The number of buffers that refuse to be read.</summary>
    private static int Refused(A.ArrayData data)
    {
        int refused = 0;
        foreach (A.ArrowBuffer buffer in data.Buffers.Where(buffer => !buffer.IsEmpty))
        {
            Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
            refused++;
        }

        return refused + (data.Children ?? []).Sum(Refused)
            + (data.Dictionary is { } dictionary ? Refused(dictionary) : 0);
    }
}
