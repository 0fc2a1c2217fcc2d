using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>
/// A batch's canonical block, planned: its length is known and every valid slot's structure judged;
/// <see cref="WriteTo"/> makes the bytes and their hash in one pass. One thread at a time; the batch's memory must stay
/// readable.
/// </summary>
internal sealed partial class BlockPlan : IDisposable
{
    // As many as are put together.
    private const int MostSpares = 64;

    [ThreadStatic]
    private static Stack<BlockPlan>? s_spares;

    private readonly Scratch _scratch = new(long.MaxValue);
    private readonly List<DictionaryPlan> _dictionaries = [];
    private readonly FlatBufferWriter _metadata = new();
    private readonly List<(BodyPlan Body, int MetadataEnd, DictionaryPlan? Dictionary)> _messages = [];
    private readonly Sha256 _hash = new();
    private byte[] _piece = [];

    private BlockPlan()
    {
    }

    public CanonicalSchema Schema { get; private set; } = null!;

    public int Rows { get; private set; }

    /// <summary>The block's bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The messages after the schema's, with what they hold; for explaining differences.</summary>
    public IEnumerable<(BodyPlan Body, int MetadataLength, DictionaryPlan? Dictionary)> Messages
    {
        get
        {
            if (_plain is { } plain) PlanWhole(plain);
            int start = 0;
            foreach ((BodyPlan body, int end, DictionaryPlan? dictionary) in _messages)
            {
                yield return (body, end - start, dictionary);
                start = end;
            }
        }
    }

    /// <summary>Plans a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="budget">Bytes that planning may take beside the block and the batch.</param>
    /// <exception cref="InvalidArrowException">
    /// The batch has no canonical form, or the block would be too large.
    /// </exception>
    /// <param name="shared">The dictionaries of a file that the batch goes to; the plan is then no block's.</param>
    public static BlockPlan Of(RecordBatch batch, long budget = long.MaxValue, SharedDictionaries? shared = null)
    {
        BlockPlan plan = (s_spares ??= new Stack<BlockPlan>()).TryPop(out BlockPlan? spare) ? spare : new BlockPlan();
        try
        {
            plan.Plan(batch, budget, shared);
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>Fills the first <see cref="Length"/> bytes of <paramref name="block"/>.</summary>
    /// <returns>The SHA-256 of what was written there.</returns>
    /// <exception cref="InvalidArrowException">A text is not UTF-8.</exception>
    public Digest256 WriteTo(Span<byte> block)
    {
        if (_plain is not null) return WritePlain(block[..Length]);
        var sink = new BlockSink(block[..Length], StartHash());
        return Write(ref sink);
    }

    /// <summary>As <see cref="WriteTo"/>, without the hash.</summary>
    /// <exception cref="InvalidArrowException">A text is not UTF-8.</exception>
    public void Fill(Span<byte> block)
    {
        if (_plain is not null)
        {
            FillPlain(block[..Length]);
            return;
        }

        var sink = new BlockSink(block[..Length]);
        _ = Write(ref sink);
    }

    /// <summary>The SHA-256 of the block, whose bytes are nowhere put together.</summary>
    /// <exception cref="InvalidArrowException">A text is not UTF-8.</exception>
    public Digest256 Hash()
    {
        if (_plain is not null) return HashPlain();
        if (_piece.Length == 0) _piece = new byte[BlockSink.Piece];
        var sink = new BlockSink(StartHash(), _piece);
        return Write(ref sink);
    }

    /// <summary>Whether these bytes are the block.</summary>
    /// <exception cref="InvalidArrowException">A text is not UTF-8.</exception>
    public bool Makes(ReadOnlySpan<byte> block)
    {
        if (block.Length != Length) return false;
        if (_plain is not null) return block.SequenceEqual(FillPiece());
        if (_piece.Length == 0) _piece = new byte[BlockSink.Piece];
        var sink = new BlockSink(block, _piece);
        _ = Write(ref sink);
        return !sink.Differs;
    }

    public void Dispose()
    {
        _scratch.Return(long.MaxValue);
        _dictionaries.Clear();
        _messages.Clear();
        _metadata.Clear();
        _plain = null;
        s_spares ??= new Stack<BlockPlan>();
        if (s_spares.Count < MostSpares) s_spares.Push(this);
    }

    private void Plan(RecordBatch batch, long budget, SharedDictionaries? shared)
    {
        _scratch.Return(budget);
        (Schema, Rows) = (CanonicalSchema.Of(batch.Schema), batch.Length);
        if (!TryPlanPlain(batch)) PlanWhole(batch, shared);
    }

    private void PlanWhole(RecordBatch batch, SharedDictionaries? shared = null)
    {
        _plain = null;
        var body = new BodyPlan(_scratch, _dictionaries, shared);
        for (int i = 0; i < Schema.Fields.Length; i++)
            body.Add(Schema.Fields[i], batch.ColumnSpan[i], new Rows(0, batch.Length), null);
        long length = Schema.Message.Length + BlockFormat.EndOfStreamBytes;
        foreach (DictionaryPlan dictionary in _dictionaries)
            length += AddMessage(dictionary.Body, dictionary.Length, dictionary);
        length += AddMessage(body, batch.Length, null);
        if (length > BlockFormat.MaxBlockBytes)
        {
            throw new InvalidArrowException(
                $"the block would be {length} bytes, over {BlockFormat.MaxBlockBytes}; split the batch",
                code: ErrorCode.TooLarge);
        }

        Length = (int)length;
    }

    /// <summary>Writes a message's metadata and returns the bytes of metadata and body.</summary>
    private long AddMessage(BodyPlan body, int rows, DictionaryPlan? dictionary)
    {
        int start = _metadata.Length;
        long bodyLength = 0;
        foreach (BodyBuffer buffer in body.Buffers)
        {
            if (buffer.Length > int.MaxValue)
            {
                throw new InvalidArrowException(
                    "a buffer would be over 2^31 - 1 bytes; split the batch", code: ErrorCode.TooLarge);
            }

            bodyLength += buffer.Length + BlockFormat.Padding(buffer.Length);
        }

        _metadata.Begin();
        int message = _metadata.Table([2, 1, 4, 8]);
        _metadata.Set16(message, 0, BlockFormat.MetadataV5);
        _metadata.Set8(message, 1, dictionary is null ? BlockFormat.BatchMessage : BlockFormat.DictionaryMessage);
        _metadata.Set64(message, 3, bodyLength);
        int parent = message, slot = 2;
        if (dictionary is not null)
        {
            int table = _metadata.Table([8, 4, 1]);
            _metadata.Link(message, 2, table);
            _metadata.Set64(table, 0, dictionary.Id);
            (parent, slot) = (table, 1);
        }

        WriteBatch(parent, slot, body, rows);
        _metadata.End(message);
        _messages.Add((body, _metadata.Length, dictionary));
        return _metadata.Length - start + bodyLength;
    }

    private void WriteBatch(int parent, int slot, BodyPlan body, int rows)
    {
        int batch = body.Variadic.Count > 0 ? _metadata.Table([8, 4, 4, 0, 4]) : _metadata.Table([8, 4, 4]);
        _metadata.Link(parent, slot, batch);
        _metadata.Set64(batch, 0, rows);
        int nodes = _metadata.WideVector(body.Nodes.Count, 16);
        _metadata.Link(batch, 1, nodes);
        for (int i = 0; i < body.Nodes.Count; i++)
        {
            _metadata.Write64(nodes + 4 + 16 * i, body.Nodes[i].Length);
            _metadata.Write64(nodes + 12 + 16 * i, body.Nodes[i].NullCount);
        }

        int buffers = _metadata.WideVector(body.Buffers.Count, 16);
        _metadata.Link(batch, 2, buffers);
        long offset = 0;
        for (int i = 0; i < body.Buffers.Count; i++)
        {
            long length = body.Buffers[i].Length;
            _metadata.Write64(buffers + 4 + 16 * i, offset);
            _metadata.Write64(buffers + 12 + 16 * i, length);
            offset += length + BlockFormat.Padding(length);
        }

        if (body.Variadic.Count == 0) return;
        int counts = _metadata.WideVector(body.Variadic.Count, 8);
        _metadata.Link(batch, 4, counts);
        for (int i = 0; i < body.Variadic.Count; i++) _metadata.Write64(counts + 4 + 8 * i, body.Variadic[i]);
    }

    private Sha256 StartHash()
    {
        _hash.Reset();
        if (!_hash.TryCopyStateFrom(Schema.HashState)) _hash.Append(Schema.Message);
        return _hash;
    }

    private Digest256 Write(ref BlockSink sink)
    {
        sink.PutHashed(Schema.Message);
        int start = 0;
        foreach ((BodyPlan body, int end, _) in _messages)
        {
            sink.Put(_metadata.Written[start..end]);
            start = end;
            foreach (BodyBuffer buffer in body.Buffers)
            {
                int before = sink.Position;
                buffer.Write(ref sink);
                if (sink.Position - before != buffer.Length)
                {
                    throw new ArrowCidException(
                        ErrorCode.Internal, "A buffer's bytes are not as many as were planned.");
                }

                sink.Align();
            }
        }

        Span<byte> eos = stackalloc byte[BlockFormat.EndOfStreamBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(eos, BlockFormat.EndOfStream);
        sink.Put(eos);
        return sink.Finish();
    }
}
