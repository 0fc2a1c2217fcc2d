using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Reads the pages of one leaf of one row group.</summary>
internal sealed class ChunkReader
{
    private const int BatchOfIndices = 4096;
    private const int MostPageBytes = 1 << 30;

    // Values that are made of a dictionary as their pages come.
    private const long MostExpanded = 256L << 20;

    private readonly ColumnChunk _chunk;
    private readonly LeafForm _form;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ByteBudget _budget;
    private readonly LeafData _leaf;
    private readonly bool _checksCrc;
    private readonly bool _keepsIndices;
    private int _position;
    private int _pages;
    private ValueBuffer? _dictionary;
    private byte[] _page = [];

    private ChunkReader(ColumnChunk chunk, SchemaTree tree, ReadOnlyMemory<byte> bytes, ByteBudget budget,
        bool keepsIndices, bool checksCrc)
    {
        (_chunk, _bytes, _budget, _keepsIndices, _checksCrc) = (chunk, bytes, budget, keepsIndices, checksCrc);
        SchemaElement element = tree.Element;
        _form = new LeafForm(element.Type!.Value, Conversion.Same, ValueOrder.None, element.TypeLength);
        _leaf = new LeafData { MaxDefinition = tree.Definition, MaxRepetition = tree.Repetition };
    }

    /// <summary>Reads a chunk.</summary>
    /// <param name="chunk">Its metadata from the footer.</param>
    /// <param name="tree">The leaf.</param>
    /// <param name="bytes">Its bytes, perhaps some after them.</param>
    /// <param name="budget">Counts what is taken.</param>
    /// <param name="keepsIndices">Whether a dictionary is wanted as it is.</param>
    /// <param name="checksCrc">Whether checksums are looked at.</param>
    public static LeafData Read(ColumnChunk chunk, SchemaTree tree, ReadOnlyMemory<byte> bytes, ByteBudget budget,
        bool keepsIndices, bool checksCrc)
    {
        var reader = new ChunkReader(chunk, tree, bytes, budget, keepsIndices, checksCrc);
        try
        {
            reader.Run();
            return reader._leaf;
        }
        finally
        {
            if (reader._page.Length > 0) ArrayPool<byte>.Shared.Return(reader._page);
        }
    }

    private void Run()
    {
        if (_chunk.Type != _form.Type)
            throw ParquetFault.Broken($"a chunk is of type {(int)_chunk.Type}, its column of {(int)_form.Type}");
        if (_chunk.ValueCount is < 0 or > int.MaxValue)
            throw ParquetFault.TooLarge($"a column of a row group has {_chunk.ValueCount} values, over 2^31 - 1");
        PageCodec.CheckReadable(_chunk.Codec);
        bool hasDictionary = _chunk.DictionaryPageOffset is > 0;
        while (_leaf.LevelCount < _chunk.ValueCount
            || (hasDictionary && _dictionary is null && _position < _bytes.Length))
        {
            int start = _position;
            try
            {
                ReadPage();
                _pages++;
            }
            catch (ArrowCidException e) when (ParquetFault.IsPlaceless(e))
            {
                throw ParquetFault.InPage(e, _pages, start);
            }
        }

        if (_leaf.Indices is not null && _leaf.Values is null && _keepsIndices)
        {
            _leaf.Dictionary = _dictionary;
            return;
        }

        if (_leaf.Indices is not null) _ = Values(0);

        if (_keepsIndices && _dictionary is not null && _leaf.Values is null)
            (_leaf.Dictionary, _leaf.Indices) = (_dictionary, NewIndices());
        else _leaf.Values ??= NewBuffer();
    }

    private ValueBuffer NewIndices() => new(PhysicalType.Int32, sizeof(int), _budget);

    private ValueBuffer NewBuffer() => new(_form.Type, _form.Width, _budget);

    private void ReadPage()
    {
        if (_position >= _bytes.Length)
            throw ParquetFault.Broken($"the pages end after {_leaf.LevelCount} of {_chunk.ValueCount} values");
        var thrift = new ThriftReader(_bytes.Span[_position..], _budget);
        PageHeader header = PageHeader.Read(ref thrift);
        _position += thrift.Position;
        if (header.CompressedSize > _bytes.Length - _position)
            throw ParquetFault.Broken($"a page of {header.CompressedSize} bytes passes the end of its chunk");
        ReadOnlySpan<byte> stored = _bytes.Span.Slice(_position, header.CompressedSize);
        _position += header.CompressedSize;
        if (_checksCrc && header.Crc is { } crc && Crc32.HashToUInt32(stored) != crc)
            throw ParquetFault.Broken($"the checksum of a page does not fit its bytes");
        switch (header.Type)
        {
            case PageType.Dictionary:
                ReadDictionary(header, stored);
                break;
            case PageType.Data:
                ReadDataV1(header, stored);
                break;
            case PageType.DataV2:
                ReadDataV2(header, stored);
                break;
            case PageType.Index:
                break;
            default:
                throw ParquetFault.Broken($"a page is of the unknown kind {(int)header.Type}");
        }
    }

    private ReadOnlySpan<byte> Decompress(ReadOnlySpan<byte> stored, int length)
    {
        if (_chunk.Codec == (int)ParquetCompression.None)
        {
            return stored.Length == length
                ? stored
                : throw ParquetFault.Broken($"a page has {stored.Length} bytes where its header says {length}");
        }

        if (length == 0) return default;
        if (length > MostPageBytes) throw ParquetFault.TooLarge($"a page of {length} bytes is over 2^30");
        PageCodec.CheckSize(_chunk.Codec, stored.Length, length);
        if (_page.Length < length)
        {
            _budget.Take(length);
            if (_page.Length > 0) ArrayPool<byte>.Shared.Return(_page);
            _page = ArrayPool<byte>.Shared.Rent(length);
        }

        Span<byte> target = _page.AsSpan(0, length);
        PageCodec.Decompress(_chunk.Codec, stored, target);
        return target;
    }

    private void ReadDictionary(in PageHeader header, ReadOnlySpan<byte> stored)
    {
        if (_dictionary is not null) throw ParquetFault.Broken($"a column of a row group has two dictionaries");
        if (header.Encoding is not (PageEncoding.Plain or PageEncoding.PlainDictionary))
            throw ParquetFault.Unsupported($"a dictionary's values are encoded by {(int)header.Encoding}");
        ValueBuffer dictionary = NewBuffer();
        ReadPlain(dictionary, Decompress(stored, header.UncompressedSize), header.ValueCount);
        _dictionary = dictionary;
    }

    private void ReadDataV1(in PageHeader header, ReadOnlySpan<byte> stored)
    {
        ReadOnlySpan<byte> body = Decompress(stored, header.UncompressedSize);
        int first = BeginLevels(header.ValueCount);
        if (_leaf.MaxRepetition > 0)
        {
            body = LevelsV1(body, header.RepetitionEncoding, _leaf.MaxRepetition, header.ValueCount,
                out ReadOnlySpan<byte> levels, out bool isPacked);
            ReadLevels(levels, isPacked, _leaf.MaxRepetition, _leaf.Repetition!, first, header.ValueCount);
        }

        int present = header.ValueCount;
        if (_leaf.MaxDefinition > 0)
        {
            body = LevelsV1(body, header.DefinitionEncoding, _leaf.MaxDefinition, header.ValueCount,
                out ReadOnlySpan<byte> levels, out bool isPacked);
            present = ReadDefinition(levels, isPacked, first, header.ValueCount);
        }

        EndLevels(first, header.ValueCount, present);
        ReadValues(header.Encoding, body, present);
    }

    private void ReadDataV2(in PageHeader header, ReadOnlySpan<byte> stored)
    {
        int repetition = header.RepetitionBytes, definition = header.DefinitionBytes;
        if (repetition < 0 || definition < 0 || (long)repetition + definition > stored.Length
            || repetition + definition > header.UncompressedSize)
        {
            throw ParquetFault.Broken($"the levels of a page take more bytes than the page has");
        }

        int first = BeginLevels(header.ValueCount);
        if (_leaf.MaxRepetition > 0)
        {
            ReadLevels(stored[..repetition], false, _leaf.MaxRepetition, _leaf.Repetition!, first, header.ValueCount);
        }

        int present = header.ValueCount;
        if (_leaf.MaxDefinition > 0)
            present = ReadDefinition(stored.Slice(repetition, definition), false, first, header.ValueCount);
        EndLevels(first, header.ValueCount, present);
        if (present == 0) return;
        ReadOnlySpan<byte> body = stored[(repetition + definition)..];
        if (header.IsCompressed) body = Decompress(body, header.UncompressedSize - repetition - definition);
        ReadValues(header.Encoding, body, present);
    }

    private static ReadOnlySpan<byte> LevelsV1(ReadOnlySpan<byte> body, PageEncoding encoding, int largest, int count,
        out ReadOnlySpan<byte> levels, out bool isPacked)
    {
        int length, head = 0;
        isPacked = encoding == PageEncoding.BitPacked;
        if (isPacked)
        {
            length = BitPacking.ByteCount(count, BitPacking.WidthOf((ulong)largest));
        }
        else
        {
            if (encoding != PageEncoding.Rle)
                throw ParquetFault.Unsupported($"a page's levels are encoded by {(int)encoding}");
            if (body.Length < sizeof(int)) throw Short();
            length = BinaryPrimitives.ReadInt32LittleEndian(body);
            head = sizeof(int);
        }

        if (length < 0 || length > body.Length - head) throw Short();
        levels = body.Slice(head, length);
        return body[(head + length)..];
    }

    /// <summary>Reserves space for a page's levels.</summary>
    private int BeginLevels(int count)
    {
        int first = _leaf.LevelCount;
        if (count > _chunk.ValueCount - first)
            throw ParquetFault.Broken($"the pages hold more than the {_chunk.ValueCount} values of their chunk");
        if (_leaf.MaxRepetition > 0) _leaf.Repetition = Grown(_leaf.Repetition, first + count, false);
        if (_leaf.MaxDefinition == 1 && _leaf.MaxRepetition == 0)
            _leaf.ValidBits = Grown(_leaf.ValidBits, Bits.ByteCount(first + count), true);
        else if (_leaf.MaxDefinition > 0) _leaf.Definition = Grown(_leaf.Definition, first + count, false);
        return first;
    }

    private byte[] Grown(byte[]? array, int needed, bool isCleared)
    {
        if (array is not null && array.Length >= needed) return array;
        // The chunk's count is a claim: what is taken follows what the pages hold, doubling.
        int most = isCleared ? Bits.ByteCount((int)_chunk.ValueCount) : (int)_chunk.ValueCount;
        int length = (int)Math.Min(Math.Max(needed, 2L * (array?.Length ?? 0)), Math.Max(most, needed));
        _budget.Take(length - (array?.Length ?? 0));
        byte[] larger = isCleared ? new byte[length] : GC.AllocateUninitializedArray<byte>(length);
        array?.CopyTo(larger, 0);
        return larger;
    }

    private void EndLevels(int first, int count, int present)
    {
        if (first == 0 && count > 0 && _leaf.Repetition is { } levels && levels[0] != 0)
            throw ParquetFault.Broken($"the first value goes on with a list that has not begun");
        _leaf.LevelCount = first + count;
        _leaf.PresentCount += present;
    }

    private static void ReadLevels(ReadOnlySpan<byte> bytes, bool isPacked, int largest, byte[] target, int first,
        int count)
    {
        Span<byte> levels = target.AsSpan(first, count);
        int width = BitPacking.WidthOf((ulong)largest);
        if (isPacked)
        {
            UnpackBigEndian(bytes, width, levels);
        }
        else
        {
            var reader = new RleReader(bytes, width);
            reader.Read(levels);
        }

        if (levels.ContainsAnyExceptInRange((byte)0, (byte)largest))
            throw ParquetFault.Broken($"a level is over {largest}, the largest of its column");
    }

    private int ReadDefinition(ReadOnlySpan<byte> bytes, bool isPacked, int first, int count)
    {
        if (_leaf.ValidBits is not { } bits)
        {
            ReadLevels(bytes, isPacked, _leaf.MaxDefinition, _leaf.Definition!, first, count);
            return _leaf.Definition.AsSpan(first, count).Count((byte)_leaf.MaxDefinition);
        }

        if (isPacked)
        {
            for (int i = 0; i < count; i++)
            {
                if ((bytes[i >> 3] >> (7 - (i & 7)) & 1) != 0) Bits.Set(bits, first + i);
            }
        }
        else
        {
            var reader = new RleReader(bytes, 1);
            reader.ReadBits(bits, first, count);
        }

        return Bits.Count(bits, first, count);
    }

    /// <summary>The old form of levels: the highest bit of the first byte first.</summary>
    private static void UnpackBigEndian(ReadOnlySpan<byte> bytes, int width, Span<byte> levels)
    {
        int bit = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            int level = 0;
            for (int k = 0; k < width; k++, bit++) level = level << 1 | bytes[bit >> 3] >> (7 - (bit & 7)) & 1;
            levels[i] = (byte)level;
        }
    }

    private void ReadValues(PageEncoding encoding, ReadOnlySpan<byte> body, int count)
    {
        if (encoding is PageEncoding.RleDictionary or PageEncoding.PlainDictionary)
        {
            ReadIndices(body, count);
            return;
        }

        ValueBuffer values = Values(body.Length);
        switch (encoding, _form.Type)
        {
            case (PageEncoding.Plain, _):
                ReadPlain(values, body, count);
                break;
            case (PageEncoding.Rle, PhysicalType.Boolean):
                if (count == 0) break;
                if (body.Length < sizeof(int)) throw Short();
                int length = BinaryPrimitives.ReadInt32LittleEndian(body);
                if (length < 0 || length > body.Length - sizeof(int)) throw Short();
                var reader = new RleReader(body.Slice(sizeof(int), length), 1);
                values.AddBits(ref reader, count);
                break;
            case (PageEncoding.DeltaBinaryPacked, PhysicalType.Int32):
                CheckCount(DeltaPacking.Count(body), count);
                DeltaPacking.Read(body, MemoryMarshal.Cast<byte, int>(values.Fixed(count)));
                break;
            case (PageEncoding.DeltaBinaryPacked, PhysicalType.Int64):
                CheckCount(DeltaPacking.Count(body), count);
                DeltaPacking.Read(body, MemoryMarshal.Cast<byte, long>(values.Fixed(count)));
                break;
            case (PageEncoding.DeltaLengthByteArray, PhysicalType.ByteArray):
                int[] lengths = Deltas(ref body, count);
                values.AddBytes(lengths, body);
                break;
            case (PageEncoding.DeltaByteArray, PhysicalType.ByteArray or PhysicalType.FixedLenByteArray):
                int[] prefixes = Deltas(ref body, count), suffixes = Deltas(ref body, count);
                values.AddSuffixes(prefixes, suffixes, body);
                break;
            case (PageEncoding.ByteStreamSplit, not (PhysicalType.Boolean or PhysicalType.ByteArray))
                when values.Width > 0:
                if (body.Length < (long)count * values.Width) throw Short();
                StreamSplit.Join(body[..(count * values.Width)], values.Width, values.Fixed(count));
                break;
            default:
                throw ParquetFault.Unsupported($"a page's values are encoded by {(int)encoding}");
        }
    }

    private static void CheckCount(int there, int needed)
    {
        if (there != needed)
            throw ParquetFault.Broken($"a page holds {there} values where its levels ask for {needed}");
    }

    private int[] Deltas(ref ReadOnlySpan<byte> body, int count)
    {
        CheckCount(DeltaPacking.Count(body), count);
        _budget.Take(4L * count);
        var values = new int[count];
        body = body[DeltaPacking.Read<int>(body, values)..];
        return values;
    }

    private void ReadIndices(ReadOnlySpan<byte> body, int count)
    {
        ValueBuffer dictionary = _dictionary
            ?? throw ParquetFault.Broken($"a page has indices where its column has no dictionary");
        if (count == 0) return;
        if (body.IsEmpty) throw Short();
        var reader = new RleReader(body[1..], body[0]);
        if (_leaf.Values is null && (_keepsIndices || _leaf.Indices is not null || MayBeLarge(dictionary)))
        {
            _leaf.Indices ??= NewIndices();
            Span<int> indices = MemoryMarshal.Cast<byte, int>(_leaf.Indices.Fixed(count));
            reader.Read(indices);
            if (dictionary.Count == 0 || indices.ContainsAnyExceptInRange(0, dictionary.Count - 1))
                throw ParquetFault.Broken($"an index is outside its dictionary of {dictionary.Count}");
            return;
        }

        ValueBuffer values = Values(0);
        int[] some = ArrayPool<int>.Shared.Rent(BatchOfIndices);
        try
        {
            while (count > 0)
            {
                Span<int> part = some.AsSpan(0, Math.Min(count, BatchOfIndices));
                reader.Read(part);
                values.AddEntries(dictionary, part);
                count -= part.Length;
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(some);
        }
    }

    /// <summary>Whether a chunk's values may be much more than its indices: then all indices are read first, so that
    /// the bytes of the values are known before they are taken.</summary>
    private bool MayBeLarge(ValueBuffer dictionary) =>
        _chunk.ValueCount * dictionary.LongestEntry > MostExpanded;

    /// <summary>The buffer of values; indices that were kept until now become values first.</summary>
    private ValueBuffer Values(int bodyBytes)
    {
        if (_leaf.Values is { } known) return known;
        ValueBuffer values = NewBuffer();
        // All values at once if the chunk's own size makes them plausible, with space for the nulls.
        if (values.Width > 0 && _leaf.Indices is null)
            values.Expect(Math.Min(_chunk.ValueCount * values.Width, 8L * _bytes.Length + bodyBytes + 4096));
        if (_leaf.Indices is { } indices)
        {
            values.AddEntries(_dictionary!, MemoryMarshal.Cast<byte, int>(indices.Data.Span));
            indices.Return();
        }

        (_leaf.Values, _leaf.Indices) = (values, null);
        return values;
    }

    private static void ReadPlain(ValueBuffer values, ReadOnlySpan<byte> body, int count)
    {
        switch (values.Type)
        {
            case PhysicalType.Boolean:
                values.AddBits(body, count);
                break;
            case PhysicalType.ByteArray:
                values.AddPlainBytes(body, count);
                break;
            default:
                if (body.Length < (long)count * values.Width) throw Short();
                body[..(count * values.Width)].CopyTo(values.Fixed(count));
                break;
        }
    }

    private static ParquetFault Short() => ParquetFault.Broken($"a page ends before its values do");
}
