using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Signing;

namespace ArrowCid.Parquet;

/// <summary>
/// Writes record batches of any Arrow type as a Parquet file, forward, one row group a batch. The file proves itself:
/// it names the batches' CIDs, and what is read from it gives the same ones (<see cref="ParquetReader"/>).
/// </summary>
/// <remarks>Not safe for concurrent use. The target is left open.</remarks>
public sealed partial class ParquetWriter : IDisposable
{
    private const string Creator = FileKeys.CreatorStart + "0.1.0 (build dotnet)";

    private static readonly byte[] s_magic = "PAR1"u8.ToArray();

    private readonly CountingStream _target;
    private readonly Schema _schema;
    private readonly ParquetWriteOptions _options;
    private readonly ChunkWriter _chunks;
    private readonly HashSet<int> _bare = [];
    private readonly HashSet<ParquetNode> _listed = [];
    private readonly List<(WrittenChunk[] Chunks, long Rows, long Start, long End)> _groups = [];
    private readonly List<string> _cids = [];
    private readonly List<string[]> _marks = [];
    private readonly SortedDictionary<string, string> _dictionaries = new(StringComparer.Ordinal);
    private SchemaElement[] _elements = [];
    private ParquetNode[]? _nodes;
    private string[][] _paths = [];
    private bool _isFinished;

    /// <summary>Starts a file; the first bytes are written with the first batch.</summary>
    /// <param name="target">Where to write, forward; it is left open.</param>
    /// <param name="schema">The schema of every batch to come.</param>
    /// <param name="options">How to write; by default <see cref="ParquetWriteOptions"/>' defaults.</param>
    /// <exception cref="InvalidArrowException">The schema has no canonical form.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: it has no columns.</exception>
    internal ParquetWriter(Stream target, Schema schema, ParquetWriteOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(schema);
        _target = new CountingStream(target);
        (_schema, _options) = (schema, options ?? ParquetWriteOptions.Default);
        _ = CanonicalSchema.Of(schema);
        if (schema.Fields.Count == 0)
            throw ParquetFault.Unsupported(
                $"a schema without columns has no Parquet form: its readers give no rows back");
        _chunks = new ChunkWriter(_target, _options);
        RequiresPrescan = schema.Fields.Any(field => BatchPrescan.IsNeeded(field.Type));
    }

    /// <summary>Whether the form of a column depends on the values of all batches: seconds, date64, decimals.</summary>
    public bool RequiresPrescan { get; }

    /// <summary>
    /// Looks at a batch that will be written later, so that the file's columns are made to hold it. Needed only where
    /// <see cref="RequiresPrescan"/> says so, for every batch after the first, before the first is written.
    /// </summary>
    /// <param name="batch">A batch of the writer's schema.</param>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format.</exception>
    internal void Prescan(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        PrescanBlock(RequiresPrescan ? CanonicalBlock.DecodeView(CanonicalBlock.Encode(batch).Bytes) : batch);
    }

    /// <summary>As <see cref="Prescan(RecordBatch)"/>, of a batch over its canonical block.</summary>
    internal void PrescanBlock(RecordBatch canonical)
    {
        if (_nodes is not null) throw new InvalidOperationException("The first batch has been written already.");
        if (RequiresPrescan) BatchPrescan.AddBare(canonical, _bare);
    }

    /// <summary>Writes a batch as a row group.</summary>
    /// <param name="batch">A batch of the writer's schema; its memory is read until the call returns.</param>
    /// <returns>The batch's address.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: another schema;
    /// <see cref="ErrorCode.Unsupported"/>: a value does not fit the form that the first batches gave its column, see
    /// <see cref="Prescan(RecordBatch)"/>; <see cref="ErrorCode.Io"/>: the target cannot be written.</exception>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format.</exception>
    internal BlockAddress Write(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        RequireSchema(batch);
        EncodedBlock block = CanonicalBlock.Encode(batch);
        WriteBlock(CanonicalBlock.DecodeView(block.Bytes), block.Cid);
        return block.Address;
    }

    /// <summary>Writes a batch over its canonical block as a row group, without another encode.</summary>
    /// <param name="canonical">The batch; its memory is read until the call returns.</param>
    /// <param name="cid">The block's CID, which the file claims for the row group.</param>
    /// <exception cref="ArrowCidException">As for <see cref="Write(RecordBatch)"/>.</exception>
    internal void WriteBlock(RecordBatch canonical, Cid cid)
    {
        RequireSchema(canonical);
        FreezeSchema(canonical);
        long start = _target.Position;
        var chunks = new WrittenChunk[_paths.Length];
        for (int i = 0; i < _nodes!.Length; i++)
        {
            ArrowArray column = canonical.Columns[i];
            BatchPrescan.AddListed(_nodes[i], column, isBelowNull: false, _listed);
            SideDictionaries.Add(_nodes[i], column, _groups.Count, i, _dictionaries);
            LevelShredder.Shred(_nodes[i], column,
                leaf => chunks[leaf.Leaf] = _chunks.Write(leaf, _paths[leaf.Leaf]));
        }

        _groups.Add((chunks, canonical.Length, start, _target.Position));
        _cids.Add(cid.ToString());
        _marks.Add([.. canonical.Columns.Select(ColumnFingerprint.Of)]);
    }

    /// <summary>Writes the indexes and the footer. Without it the file cannot be read.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: the target cannot be written.</exception>
    public void Finish()
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        FreezeSchema(null);
        _isFinished = true;
        WrittenChunk[] chunks = [.. _groups.SelectMany(group => group.Chunks)];
        foreach (WrittenChunk chunk in chunks)
        {
            if (chunk.Bloom is null) continue;
            ReadOnlyMemory<byte> filter = chunk.Bloom.Serialize();
            (chunk.BloomOffset, chunk.BloomLength) = (_target.Position, filter.Length);
            _target.Write(filter.Span);
        }

        foreach (WrittenChunk chunk in chunks)
        {
            if (chunk.ColumnIndex() is not { } index) continue;
            (chunk.ColumnIndexOffset, chunk.ColumnIndexLength) = (_target.Position, index.Length);
            _target.Write(index.Span);
        }

        foreach (WrittenChunk chunk in chunks)
        {
            ReadOnlyMemory<byte> index = chunk.OffsetIndex();
            (chunk.OffsetIndexOffset, chunk.OffsetIndexLength) = (_target.Position, index.Length);
            _target.Write(index.Span);
        }

        WriteFooter();
        _target.Flush();
    }

    /// <summary>Gives the buffers back; a file that was not finished stays without a footer.</summary>
    public void Dispose()
    {
        _isFinished = true;
        _chunks.Dispose();
    }

    private void RequireSchema(RecordBatch batch)
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        if (CanonicalSchema.Of(batch.Schema).Digest != CanonicalSchema.Of(_schema).Digest)
            throw new ArrowCidException(ErrorCode.SchemaMismatch, "The batch has another schema than the writer");
    }

    /// <summary>Fixes the columns' forms with the first batch, and holds later ones to them.</summary>
    private void FreezeSchema(RecordBatch? batch)
    {
        int before = _bare.Count;
        if (RequiresPrescan && batch is not null) BatchPrescan.AddBare(batch, _bare);
        if (_nodes is not null)
        {
            if (_bare.Count == before) return;
            throw ParquetFault.Unsupported(
                $"a batch has a value that its column's form cannot hold; survey all batches before writing");
        }

        _elements = ExactSchema.Elements(_schema, _bare);
        var leaves = new List<SchemaTree>();
        SchemaTree[] trees = SchemaTree.Parse(_elements, leaves);
        _nodes = ExactSchema.Match(_schema, trees)
            ?? throw new ArrowCidException(ErrorCode.Internal, "the schema's own elements do not match it");
        _paths = new string[leaves.Count][];
        foreach (SchemaTree tree in trees) AddPaths(tree, []);
        _target.Write(s_magic);
    }

    private void AddPaths(SchemaTree tree, string[] above)
    {
        string[] path = [.. above, tree.Element.Name];
        if (!tree.IsGroup) _paths[tree.Leaf] = path;
        foreach (SchemaTree child in tree.Children) AddPaths(child, path);
    }

    private void WriteFooter()
    {
        var writer = new ThriftWriter();
        writer.Begin();
        writer.Int(1, 2);
        writer.List(2, ThriftType.Struct, _elements.Length);
        for (int i = 0; i < _elements.Length; i++) _elements[i].Write(writer, isRoot: i == 0);
        writer.Long(3, _groups.Sum(group => group.Rows));
        writer.List(4, ThriftType.Struct, _groups.Count);
        for (int i = 0; i < _groups.Count; i++) WriteGroup(writer, i);
        KeyValuePair<string, string>[] pairs = KeyValues();
        writer.List(5, ThriftType.Struct, pairs.Length);
        foreach ((string key, string value) in pairs)
        {
            writer.Begin();
            writer.Text(1, key);
            writer.Text(2, value);
            writer.End();
        }

        writer.Text(6, Creator);
        writer.List(7, ThriftType.Struct, _paths.Length);
        for (int i = 0; i < _paths.Length; i++)
        {
            writer.Begin();
            writer.Empty(1);
            writer.End();
        }

        writer.End();
        _target.Write(writer.Written);
        Span<byte> end = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(end, writer.Written.Length);
        s_magic.CopyTo(end[4..]);
        _target.Write(end);
    }

    private void WriteGroup(ThriftWriter writer, int index)
    {
        (WrittenChunk[] chunks, long rows, long start, _) = _groups[index];
        writer.Begin();
        writer.List(1, ThriftType.Struct, chunks.Length);
        foreach (WrittenChunk chunk in chunks) chunk.WriteTo(writer);
        writer.Long(2, chunks.Sum(chunk => chunk.UncompressedSize));
        writer.Long(3, rows);
        writer.Long(5, start);
        writer.Long(6, chunks.Sum(chunk => chunk.CompressedSize));
        writer.End();
    }

    /// <summary>Signed statements that the file is to carry.</summary>
    public IReadOnlyList<SignedStatement> Statements { get; set; } = [];

    private KeyValuePair<string, string>[] KeyValues()
    {
        Schema told = ProjectedSchema.Of(_schema, _nodes!, _listed);
        var pairs = new List<KeyValuePair<string, string>>(_schema.Metadata.Where(pair => !FileKeys.IsOwn(pair.Key)))
        {
            new(FileKeys.ArrowSchema, Convert.ToBase64String(CanonicalSchema.Of(told).Message)),
            new(FileKeys.Schema, Convert.ToBase64String(CanonicalSchema.Of(_schema).Message)),
            new(FileKeys.Mapping, FileKeys.MappingVersion),
            new(FileKeys.Batches, Json(writer =>
            {
                writer.WriteStartArray();
                foreach (string cid in _cids) writer.WriteStringValue(cid);
                writer.WriteEndArray();
            })),
            new(FileKeys.Columns, Json(writer =>
            {
                writer.WriteStartArray();
                foreach (string[] marks in _marks)
                {
                    writer.WriteStartArray();
                    foreach (string mark in marks) writer.WriteStringValue(mark);
                    writer.WriteEndArray();
                }

                writer.WriteEndArray();
            })),
        };
        if (Statements.Count > 0)
        {
            pairs.Add(new(FileKeys.Statements, Json(writer =>
            {
                writer.WriteStartArray();
                foreach (SignedStatement statement in Statements)
                {
                    writer.WriteStartArray();
                    writer.WriteBase64StringValue(statement.Block.Span);
                    writer.WriteBase64StringValue(statement.Signature.Span);
                    writer.WriteEndArray();
                }

                writer.WriteEndArray();
            })));
        }

        if (_dictionaries.Count > 0)
        {
            pairs.Add(new(FileKeys.Dictionaries, Json(writer =>
            {
                writer.WriteStartObject();
                foreach ((string key, string block) in _dictionaries) writer.WriteString(key, block);
                writer.WriteEndObject();
            })));
        }

        return [.. pairs];
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream)) write(writer);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
