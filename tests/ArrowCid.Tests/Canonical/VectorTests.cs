using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Peers;

namespace ArrowCid.Tests.Canonical;

public class VectorTests
{
    [Fact]
    public void Every_vector_has_its_cid_with_and_without_its_bytes_put_together()
    {
        var wrong = new List<string>();
        foreach (VectorBatch vector in VectorBatch.All)
        {
            try
            {
                RecordBatch batch = Read(vector);
                EncodedBlock block = CanonicalBlock.Encode(batch);
                if ($"{block.Cid}" != vector.Cid) wrong.Add($"{vector.Name}: {block.Cid} for {vector.Cid}");
                if (CanonicalBlock.CidOf(batch) != block.Cid) wrong.Add($"{vector.Name}: the CID alone differs");
            }
            catch (ArrowCidException e)
            {
                wrong.Add($"{vector.Name}: {e.Message}");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {VectorBatch.All.Count}:\n{string.Join('\n', wrong)}");
        Assert.Equal(254, VectorBatch.All.Count);
    }

    [Fact]
    public void Every_vectors_block_is_canonical_and_reads_back_to_itself()
    {
        foreach (VectorBatch vector in VectorBatch.All)
        {
            EncodedBlock block = CanonicalBlock.Encode(Read(vector));
            CheckResult check = CanonicalBlock.Check(block.Bytes);
            Assert.True(check.IsCanonical, $"{vector.Name}: {check.Rule} at {check.Offset}");
        }
    }

    // A path is text only when an error asks for it: a long name over many children would take their product.
    [Fact]
    public void A_long_name_over_many_children_takes_no_more_than_its_bytes()
    {
        Field[] children = [.. Enumerable.Range(0, 5_000).Select(i => new Field($"c{i}", ArrowType.Int32))];
        var schema = new Schema(new Field(new string('n', 1 << 20), new StructType(children)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        CanonicalBlock.SchemaCid(schema);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    internal static RecordBatch Read(VectorBatch vector)
    {
        using var reader = ArrowReader.Open(File.ReadAllBytes(vector.File));
        for (int i = 0; i < vector.Batch; i++) Assert.NotNull(reader.ReadView());
        return reader.ReadView() ?? throw new InvalidOperationException($"{vector.Name} is not there");
    }
}
