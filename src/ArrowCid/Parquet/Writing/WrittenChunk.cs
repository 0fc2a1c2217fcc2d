namespace ArrowCid.Parquet;

/// <summary>What the footer and the indexes say of a column chunk that has been written.</summary>
internal sealed class WrittenChunk(LeafForm form, string[] path)
{
    public LeafForm Form { get; } = form;

    public string[] Path { get; } = path;

    public ParquetCompression Codec { get; init; }

    public long ValueCount { get; set; }

    public long NullCount { get; set; }

    public long UncompressedSize { get; set; }

    public long CompressedSize { get; set; }

    public long DataPageOffset { get; set; } = -1;

    public long? DictionaryPageOffset { get; set; }

    public PageType DataPages { get; init; }

    public PageEncoding Encoding { get; set; }

    public ValueRange Range { get; set; }

    public long[]? DefinitionCounts { get; set; }

    public long[]? RepetitionCounts { get; set; }

    /// <summary>Bytes of all byte strings, plain and without their lengths.</summary>
    public long? ByteStringBytes { get; set; }

    public List<WrittenPage> Pages { get; } = [];

    public BloomFilter? Bloom { get; set; }

    public long? BloomOffset { get; set; }

    public int BloomLength { get; set; }

    public long? ColumnIndexOffset { get; set; }

    public int ColumnIndexLength { get; set; }

    public long? OffsetIndexOffset { get; set; }

    public int OffsetIndexLength { get; set; }

    /// <summary>The first byte of the chunk.</summary>
    public long Start => DictionaryPageOffset ?? DataPageOffset;

    public void WriteTo(ThriftWriter writer)
    {
        writer.Begin();
        writer.Long(2, 0);
        writer.Begin(3);
        writer.Int(1, (int)Form.Type);
        bool hasDictionary = DictionaryPageOffset is not null, hasLevels = DefinitionCounts is not null;
        PageEncoding[] encodings = hasDictionary
            ? [PageEncoding.Plain, PageEncoding.Rle, PageEncoding.RleDictionary]
            : Encoding == PageEncoding.Rle || !hasLevels ? [Encoding] : [PageEncoding.Rle, Encoding];
        writer.List(2, ThriftType.I32, encodings.Length);
        foreach (PageEncoding encoding in encodings) writer.ListLong((int)encoding);
        writer.List(3, ThriftType.Binary, Path.Length);
        foreach (string name in Path) writer.Text(name);
        writer.Int(4, (int)Codec);
        writer.Long(5, ValueCount);
        writer.Long(6, UncompressedSize);
        writer.Long(7, CompressedSize);
        writer.Long(9, DataPageOffset);
        writer.Long(11, DictionaryPageOffset);
        WriteStatistics(writer, 12, Range, NullCount, Form);
        writer.List(13, ThriftType.Struct, hasDictionary ? 2 : 1);
        if (hasDictionary) WriteEncodingCount(writer, PageType.Dictionary, PageEncoding.Plain, 1);
        WriteEncodingCount(writer, DataPages, Encoding, Pages.Count);
        writer.Long(14, BloomOffset);
        if (BloomOffset is not null) writer.Int(15, BloomLength);
        writer.Begin(16);
        writer.Long(1, ByteStringBytes);
        WriteCounts(writer, 2, RepetitionCounts);
        WriteCounts(writer, 3, DefinitionCounts);
        writer.End();
        writer.End();
        if (OffsetIndexOffset is not null)
        {
            writer.Long(4, OffsetIndexOffset);
            writer.Int(5, OffsetIndexLength);
        }

        if (ColumnIndexOffset is not null)
        {
            writer.Long(6, ColumnIndexOffset);
            writer.Int(7, ColumnIndexLength);
        }

        writer.End();
    }

    public static void WriteStatistics(ThriftWriter writer, int id, ValueRange range, long nulls, LeafForm form)
    {
        writer.Begin(id);
        writer.Long(3, nulls);
        if (range is { Least: { } least, Largest: { } largest })
        {
            (byte[] low, bool isLowExact) = ShortBound.Below(least, form);
            (byte[]? high, bool isHighExact) = ShortBound.Above(largest, form);
            if (high is not null) writer.Binary(5, high);
            writer.Binary(6, low);
            if (high is not null) writer.Flag(7, isHighExact);
            writer.Flag(8, isLowExact);
        }

        writer.End();
    }

    /// <summary>The page's bounds; null where they cannot all be told.</summary>
    public ReadOnlyMemory<byte>? ColumnIndex()
    {
        var bounds = new (byte[] Least, byte[] Largest)[Pages.Count];
        for (int i = 0; i < bounds.Length; i++)
        {
            WrittenPage page = Pages[i];
            if (page.NullCount == page.LevelCount)
            {
                bounds[i] = ([], []);
                continue;
            }

            if (page.Range is not { Least: { } least, Largest: { } largest }) return null;
            // A page must have a bound, so where no short one is above the value it is the value.
            bounds[i] = (ShortBound.Below(least, Form).Value, ShortBound.Above(largest, Form).Value ?? largest);
        }

        var writer = new ThriftWriter();
        writer.Begin();
        writer.List(1, ThriftType.True, bounds.Length);
        foreach (WrittenPage page in Pages) writer.ListFlag(page.NullCount == page.LevelCount);
        writer.List(2, ThriftType.Binary, bounds.Length);
        foreach ((byte[] least, _) in bounds) writer.Binary(least);
        writer.List(3, ThriftType.Binary, bounds.Length);
        foreach ((_, byte[] largest) in bounds) writer.Binary(largest);
        writer.Int(4, (int)Order(bounds));
        writer.List(5, ThriftType.I64, bounds.Length);
        foreach (WrittenPage page in Pages) writer.ListLong(page.NullCount);
        writer.End();
        return writer.Take();
    }

    public ReadOnlyMemory<byte> OffsetIndex()
    {
        var writer = new ThriftWriter();
        writer.Begin();
        writer.List(1, ThriftType.Struct, Pages.Count);
        foreach (WrittenPage page in Pages)
        {
            writer.Begin();
            writer.Long(1, page.Offset);
            writer.Int(2, page.Length);
            writer.Long(3, page.FirstRow);
            writer.End();
        }

        writer.End();
        return writer.Take();
    }

    private BoundaryOrder Order((byte[] Least, byte[] Largest)[] bounds)
    {
        bool rises = true, falls = true;
        (byte[] Least, byte[] Largest)? before = null;
        for (int i = 0; i < bounds.Length; i++)
        {
            if (Pages[i].NullCount == Pages[i].LevelCount) continue;
            if (before is { } last)
            {
                int low = ValueRange.Compare(last.Least, bounds[i].Least, Form.Order, Form.Width);
                int high = ValueRange.Compare(last.Largest, bounds[i].Largest, Form.Order, Form.Width);
                rises &= low <= 0 && high <= 0;
                falls &= low >= 0 && high >= 0;
            }

            before = bounds[i];
        }

        return rises ? BoundaryOrder.Ascending : falls ? BoundaryOrder.Descending : BoundaryOrder.Unordered;
    }

    private static void WriteEncodingCount(ThriftWriter writer, PageType type, PageEncoding encoding, int count)
    {
        writer.Begin();
        writer.Int(1, (int)type);
        writer.Int(2, (int)encoding);
        writer.Int(3, count);
        writer.End();
    }

    private static void WriteCounts(ThriftWriter writer, int id, long[]? counts)
    {
        if (counts is null) return;
        writer.List(id, ThriftType.I64, counts.Length);
        foreach (long count in counts) writer.ListLong(count);
    }
}
