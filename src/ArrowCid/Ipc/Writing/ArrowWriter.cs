using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>
/// Writes Arrow IPC: a stream or file of any number of batches under one schema. Each batch's messages are those of its
/// canonical block, so a stream of one batch that is not compressed <em>is</em> its canonical block.
/// </summary>
/// <remarks>Not safe for concurrent use. A file holds one dictionary per field: batches whose dictionaries differ are
/// looked at first (<see cref="Prescan(Apache.Arrow.RecordBatch)"/>), so that the file's has the entries of
/// all.</remarks>
public sealed partial class ArrowWriter : IDisposable
{
    // The continuation marker and the length in front of a message's flatbuffer.
    private const int MessagePrefix = 8;

    private static readonly byte[] s_magic = "ARROW1\0\0"u8.ToArray();

    private readonly Stream _target;
    private readonly ArrowFormat _format;
    private readonly CanonicalSchema _schema;
    private readonly Schema _source;
    private readonly List<FooterBlock> _dictionaries = [];
    private readonly List<FooterBlock> _batches = [];
    private readonly Dictionary<int, Digest256> _written = [];
    private byte[] _block = [];
    private readonly BodyCompressor? _compressor;
    private SharedDictionaries? _shared;
    private long _position;
    private bool _isFinished;

    /// <summary>Starts a stream or file and writes the schema.</summary>
    /// <param name="target">Where to write; it is left open.</param>
    /// <param name="schema">The schema of every batch to come.</param>
    /// <param name="format">A stream or a file.</param>
    /// <param name="compression">How the buffers of the batches are compressed.</param>
    /// <exception cref="InvalidArrowException">The schema has no canonical form.</exception>
    internal ArrowWriter(Stream target, Schema schema, ArrowFormat format = ArrowFormat.Stream,
        ArrowCompression compression = ArrowCompression.None)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(schema);
        (_target, _format, _source, _schema) = (target, format, schema, CanonicalSchema.Of(schema));
        if (compression != ArrowCompression.None) _compressor = new BodyCompressor(compression);
        if (format == ArrowFormat.File) Put(s_magic);
        Put(_schema.Message);
    }

    /// <summary>Whether batches whose dictionaries may differ are to be shown to
    /// <see cref="Prescan(Apache.Arrow.RecordBatch)"/> first: of a file with a dictionary.</summary>
    public bool NeedsPrescan => _format == ArrowFormat.File && _schema.Fields.Any(HasDictionary);

    /// <summary>Looks at the dictionaries of a batch that will be written. All batches are shown before the first is
    /// written, and stay readable until it was; the same ones are written afterwards, in the same order.</summary>
    /// <param name="batch">A batch of the writer's schema.</param>
    /// <exception cref="InvalidOperationException">A batch was written before.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: another schema.</exception>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format, or
    /// (<see cref="ErrorCode.TooLarge"/>) the dictionaries together have more entries than an index counts.</exception>
    internal void Prescan(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_batches.Count > 0) throw new InvalidOperationException("A batch was written before.");
        RequireSchema(batch);
        if (!NeedsPrescan) return;
        _shared ??= new SharedDictionaries();
        BlockPlan.Of(batch, shared: _shared).Dispose();
    }

    /// <summary>Writes a batch.</summary>
    /// <param name="batch">A batch of the writer's schema.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: another schema;
    /// <see cref="ErrorCode.Unsupported"/>: a file's dictionary would have to be replaced: it is ordered, or the
    /// batches were not shown before.</exception>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format.</exception>
    internal void Write(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_isFinished, this);
        RequireSchema(batch);
        if (_shared is not null) _shared.IsPrescan = false;
        using BlockPlan plan = BlockPlan.Of(batch, shared: _shared);
        if (_block.Length < plan.Length) _block = GC.AllocateUninitializedArray<byte>(plan.Length);
        plan.WriteTo(_block);
        int start = _schema.Message.Length;
        foreach ((BodyPlan body, int metadataLength, DictionaryPlan? dictionary) in plan.Messages)
        {
            int bodyLength = (int)body.Buffers.Sum(buffer => buffer.Length + BlockFormat.Padding(buffer.Length));
            ReadOnlySpan<byte> message = _block.AsSpan(start, metadataLength + bodyLength);
            start += message.Length;
            if (dictionary is not null && !IsNew(dictionary, message)) continue;
            List<FooterBlock> blocks = dictionary is null ? _batches : _dictionaries;
            if (_compressor is null)
            {
                blocks.Add(new FooterBlock(_position, metadataLength, bodyLength));
                Put(message);
                continue;
            }

            _compressor.Compress(message[MessagePrefix..metadataLength], message[metadataLength..]);
            blocks.Add(new FooterBlock(_position, _compressor.Metadata.Length, _compressor.Body.Length));
            Put(_compressor.Metadata);
            Put(_compressor.Body.Span);
        }
    }

    /// <summary>Ends the stream or file; nothing can be written after it.</summary>
    public void Finish()
    {
        if (_isFinished) return;
        _isFinished = true;
        Span<byte> end = stackalloc byte[BlockFormat.EndOfStreamBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(end, 0xFFFFFFFF);
        Put(end);
        if (_format == ArrowFormat.File) WriteFooter();
        _target.Flush();
    }

    /// <summary>Finishes, if that was not done; the target stays open.</summary>
    public void Dispose() => Finish();

    private void RequireSchema(RecordBatch batch)
    {
        if (CanonicalSchema.Of(batch.Schema).Digest != _schema.Digest)
            throw new ArrowCidException(ErrorCode.SchemaMismatch, "The batch has another schema than the writer.");
    }

    private static bool HasDictionary(CanonicalField field) =>
        field.DictionaryValues is not null || field.Children.Any(HasDictionary);

    private bool IsNew(DictionaryPlan dictionary, ReadOnlySpan<byte> message)
    {
        Digest256 digest = Sha256.Hash(message);
        if (!_written.TryGetValue(dictionary.Id, out Digest256 known))
        {
            _written[dictionary.Id] = digest;
            return true;
        }

        if (known == digest) return false;
        if (_format == ArrowFormat.File)
        {
            throw new ArrowCidException(
                ErrorCode.Unsupported,
                $"The dictionary of field '{dictionary.Path}' differs from the one written before it, and a file holds "
                    + "one per field. Write a stream, or one batch per file.");
        }

        _written[dictionary.Id] = digest;
        return true;
    }

    private void WriteFooter()
    {
        var writer = new FlatBufferWriter();
        writer.Begin();
        int footer = writer.Table([2, 4, 4, 4]);
        writer.Set16(footer, 0, BlockFormat.MetadataV5);
        SchemaWriter.WriteTable(writer, footer, 1, _schema.Fields, CanonicalMetadata.OfSchema(_source));
        WriteBlocks(writer, footer, 2, _dictionaries);
        WriteBlocks(writer, footer, 3, _batches);
        writer.End(footer);
        ReadOnlySpan<byte> flat = writer.Written[8..];
        Put(flat);
        Span<byte> tail = stackalloc byte[10];
        BinaryPrimitives.WriteInt32LittleEndian(tail, flat.Length);
        s_magic.AsSpan(0, 6).CopyTo(tail[4..]);
        Put(tail);
    }

    /// <summary>
    /// A vector of File.fbs's Block: int64 offset, int32 metadata length, four zeros, int64 body length.
    /// </summary>
    private static void WriteBlocks(FlatBufferWriter writer, int footer, int id, List<FooterBlock> blocks)
    {
        int vector = writer.WideVector(blocks.Count, 24);
        writer.Link(footer, id, vector);
        for (int i = 0; i < blocks.Count; i++)
        {
            int at = vector + 4 + 24 * i;
            writer.Write64(at, blocks[i].Offset);
            writer.Write64(at + 8, blocks[i].MetadataLength);
            writer.Write64(at + 16, blocks[i].BodyLength);
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _target.Write(bytes);
        _position += bytes.Length;
    }

    private readonly record struct FooterBlock(long Offset, int MetadataLength, long BodyLength);
}
