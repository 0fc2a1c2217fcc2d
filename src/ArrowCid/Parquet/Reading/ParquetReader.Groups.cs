using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

public sealed partial class ParquetReader
{
    private const int TailBytes = 8;

    // Some writers count a dictionary page's header short (PARQUET-816).
    private const int Slack = 100;

    private FileMetadata ReadFooter()
    {
        long length = _origin.Length;
        _footer = Math.Max(0, length - TailBytes);
        if (length < 4 + TailBytes) throw ParquetFault.Broken($"{length} bytes are too few for a Parquet file");
        ReadOnlySpan<byte> tail = _origin.Read(length - TailBytes, TailBytes).Span;
        if (tail[4..].SequenceEqual("PARE"u8)) throw ParquetFault.Unsupported($"the file's footer is encrypted");
        if (!tail[4..].SequenceEqual("PAR1"u8))
            throw ParquetFault.Broken($"the file does not end as a Parquet file does, by PAR1; it may be cut short");
        uint footer = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (footer > length - 4 - TailBytes || footer > int.MaxValue)
            throw ParquetFault.Broken($"the footer has {footer} bytes, more than the file of {length}");
        var budget = new ByteBudget(_options.MemoryBudget);
        budget.Take(footer);
        _footer = length - TailBytes - footer;
        return FileMetadata.Read(_origin.Read(_footer, (int)footer).Span, budget);
    }

    private (Schema Schema, ParquetNode[] Nodes) Resolve(SchemaTree[] trees)
    {
        IReadOnlySet<string>? dropped = _options.DropMetadata;
        if (!_options.IgnoresExactSchema && _file.ValueOf(FileKeys.Mapping) == FileKeys.MappingVersion
            && ArrowCidMetadataKeys.SchemaUnder(_file, FileKeys.Schema, dropped) is { } exact
            && ExactSchema.Match(exact, trees) is { } nodes)
        {
            IsExact = true;
            ClaimedCids = ArrowCidMetadataKeys.Cids(_file);
            _dictionaries = ArrowCidMetadataKeys.Dictionaries(_file);
            return (exact, nodes);
        }

        Schema? told = ArrowCidMetadataKeys.SchemaUnder(_file, FileKeys.ArrowSchema, dropped);
        nodes = ForeignSchema.Nodes(trees, told, dropped?.Contains(ForeignSchema.FieldIdKey) != true);
        IEnumerable<KeyValuePair<string, string>> metadata = _file.KeyValues
            .Where(pair => !FileKeys.IsOwn(pair.Key) && dropped?.Contains(pair.Key) != true)
            .DistinctBy(pair => pair.Key);
        return (new Schema(nodes.Select(node => node.Field), metadata), nodes);
    }

    /// <summary>What can be said of the row groups before one is read.</summary>
    private void CheckGroups()
    {
        for (int i = 0; i < _file.RowGroups.Length; i++)
        {
            RowGroup group = _file.RowGroups[i];
            if (group.Columns.Length != _leaves.Count)
            {
                throw ParquetFault.Broken(
                    $"row group {i} has {group.Columns.Length} columns, the schema {_leaves.Count}");
            }

            if (group.RowCount is < 0 or > int.MaxValue)
                throw ParquetFault.TooLarge($"row group {i} has {group.RowCount} rows; a batch has at most 2^31 - 1");
            for (int c = 0; c < group.Columns.Length; c++)
            {
                ColumnChunk chunk = group.Columns[c];
                ParquetFault? fault = chunk switch
                {
                    { IsEncrypted: true } => ParquetFault.Unsupported($"a column is encrypted"),
                    { IsElsewhere: true } => ParquetFault.Unsupported($"a column lies in another file"),
                    { HasMetadata: false } => ParquetFault.Broken($"a column chunk has no metadata"),
                    _ => null,
                };
                if (fault is not null) throw ParquetFault.At(fault, _footer, _leaves[c].Path.ToString(), i);
            }
        }
    }

    private RecordBatch Read(int index)
    {
        RowGroup group = _file.RowGroups[index];
        var budget = new ByteBudget(_options.MemoryBudget);
        var leaves = new LeafData?[_leaves.Count];
        var columns = new ArrowArray[_nodes.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            ReadLeaves(_nodes[i], index, leaves, budget);
            int number = 0, column = i;
            var assembly = new ColumnAssembly(leaves, budget, IsExact, () => NextEntries(index, column, ref number));
            try
            {
                columns[i] = assembly.Column(_nodes[i]);
                if (columns[i].Length != group.RowCount)
                {
                    throw ParquetFault.Broken(
                        $"a column has {columns[i].Length} rows where its row group has {group.RowCount}");
                }
            }
            catch (OverflowException e)
            {
                var fault = new ParquetFault("a buffer would pass 2^31 bytes; use smaller row groups",
                    ErrorCode.TooLarge, e);
                throw ParquetFault.At(fault, StartOf(index, _nodes[i]), _nodes[i].Path.ToString(), index);
            }
            catch (ArrowCidException e) when (ParquetFault.IsPlaceless(e))
            {
                throw ParquetFault.At(e, StartOf(index, _nodes[i]), _nodes[i].Path.ToString(), index);
            }

            // The leaves' memory now belongs to the column, or is unused.
            Array.Clear(leaves);
        }

        return new RecordBatch(SchemaView, (int)group.RowCount, columns);
    }

    private void ReadLeaves(ParquetNode node, int group, LeafData?[] leaves, ByteBudget budget)
    {
        foreach (ParquetNode child in node.Children) ReadLeaves(child, group, leaves, budget);
        if (node.Leaf < 0) return;
        ColumnChunk chunk = _file.RowGroups[group].Columns[node.Leaf];
        try
        {
            bool keepsIndices = node.Kind == NodeKind.Leaf && SideDictionaries.IsInPages(node);
            ReadOnlyMemory<byte> bytes = Bytes(chunk);
            leaves[node.Leaf] = ChunkReader.Read(chunk, _leaves[node.Leaf], bytes, budget, keepsIndices,
                !_options.IgnoresChecksums);
        }
        catch (ArrowCidException e) when (ParquetFault.IsPlaceless(e))
        {
            throw ParquetFault.At(e, StartOf(group, node), _leaves[node.Leaf].Path.ToString(), group);
        }
    }

    private ReadOnlyMemory<byte> Bytes(ColumnChunk chunk)
    {
        // Some writers give a chunk without values no place.
        if (chunk.ValueCount == 0 && (chunk.CompressedSize == 0 || chunk.Start < 4)) return default;
        long start = chunk.Start, size = chunk.CompressedSize;
        if (start < 4 || size < 0 || start > _origin.Length || size > _origin.Length - start)
            throw ParquetFault.Broken($"a chunk of {size} bytes at {start} passes the end of the file");
        size = Math.Min(size + Slack, _origin.Length - start);
        if (size > Array.MaxLength)
            throw ParquetFault.TooLarge($"a chunk of {size} bytes is over 2^31 - 57; write smaller row groups");
        return _origin.Read(start, (int)size);
    }

    private ArrowArray? NextEntries(int group, int column, ref int number)
    {
        string key = SideDictionaries.Key(group, column, number++);
        return _dictionaries.TryGetValue(key, out string? block) ? SideDictionaries.Read(block) : null;
    }

    /// <summary>Where a column's first page begins, or the footer if the footer's value is impossible.</summary>
    private long StartOf(int group, ParquetNode node)
    {
        long start = _file.RowGroups[group].Columns[node.AnyLeaf].Start;
        return start >= 0 && start <= _origin.Length ? start : _footer;
    }
}
