using System.Buffers;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Canonical;

/// <summary>The encoder under test, in one place: all of its ways must give the same block and the same address.</summary>
internal static class Subject
{
    public static ReadOnlyMemory<byte> Encode(RecordBatch batch)
    {
        EncodedBlock block = CanonicalBlock.Encode(batch);
        var target = new ArrayBufferWriter<byte>();
        BlockAddress address = CanonicalBlock.EncodeTo(batch, target);
        Assert.True(block.Bytes.Span.SequenceEqual(target.WrittenSpan), "EncodeTo writes other bytes than Encode");
        Assert.Equal(block.Address, address);
        Assert.Equal(block.Address, CanonicalBlock.Address(batch));
        Assert.Equal(SlowEncoder.Cid(block.Bytes.Span), CanonicalBlock.CidOf(batch).ToString());
        Assert.Equal(block.SchemaCid, CanonicalBlock.SchemaCid(batch.Schema));
        Assert.Equal((block.Bytes.Length, batch.Length), (block.Address.ByteLength, block.Rows));
        return block.Bytes;
    }
}
