using ArrowCid.Columnar;

namespace ArrowCid.Tests.Generators;

/// <summary>A batch's columns without children, dictionaries, views and runs.</summary>
internal static class PlainColumns
{
    private static readonly BufferLayout[] s_plain =
        [BufferLayout.Null, BufferLayout.Bits, BufferLayout.Fixed, BufferLayout.Bytes32, BufferLayout.Bytes64];

    public static RecordBatch Of(RecordBatch batch)
    {
        int[] kept =
            [.. Enumerable.Range(0, batch.Columns.Count).Where(i => s_plain.Contains(batch.Columns[i].Layout))];
        var schema = new Schema(kept.Select(i => batch.Schema.Fields[i]), batch.Schema.Metadata);
        return new RecordBatch(schema, batch.Length, [.. kept.Select(i => batch.Columns[i])]);
    }
}
