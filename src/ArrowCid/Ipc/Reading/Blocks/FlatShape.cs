using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A schema of columns without children, dictionaries and views, with the form of its batches'
/// metadata.</summary>
internal sealed class FlatShape
{
    private FlatShape(FlatColumn[] columns, int bufferCount)
    {
        (Columns, BufferCount) = (columns, bufferCount);
        Template = BatchTemplate.Of(columns.Length, bufferCount);
    }

    public FlatColumn[] Columns { get; }

    public int BufferCount { get; }

    public BatchTemplate Template { get; }

    public static FlatShape? Of(Schema schema)
    {
        var columns = new FlatColumn[schema.Fields.Count];
        int buffers = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            ArrowType type = schema.Fields[i].Type;
            BufferLayout layout = type.Layout();
            int width = layout switch
            {
                BufferLayout.Fixed => type.ByteWidth(),
                BufferLayout.Bytes32 => sizeof(int),
                BufferLayout.Bytes64 => sizeof(long),
                BufferLayout.Null or BufferLayout.Bits => 0,
                _ => -1,
            };
            if (width < 0) return null;
            columns[i] = new FlatColumn(type, layout, width, buffers);
            buffers += layout.BufferCount();
        }

        return new FlatShape(columns, buffers);
    }
}
