using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Writes a leaf's values of one row group as pages.</summary>
internal sealed class ChunkWriter(CountingStream target, ParquetWriteOptions options) : IDisposable
{
    private readonly GrowingBytes _body = new();
    private readonly GrowingBytes _packed = new();

    public WrittenChunk Write(LeafColumn column, string[] path)
    {
        if (column.Pages is { } pages) return WritePages(column, pages, path);
        LeafForm form = column.Form;
        LeafValues values = column.Values;
        bool canHaveDictionary = form.HasDictionary;
        bool isEncoded = values.Indices is not null;
        if (!isEncoded && canHaveDictionary && options.DictionaryBytes > 0
            && options.Encoding == ParquetEncoding.Automatic && DictionaryPages.TryEncode(values,
                options.DictionaryBytes) is { } indexed)
        {
            (values, isEncoded) = (indexed, true);
        }

        var chunk = new WrittenChunk(form, path)
        {
            Codec = options.Compression,
            DataPages = options.UsesPageV2 ? PageType.DataV2 : PageType.Data,
            Encoding = isEncoded ? PageEncoding.RleDictionary : Choose(form, values),
            ValueCount = column.LevelCount,
            NullCount = column.LevelCount - values.Count,
            ByteStringBytes = form.Type == PhysicalType.ByteArray && !isEncoded ? values.Data.Length : null,
        };
        if (options.BloomFilters.Contains(string.Join('.', path)) && canHaveDictionary)
            chunk.Bloom = BloomFilter.Of(values);
        if (isEncoded) WriteDictionary(chunk, values.Dictionary!);
        CountLevels(chunk, column);
        foreach (PageCut cut in PageCut.Of(column, values, options)) WritePage(chunk, column, values, cut);
        foreach (WrittenPage page in chunk.Pages) chunk.Range = chunk.Range.And(page.Range, form.Order, form.Width);
        return chunk;
    }

    /// <summary>Writes a column whose pages are made one at a time.</summary>
    private WrittenChunk WritePages(LeafColumn column, PagedColumn pages, string[] path)
    {
        // Pages of very long columns are larger, so that the indexes stay small.
        const int MostPages = 4096, MostEntries = 1 << 22;
        LeafForm form = column.Form;
        LeafValues entries = pages.Entries;
        bool isEncoded = form.HasDictionary;
        int rows = Math.Max(options.PageRows, column.LevelCount / MostPages);
        rows = Math.Max(rows, Math.Min(entries.Count, MostEntries));
        var chunk = new WrittenChunk(form, path)
        {
            Codec = options.Compression,
            DataPages = options.UsesPageV2 ? PageType.DataV2 : PageType.Data,
            Encoding = isEncoded ? PageEncoding.RleDictionary : Choose(form, entries),
            ValueCount = column.LevelCount,
        };
        if (isEncoded && options.BloomFilters.Contains(string.Join('.', path))) chunk.Bloom = BloomFilter.Of(entries);
        if (isEncoded) WriteDictionary(chunk, entries);
        int[] indices = new int[Math.Min(rows, column.LevelCount)];
        byte[] valid = new byte[Bits.ByteCount(indices.Length)];
        long present = 0;
        for (int row = 0; row < column.LevelCount;)
        {
            int count = Math.Min(indices.Length, column.LevelCount - row);
            valid.AsSpan().Clear();
            int values = pages.Fill(row, indices.AsSpan(0, count), valid);
            LeafValues page = isEncoded
                ? new LeafValues(values, entries.Width) { Indices = indices, Dictionary = entries }
                : new LeafValues(values, 0) { Data = BitsOf(entries, indices.AsSpan(0, values)) };
            LeafColumn part = column with
            {
                Pages = null,
                LevelCount = count,
                ValidBits = values == count ? default : valid,
                Values = page,
            };
            WritePage(chunk, part, page, new PageCut(0, count, 0, values, row, count));
            present += values;
            row += count;
        }

        chunk.NullCount = column.LevelCount - present;
        if (column.MaxDefinition > 0) chunk.DefinitionCounts = [chunk.NullCount, present];
        foreach (WrittenPage page in chunk.Pages) chunk.Range = chunk.Range.And(page.Range, form.Order, form.Width);
        return chunk;
    }

    private static byte[] BitsOf(LeafValues entries, ReadOnlySpan<int> indices)
    {
        byte[] bits = new byte[Bits.ByteCount(indices.Length)];
        ReadOnlySpan<byte> source = entries.Data.Span;
        for (int i = 0; i < indices.Length; i++)
        {
            if (Bits.Get(source, indices[i])) Bits.Set(bits, i);
        }

        return bits;
    }

    public void Dispose()
    {
        _body.Dispose();
        _packed.Dispose();
    }

    private PageEncoding Choose(LeafForm form, LeafValues values)
    {
        bool isInteger = form.Type is PhysicalType.Int32 or PhysicalType.Int64;
        bool isFloat = form.Type is PhysicalType.Float or PhysicalType.Double;
        return (options.Encoding, form.Type) switch
        {
            (_, PhysicalType.Boolean) => options.UsesPageV2 ? PageEncoding.Rle : PageEncoding.Plain,
            (ParquetEncoding.Delta or ParquetEncoding.DeltaStrings, _) when isInteger => PageEncoding.DeltaBinaryPacked,
            (ParquetEncoding.Delta, PhysicalType.ByteArray) => PageEncoding.DeltaLengthByteArray,
            (ParquetEncoding.DeltaStrings, PhysicalType.ByteArray or PhysicalType.FixedLenByteArray) =>
                PageEncoding.DeltaByteArray,
            // Some readers split the bytes of numbers alone.
            (ParquetEncoding.ByteStreamSplit, _) when isInteger || isFloat => PageEncoding.ByteStreamSplit,
            (ParquetEncoding.Automatic, _) when isInteger && Rises(form, values) => PageEncoding.DeltaBinaryPacked,
            (ParquetEncoding.Automatic, _) when isFloat && options.Compression != ParquetCompression.None =>
                PageEncoding.ByteStreamSplit,
            _ => PageEncoding.Plain,
        };
    }

    private static bool Rises(LeafForm form, LeafValues values) => values.Count > 1 && (form.Type == PhysicalType.Int32
        ? Rises(MemoryMarshal.Cast<byte, int>(values.Data.Span))
        : Rises(MemoryMarshal.Cast<byte, long>(values.Data.Span)));

    private static bool Rises<T>(ReadOnlySpan<T> values) where T : IComparable<T>
    {
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i].CompareTo(values[i - 1]) < 0) return false;
        }

        return true;
    }

    private static void CountLevels(WrittenChunk chunk, LeafColumn column)
    {
        if (column.MaxDefinition > 0)
        {
            var counts = new long[column.MaxDefinition + 1];
            if (column.Definition is { } levels) foreach (byte level in levels) counts[level]++;
            else counts[^1] = column.Values.Count;
            if (column.Definition is null) counts[0] = column.LevelCount - column.Values.Count;
            chunk.DefinitionCounts = counts;
        }

        if (column.MaxRepetition > 0)
        {
            var counts = new long[column.MaxRepetition + 1];
            foreach (byte level in column.Repetition!) counts[level]++;
            chunk.RepetitionCounts = counts;
        }
    }

    private void WriteDictionary(WrittenChunk chunk, LeafValues dictionary)
    {
        _body.Clear();
        ValuePages.WritePlain(dictionary, 0, dictionary.Count, chunk.Form, _body);
        _packed.Clear();
        PageCodec.Compress(options.Compression, options.CompressionLevel, _body.Written, _packed);
        chunk.DictionaryPageOffset = target.Position;
        var header = new PageHeader
        {
            Type = PageType.Dictionary,
            UncompressedSize = _body.Count,
            CompressedSize = _packed.Count,
            Crc = Crc32.HashToUInt32(_packed.Written),
            ValueCount = dictionary.Count,
            Encoding = PageEncoding.Plain,
        };
        Emit(chunk, header, null, _packed.Written, _body.Count);
    }

    private void WritePage(WrittenChunk chunk, LeafColumn column, LeafValues values, PageCut cut)
    {
        _body.Clear();
        _packed.Clear();
        int repetitionBytes = WriteRepetition(column, cut);
        int definitionBytes = WriteDefinition(column, cut);
        int levels = _body.Count;
        ValuePages.Write(values, cut.FirstValue, cut.EndValue, chunk.Encoding, chunk.Form, _body);
        bool isV2 = options.UsesPageV2;
        int uncompressed = _body.Count;
        if (isV2)
        {
            _packed.Add(_body.Written[..levels]);
            PageCodec.Compress(options.Compression, options.CompressionLevel, _body.Written[levels..], _packed);
        }
        else
        {
            PageCodec.Compress(options.Compression, options.CompressionLevel, _body.Written, _packed);
        }

        ValueRange range = ValueRange.Of(values, cut.FirstValue, cut.EndValue, chunk.Form.Order);
        int count = cut.EndLevel - cut.FirstLevel, nulls = count - (cut.EndValue - cut.FirstValue);
        var header = new PageHeader
        {
            Type = isV2 ? PageType.DataV2 : PageType.Data,
            UncompressedSize = uncompressed,
            CompressedSize = _packed.Count,
            Crc = Crc32.HashToUInt32(_packed.Written),
            ValueCount = count,
            Encoding = chunk.Encoding,
            NullCount = nulls,
            RowCount = cut.RowCount,
            DefinitionBytes = definitionBytes,
            RepetitionBytes = repetitionBytes,
            IsCompressed = options.Compression != ParquetCompression.None,
        };
        long offset = target.Position;
        if (chunk.DataPageOffset < 0) chunk.DataPageOffset = offset;
        Emit(chunk, header, (writer, id) => WrittenChunk.WriteStatistics(writer, id, range, nulls, chunk.Form),
            _packed.Written, uncompressed);
        chunk.Pages.Add(new WrittenPage(offset, (int)(target.Position - offset), cut.FirstRow, count, nulls, range));
    }

    private void Emit(WrittenChunk chunk, PageHeader header, Action<ThriftWriter, int>? statistics,
        ReadOnlySpan<byte> body, int uncompressed)
    {
        var writer = new ThriftWriter();
        header.Write(writer, statistics);
        target.Write(writer.Written);
        target.Write(body);
        chunk.UncompressedSize += writer.Written.Length + uncompressed;
        chunk.CompressedSize += writer.Written.Length + body.Length;
    }

    private int WriteRepetition(LeafColumn column, PageCut cut)
    {
        if (column.MaxRepetition == 0) return 0;
        int start = BeginLevels();
        RleWriter.Write<byte>(column.Repetition.AsSpan(cut.FirstLevel, cut.EndLevel - cut.FirstLevel),
            BitPacking.WidthOf((ulong)column.MaxRepetition), _body);
        return EndLevels(start);
    }

    private int WriteDefinition(LeafColumn column, PageCut cut)
    {
        if (column.MaxDefinition == 0) return 0;
        int start = BeginLevels(), count = cut.EndLevel - cut.FirstLevel;
        int width = BitPacking.WidthOf((ulong)column.MaxDefinition);
        if (column.Definition is { } levels)
            RleWriter.Write<byte>(levels.AsSpan(cut.FirstLevel, count), width, _body);
        else if (!column.ValidBits.IsEmpty)
            RleWriter.WriteBits(column.ValidBits.Span, cut.FirstLevel, count, _body);
        else if (count > 0)
            RleWriter.Run(count, (uint)column.MaxDefinition, width, _body);
        return EndLevels(start);
    }

    /// <summary>Version 1 has the length before the levels, version 2 in the header.</summary>
    private int BeginLevels()
    {
        if (!options.UsesPageV2) _body.Add(stackalloc byte[sizeof(int)]);
        return _body.Count;
    }

    private int EndLevels(int start)
    {
        int length = _body.Count - start;
        if (!options.UsesPageV2)
            BinaryPrimitives.WriteInt32LittleEndian(_body.At(start - sizeof(int), sizeof(int)), length);
        return length;
    }
}
