namespace ArrowCid.Parquet;

/// <summary>A row group's rows and columns.</summary>
internal sealed record RowGroup(long RowCount, ColumnChunk[] Columns)
{
    public static RowGroup Read(ref ThriftReader reader)
    {
        ColumnChunk[] columns = [];
        long rows = 0;
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1:
                    columns = new ColumnChunk[reader.List(field, ThriftType.Struct)];
                    for (int i = 0; i < columns.Length; i++) columns[i] = ColumnChunk.Read(ref reader);
                    break;
                case 3: rows = reader.Long(field); break;
                default: reader.Skip(field); break;
            }
        }

        return new RowGroup(rows, columns);
    }
}
