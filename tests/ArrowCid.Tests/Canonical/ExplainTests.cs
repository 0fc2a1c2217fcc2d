using ArrowCid.Ipc;
using ArrowCid.Tests.Ipc;

namespace ArrowCid.Tests.Canonical;

public class ExplainTests
{
    private static readonly byte[] s_block = IpcData.Bytes("vectors/v1.arrows");

    [Fact]
    public void A_missing_end_of_stream_is_not_taken_for_another_flatbuffer()
    {
        Difference found = Only(s_block, s_block[..^8]);
        Assert.Equal(("a stream ends in FF FF FF FF 00 00 00 00", "no end of stream", -1),
            (found.Rule, found.InB, found.Batch));
    }

    [Fact]
    public void Bytes_behind_the_end_are_not_taken_for_another_flatbuffer()
    {
        Difference found = Only([.. s_block, 1, 2, 3], s_block);
        Assert.Equal(("nothing follows the end of the stream", "3 bytes", -1), (found.Rule, found.InA, found.Batch));
    }

    [Fact]
    public void Compression_is_about_the_stream_and_not_about_a_batch()
    {
        Difference found = Only(Twin("bools.plain"), Twin("bools.lz4"));
        Assert.Equal(("uncompressed", "LZ4", -1), (found.Rule, found.InB, found.Batch));
    }

    /// <summary>A slice that pyarrow wrote has buffers whose stated length is that of their padding.</summary>
    [Theory]
    [InlineData("dictionaries", "d", "152 bytes for 148")]
    [InlineData("numbers", "int32", "152 bytes for 148")]
    [InlineData("text", "s", "512 bytes for 462")]
    public void A_buffer_that_is_only_longer_is_not_blamed_for_what_it_holds(string kind, string field, string how)
    {
        Explanation explanation = CanonicalBlock.Explain(Twin($"{kind}.plain"), Twin($"{kind}.slice"));
        Difference found = Assert.Single(explanation.Differences, d => d.FieldPath == field);
        Assert.Equal(("a buffer's length is exact, its padding not counted", how), (found.Rule, found.InB));
    }

    [Fact]
    public void What_a_slot_holds_is_told_by_its_row()
    {
        Explanation views = CanonicalBlock.Explain(Twin("text.plain"), Twin("text.slice"));
        Assert.StartsWith("row ", Assert.Single(views.Differences, d => d.FieldPath == "v").InB, StringComparison.Ordinal);
        Explanation lists = CanonicalBlock.Explain(Twin("lists.plain"), Twin("lists.slice"));
        Assert.Equal("row 0", Assert.Single(lists.Differences, d => d.FieldPath == "lv").InB);
    }

    [Fact]
    public void Different_bytes_under_one_null_are_not_taken_for_another_flatbuffer()
    {
        // Row 1 of the one column is null; its four bytes stand behind those of row 0.
        int junk = s_block.Length - 8 - 64 + 4;
        byte[] a = [.. s_block], b = [.. s_block];
        (a[junk], b[junk]) = (1, 2);
        Difference found = Only(a, b);
        Assert.Equal(("v", "bytes under the null of row 1"), (found.FieldPath, found.InA));
    }

    [Fact]
    public void Streams_without_batches_differ_in_their_schemas()
    {
        byte[] a = EmptyStream("a"), b = EmptyStream("b");
        Difference found = Only(a, b);
        Assert.Equal(("a field's name", "a", "b"), (found.Rule, found.InA, found.InB));
    }

    private static byte[] EmptyStream(string name)
    {
        byte[] bytes = [.. s_block];
        bytes[0x78] = (byte)name[0];
        int schema = 8 + BitConverter.ToInt32(bytes, 4);
        return [.. bytes[..schema], .. bytes[^8..]];
    }

    private static Difference Only(byte[] a, byte[] b)
    {
        Explanation explanation = CanonicalBlock.Explain(a, b);
        Assert.True(explanation.SameBatches);
        return Assert.Single(explanation.Differences);
    }

    private static byte[] Twin(string name) => IpcData.Bytes($"vectors/twins/{name}.arrows");
}
