namespace ArrowCid.Parquet;

/// <summary>Where a column's pages of a row group lie.</summary>
internal sealed class ColumnChunk
{
    public PhysicalType Type { get; set; }

    public int Codec { get; set; }

    public long ValueCount { get; set; }

    public long UncompressedSize { get; set; }

    public long CompressedSize { get; set; }

    public long DataPageOffset { get; set; }

    public long? DictionaryPageOffset { get; set; }

    public bool HasMetadata { get; set; }

    public bool IsElsewhere { get; set; }

    public bool IsEncrypted { get; set; }

    /// <summary>The first byte of the chunk. Some writers give a dictionary's place as 0 where there is none.</summary>
    public long Start => DictionaryPageOffset is { } at && at > 0 && at < DataPageOffset ? at : DataPageOffset;

    public static ColumnChunk Read(ref ThriftReader reader)
    {
        var chunk = new ColumnChunk();
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1: chunk.IsElsewhere = reader.Text(field).Length > 0; break;
                case 3:
                    reader.Struct(field);
                    chunk.ReadMetadata(ref reader);
                    break;
                case 8 or 9:
                    chunk.IsEncrypted = true;
                    reader.Skip(field);
                    break;
                default: reader.Skip(field); break;
            }
        }

        return chunk;
    }

    private void ReadMetadata(ref ThriftReader reader)
    {
        HasMetadata = true;
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1: Type = (PhysicalType)reader.Int(field); break;
                case 4: Codec = reader.Int(field); break;
                case 5: ValueCount = reader.Long(field); break;
                case 6: UncompressedSize = reader.Long(field); break;
                case 7: CompressedSize = reader.Long(field); break;
                case 9: DataPageOffset = reader.Long(field); break;
                case 11: DictionaryPageOffset = reader.Long(field); break;
                default: reader.Skip(field); break;
            }
        }
    }
}
