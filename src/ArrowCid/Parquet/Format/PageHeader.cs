namespace ArrowCid.Parquet;

/// <summary>A page's header, of either version, or of a dictionary.</summary>
internal struct PageHeader
{
    public PageType Type;
    public int UncompressedSize;
    public int CompressedSize;
    public uint? Crc;
    public int ValueCount;
    public PageEncoding Encoding;
    public PageEncoding DefinitionEncoding;
    public PageEncoding RepetitionEncoding;

    // Of version 2 alone.
    public int NullCount;
    public int RowCount;
    public int DefinitionBytes;
    public int RepetitionBytes;
    public bool IsCompressed;

    public static PageHeader Read(ref ThriftReader reader)
    {
        var header = new PageHeader { IsCompressed = true, Type = (PageType)(-1) };
        bool hasDetail = false;
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (field.Id)
            {
                case 1: header.Type = (PageType)reader.Int(field); break;
                case 2: header.UncompressedSize = reader.Int(field); break;
                case 3: header.CompressedSize = reader.Int(field); break;
                case 4: header.Crc = (uint)reader.Int(field); break;
                case 5 or 7 or 8:
                    reader.Struct(field);
                    header.ReadDetail(ref reader, field.Id);
                    hasDetail = true;
                    break;
                default: reader.Skip(field); break;
            }
        }

        if (header.Type != PageType.Index && !hasDetail) throw ParquetFault.Broken($"a page has half a header");
        if (header.UncompressedSize < 0 || header.CompressedSize < 0 || header.ValueCount < 0)
            throw ParquetFault.Broken($"a page's header has a negative size or count");
        return header;
    }

    public readonly void Write(ThriftWriter writer, Action<ThriftWriter, int>? statistics = null)
    {
        writer.Begin();
        writer.Int(1, (int)Type);
        writer.Int(2, UncompressedSize);
        writer.Int(3, CompressedSize);
        if (Crc is { } crc) writer.Int(4, (int)crc);
        switch (Type)
        {
            case PageType.Dictionary:
                writer.Begin(7);
                writer.Int(1, ValueCount);
                writer.Int(2, (int)Encoding);
                break;
            case PageType.Data:
                writer.Begin(5);
                writer.Int(1, ValueCount);
                writer.Int(2, (int)Encoding);
                writer.Int(3, (int)PageEncoding.Rle);
                writer.Int(4, (int)PageEncoding.Rle);
                statistics?.Invoke(writer, 5);
                break;
            default:
                writer.Begin(8);
                writer.Int(1, ValueCount);
                writer.Int(2, NullCount);
                writer.Int(3, RowCount);
                writer.Int(4, (int)Encoding);
                writer.Int(5, DefinitionBytes);
                writer.Int(6, RepetitionBytes);
                writer.Flag(7, IsCompressed);
                statistics?.Invoke(writer, 8);
                break;
        }

        writer.End();
        writer.End();
    }

    private void ReadDetail(ref ThriftReader reader, int kind)
    {
        var field = default(ThriftField);
        while (reader.Next(ref field))
        {
            switch (kind, field.Id)
            {
                case (_, 1): ValueCount = reader.Int(field); break;
                case (8, 2): NullCount = reader.Int(field); break;
                case (8, 3): RowCount = reader.Int(field); break;
                case (8, 4): Encoding = (PageEncoding)reader.Int(field); break;
                case (8, 5): DefinitionBytes = reader.Int(field); break;
                case (8, 6): RepetitionBytes = reader.Int(field); break;
                case (8, 7): IsCompressed = reader.Flag(field); break;
                case (_, 2): Encoding = (PageEncoding)reader.Int(field); break;
                case (5, 3): DefinitionEncoding = (PageEncoding)reader.Int(field); break;
                case (5, 4): RepetitionEncoding = (PageEncoding)reader.Int(field); break;
                default: reader.Skip(field); break;
            }
        }
    }
}
