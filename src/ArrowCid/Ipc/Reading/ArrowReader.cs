using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// Reads the batches of an Arrow IPC stream or file, in order. Everything that <c>canonical-block.md</c>, section 4,
/// accepts is read, and structure is checked; values are not looked at (the encoder judges those). Not for concurrent
/// use; the batches are.
/// </summary>
/// <remarks>
/// Batches from memory borrow it: they are readable as long as that memory is. Batches from a
/// <see cref="Stream"/> hold memory of their own. Disposing of the reader ends neither.
/// After an error a reader gives the same error again.
/// </remarks>
public sealed partial class ArrowReader : IDisposable
{
    private readonly ByteSource _source;
    private readonly ByteBudget _budget;
    private readonly MessageReader _messages;
    private readonly FileFooter? _footer;
    private readonly FieldPlan[] _plans;
    private readonly DictionarySet _dictionaries;
    private readonly bool _isBigEndian;
    private LargeBatch? _large;
    private ArrowCidException? _fault;
    private long _batchCharge;
    private int _nextBlock;
    private bool _isAtEnd;
    private bool _isDisposed;

    private ArrowReader(ByteSource source, ArrowReadOptions options, bool isFile, IByteGrant? grant = null)
    {
        _source = source;
        _budget = new ByteBudget(options.MemoryBudget, grant);
        Traits.IsFile = isFile;
        _messages = new MessageReader(source, options, Traits);
        SchemaDecoder schema;
        if (isFile)
        {
            _footer = FileFooter.Read((SeekableSource)source, _messages, Traits);
            schema = _footer.Schema;
        }
        else
        {
            schema = ReadSchema();
        }

        (SchemaView, _plans, _isBigEndian) = (schema.Schema, schema.Plans, schema.IsBigEndian);
        Traits.IsBigEndian = _isBigEndian;
        _dictionaries = new DictionarySet(_plans, _budget, Traits);
    }

    private ArrowReader(MemorySource source, BlockSchema known)
    {
        _source = source;
        _budget = new ByteBudget(ArrowReadOptions.Default.MemoryBudget);
        _messages = new MessageReader(source, ArrowReadOptions.Default, Traits);
        source.MoveTo(known.Message.Length);
        (SchemaView, _plans) = (known.Schema, known.Plans);
        _dictionaries = new DictionarySet(_plans, _budget, Traits);
    }

    /// <summary>The schema; a file's footer gives it.</summary>
    internal Schema SchemaView { get; }

    /// <summary>What was met so far.</summary>
    internal IpcTraits Traits { get; } = new();

    /// <summary>Opens a stream or a file (told by its magic) that lies in memory; its buffers are borrowed.</summary>
    /// <param name="bytes">The bytes, to be kept readable and unchanged as long as the batches are in use.</param>
    /// <param name="options">How to read; by default <see cref="ArrowReadOptions"/>' defaults.</param>
    /// <returns>A reader at the first batch.</returns>
    /// <exception cref="InvalidArrowException">The schema or footer breaks a rule.</exception>
    public static ArrowReader Open(ReadOnlyMemory<byte> bytes, ArrowReadOptions? options = null) =>
        new(new MemorySource(bytes), options ?? ArrowReadOptions.Default, bytes.Span.StartsWith(FileFooter.Magic));

    /// <summary>
    /// Opens a stream or a file (told by its magic). A stream is read forward as batches are asked for, and not past
    /// its end marker; a file, whose table of contents is at its end, is read batch by batch where the stream can seek,
    /// and else to memory whole.
    /// </summary>
    /// <param name="stream">The bytes; disposed with the reader, see <see cref="ArrowReadOptions.LeaveOpen"/>.</param>
    /// <param name="options">How to read; by default <see cref="ArrowReadOptions"/>' defaults.</param>
    /// <returns>A reader at the first batch.</returns>
    /// <exception cref="InvalidArrowException">The schema or footer breaks a rule, or a file is over the budget.
    /// </exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: the stream could not be read.</exception>
    public static ArrowReader Open(Stream stream, ArrowReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= ArrowReadOptions.Default;
        try
        {
            byte[] ahead = new byte[FileFooter.Magic.Length];
            int read = StreamSource.ReadFrom(stream, ahead);
            if (!ahead.AsSpan(0, read).SequenceEqual(FileFooter.Magic))
            {
                // Only a batch that is read in parts needs a stream that seeks.
                ByteSource source = options.ReadsLargeBatches && stream.CanSeek
                    ? FileSource.From(stream, stream.Position - read, options.LeaveOpen)
                    : new StreamSource(stream, ahead[..read], options.LeaveOpen);
                return new ArrowReader(source, options, isFile: false);
            }

            if (stream.CanSeek)
            {
                var source = new FileSource(stream, stream.Position - ahead.Length, options.LeaveOpen);
                return new ArrowReader(source, options, isFile: true);
            }

            byte[] file = ReadWhole(stream, ahead, options.MemoryBudget);
            if (!options.LeaveOpen) stream.Dispose();
            return new ArrowReader(new MemorySource(file), options, isFile: true);
        }
        catch
        {
            if (!options.LeaveOpen) stream.Dispose();
            throw;
        }
    }

    /// <summary>Opens a stream that comes from somewhere else.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="grant">A shared budget that decoding counts against too, or null.</param>
    internal static ArrowReader Open(ByteSource source, IByteGrant? grant = null) =>
        new(source, ArrowReadOptions.Default, isFile: false, grant);

    /// <summary>
    /// Opens a block in memory whose schema message may be known from another one; then it is not parsed again.
    /// </summary>
    /// <param name="block">A little-endian stream.</param>
    /// <param name="known">A schema that blocks share, or null.</param>
    /// <param name="schema">The block's schema, for the next one.</param>
    internal static ArrowReader OpenBlock(ReadOnlyMemory<byte> block, BlockSchema? known, out BlockSchema schema)
    {
        var source = new MemorySource(block);
        if (known is not null && block.Span.StartsWith(known.Message))
        {
            schema = known;
            return new ArrowReader(source, known);
        }

        var reader = new ArrowReader(source, ArrowReadOptions.Default, isFile: false);
        if (reader._isBigEndian) throw new InvalidArrowException("a block is little-endian", offset: 0);
        schema = new BlockSchema(reader.SchemaView, reader._plans, block[..(int)source.Position].ToArray());
        return reader;
    }

    /// <summary>Opens the messages of a block before its batch's body.</summary>
    /// <param name="head">The messages.</param>
    /// <param name="schema">The schema with whose message they begin.</param>
    internal static ArrowReader OpenHead(ReadOnlyMemory<byte> head, BlockSchema schema)
    {
        var reader = new ArrowReader(new MemorySource(head), schema);
        reader._messages.LeavesBatches = true;
        return reader;
    }

    /// <summary>One column of a block of which only the head was opened; see <see cref="BlockHead.Column"/>.</summary>
    internal RecordBatch ReadColumn(int index, ReadOnlyMemory<byte> bytes, long start, long bodyLength)
    {
        while (_messages.TryNext(out IpcMessage message))
        {
            if (message.HeaderType != IpcMessage.BatchHeader)
            {
                TakeDictionary(message, mayReplace: false);
                continue;
            }

            if (message.BodyLength != bodyLength)
            {
                throw new InvalidArrowException($"the columns have {bodyLength} bytes where the batch says " +
                    $"{message.BodyLength}", offset: message.Offset);
            }

            message = message with { Body = bytes, BodyStart = start, BodyOffset = message.BodyOffset + start };
            var decoder = new BatchDecoder(message, message.Header, _isBigEndian, _budget, Traits);
            ArrowArray column = decoder.Column(_plans, index);
            return new RecordBatch(new Schema([SchemaView.Fields[index]], SchemaView.Metadata), decoder.Length,
                _dictionaries.Bind([_plans[index]], [column]));
        }

        throw new InvalidArrowException("the head holds no batch");
    }

    /// <summary>The next batch.</summary>
    /// <returns>The batch, or null at the end. How long it is readable: see the type's remarks.</returns>
    /// <exception cref="InvalidArrowException">The bytes break a rule of <c>canonical-block.md</c>, section 4, or take
    /// more than <see cref="ArrowReadOptions.MemoryBudget"/>.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a codec's library is not installed;
    /// <see cref="ErrorCode.Io"/>: the stream could not be read.</exception>
    internal RecordBatch? ReadView()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_fault is not null) throw _fault;
        if (_isAtEnd) return null;
        try
        {
            _budget.Return(_batchCharge);
            _batchCharge = 0;
            RecordBatch? batch = _large is not null ? NextPart(_large)
                : _footer is null ? ReadFromStream() : ReadFromFile(_footer);
            if (batch is null) _isAtEnd = true;
            else Traits.Batches++;
            return batch;
        }
        catch (ArrowCidException e)
        {
            _fault = e;
            throw;
        }
    }

    /// <summary>Disposes of the stream, if there is one and it is not left open. Batches stay readable.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _source.Dispose();
    }

    private SchemaDecoder ReadSchema()
    {
        if (!_messages.TryNext(out IpcMessage message))
            throw new InvalidArrowException("the input ends before its schema", offset: 0);
        if (message.HeaderType != IpcMessage.SchemaHeader)
            throw new InvalidArrowException("the first message is not a schema", offset: message.Offset);
        return SchemaDecoder.Decode(message.Header, _messages.Options.DropMetadata);
    }

    private RecordBatch? ReadFromStream()
    {
        while (_messages.TryNext(out IpcMessage message))
        {
            if (message.HeaderType == IpcMessage.BatchHeader) return Decode(message);
            TakeDictionary(message, mayReplace: true);
        }

        if (_source is MemorySource memory) Traits.BytesAfterEndOfStream = memory.Remaining;
        return null;
    }

    private RecordBatch? ReadFromFile(FileFooter footer)
    {
        var file = (SeekableSource)_source;
        if (_nextBlock == 0)
        {
            foreach (FooterBlock block in footer.Dictionaries)
                TakeDictionary(_messages.At(file, block), mayReplace: false);
        }

        if (_nextBlock == footer.Batches.Length) return null;
        IpcMessage message = _messages.At(file, footer.Batches[_nextBlock++]);
        return message.HeaderType == IpcMessage.BatchHeader
            ? Decode(message)
            : throw new InvalidArrowException("the footer names a message that is not a batch as one",
                offset: message.Offset);
    }

    private void TakeDictionary(in IpcMessage message, bool mayReplace)
    {
        if (message.HeaderType != IpcMessage.DictionaryHeader)
        {
            throw new InvalidArrowException(message.HeaderType == IpcMessage.SchemaHeader
                ? "a schema stands where a dictionary or a batch is expected"
                : $"a message of kind {message.HeaderType} is neither a dictionary nor a batch",
                offset: message.Offset);
        }

        long id = message.Header.Long(0);
        FieldPlan plan = _dictionaries.Find(id)
            ?? throw new InvalidArrowException($"no field has the dictionary {id}", offset: message.Offset);
        if (!message.Header.TryTable(1, out FlatTable data))
            throw new InvalidArrowException("a dictionary message has no data", plan.Path, offset: message.Offset);
        long before = _budget.Used;
        ArrowArray values = new BatchDecoder(message, data, _isBigEndian, _budget, Traits).DictionaryValues(plan);
        _dictionaries.Put(id, values, message.Header.Flag(2), mayReplace, _budget.Used - before, message.Offset);
        Traits.Dictionaries++;
    }

    private RecordBatch NextPart(LargeBatch large)
    {
        ArrowArray[] columns = large.ReadPart(out int rows);
        if (large.IsAtEnd) _large = null;
        return new RecordBatch(SchemaView, rows, _dictionaries.Bind(_plans, columns));
    }

    private RecordBatch Decode(in IpcMessage message)
    {
        if (message.IsLarge)
        {
            _large = new LargeBatch(message, (SeekableSource)_source, _plans, _isBigEndian, _messages.Options);
            return NextPart(_large);
        }

        long before = _budget.Used;
        var decoder = new BatchDecoder(message, message.Header, _isBigEndian, _budget, Traits);
        ArrowArray[] columns = decoder.Columns(_plans);
        _batchCharge = _budget.Used - before;
        return new RecordBatch(SchemaView, decoder.Length, _dictionaries.Bind(_plans, columns));
    }

    private static byte[] ReadWhole(Stream stream, byte[] ahead, long budget)
    {
        byte[] file = new byte[SizeFor(1 << 16, budget)];
        ahead.CopyTo(file, 0);
        int have = ahead.Length + StreamSource.ReadFrom(stream, file.AsSpan(ahead.Length));
        Span<byte> one = stackalloc byte[1];
        while (have == file.Length)
        {
            if (StreamSource.ReadFrom(stream, one) == 0) break;
            Array.Resize(ref file, SizeFor(Math.Max(2L * have, have + 1), budget, have + 1));
            file[have++] = one[0];
            have += StreamSource.ReadFrom(stream, file.AsSpan(have));
        }

        Array.Resize(ref file, have);
        return file;
    }

    /// <summary>What may be allocated of a wish, at least <paramref name="least"/>.</summary>
    private static int SizeFor(long wish, long budget, long least = 0)
    {
        long most = Math.Min(budget, Array.MaxLength);
        if (least > most || (least == 0 && wish > most && wish > 1 << 16))
        {
            throw new InvalidArrowException(
                $"an Arrow file from a stream that cannot seek is read whole, and it is over {most} bytes",
                code: ErrorCode.TooLarge);
        }

        return (int)Math.Max(Math.Min(wish, most), FileFooter.Magic.Length);
    }
}
