using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Canonical;

/// <summary>Views that all show the same bytes: a short input that would be long to compare.</summary>
public class OverlappingViewsTests
{
    [Fact]
    public void Dictionary_entries_that_share_their_bytes_cannot_cost_without_end()
    {
        const int Size = 1 << 20, Entries = (int)(Scratch.MostKeyBytes / Size) + 1;
        var view = new byte[16];
        BitConverter.TryWriteBytes(view, Size);
        ReadOnlyMemory<byte>[] buffers = [default, Repeat(view, Entries), new byte[Size]];
        var values = new ArrowArray(ArrowType.BinaryView, Entries, buffers);
        var e = Assert.Throws<InvalidArrowException>(() => { _ = CanonicalBlock.CidOf(Dictionary(values)); });
        Assert.Equal(ErrorCode.TooLarge, e.Code);
        Assert.Contains("split the batch", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, CanonicalBlock.Address(Dictionary(values.Slice(0, 2))).Rows);
    }

    /// <summary>A union of nothing has no value to compare; 2.5 thousand million of them were gone through.</summary>
    [Fact]
    public void Entries_of_unions_without_children_are_refused_at_once()
    {
        const int Count = 50_000;
        var nothing = new ArrowArray(new UnionType(ArrowTypeId.SparseUnion, []), Count, [new byte[Count]]);
        var type = new ListType(new Field("item", nothing.Type), ArrowTypeId.ListView);
        ReadOnlyMemory<byte>[] buffers = [default, new byte[4 * Count], Repeat(BitConverter.GetBytes(Count), Count)];
        RecordBatch batch = Dictionary(new ArrowArray(type, Count, buffers, [nothing]));
        var e = Assert.Throws<InvalidArrowException>(() => { _ = CanonicalBlock.CidOf(batch); });
        Assert.Contains("type code", e.Message, StringComparison.Ordinal);
    }

    private static RecordBatch Dictionary(ArrowArray values)
    {
        byte[] indices = MemoryMarshal.AsBytes(Enumerable.Range(0, values.Length).ToArray().AsSpan()).ToArray();
        var type = new DictionaryType(ArrowType.Int32, values.Type);
        return RecordBatch.Of(("d", new ArrowArray(type, values.Length, [default, indices], dictionary: values)));
    }

    private static byte[] Repeat(byte[] bytes, int times) =>
        [.. Enumerable.Repeat(bytes, times).SelectMany(b => b)];
}
