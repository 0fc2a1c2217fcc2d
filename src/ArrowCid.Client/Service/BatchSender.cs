using System.Globalization;
using System.Security.Cryptography;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>
/// Sends batches of one schema as FlightData: the schema first, a dictionary when it is new, bodies from where they
/// lie. What is too large for the client is cut by rows. One caller at a time.
/// </summary>
/// <param name="writer">The response.</param>
/// <param name="mostBytes">The most bytes of a message; 0: no limit.</param>
internal sealed class BatchSender(GrpcWriter writer, int mostBytes)
{
    // What a message has beside its body, but for wide schemas' metadata.
    private const int Overhead = 4096;
    private const int Prefix = 8;
    private const int RowStep = 64;

    private readonly FlightFrame _frame = new();
    private readonly Dictionary<long, byte[]> _dictionaries = [];
    private byte[]? _scratch;
    private FlightDescriptor? _descriptor;

    /// <summary>What the stream is about, for the first message of a put.</summary>
    public FlightDescriptor? Descriptor
    {
        init => _descriptor = value;
    }

    /// <summary>Compresses the bodies; null: they are sent as they lie.</summary>
    public BodyCompressor? Compressor { get; init; }

    /// <summary>Accounts for the memory of compressed bodies; null: nothing does.</summary>
    public MemoryAccount? Memory { get; init; }

    /// <summary>Sends the schema.</summary>
    public ValueTask SchemaAsync(Schema schema, CancellationToken cancel) =>
        MessageAsync(CanonicalSchema.Of(schema).Message[Prefix..].ToArray(), "", default, cancel);

    /// <summary>Whether a block of <paramref name="blockBytes"/> bytes is sent uncut.</summary>
    public bool Takes(long blockBytes) => mostBytes == 0 || blockBytes + Overhead <= mostBytes;

    /// <summary>Sends a canonical block's batch.</summary>
    /// <param name="block">The block, readable until the call has ended.</param>
    /// <param name="batch">The same batch, for where it is to be cut.</param>
    /// <param name="mark">What its app_metadata begins with.</param>
    /// <param name="cancel">Ends it.</param>
    public ValueTask BlockAsync(ReadOnlyMemory<byte> block, RecordBatch batch, string mark, CancellationToken cancel) =>
        Takes(block.Length) || FitsAsItIs(block)
            ? WholeAsync(block, mark, cancel)
            : SlicesAsync(batch, block.Length, mark, cancel);

    /// <summary>Sends a canonical block's batch, which needs no cut (<see cref="Takes"/>).</summary>
    /// <inheritdoc cref="BlockAsync"/>
    public ValueTask WholeAsync(ReadOnlyMemory<byte> block, string mark, CancellationToken cancel)
    {
        if (Compressor is not null) return CompressedAsync(block, mark, Compressor, cancel);
        while (BlockMessage.TryTake(ref block, out BlockMessage message))
        {
            if (message.Kind == IpcMessage.SchemaHeader) continue;
            if (message.Kind == IpcMessage.DictionaryHeader && !IsNew(message)) continue;
            ValueTask sending = MessageAsync(message.Header, message.Kind == IpcMessage.BatchHeader ? mark : "",
                message.Body, cancel);
            if (!sending.IsCompletedSuccessfully) return BehindAsync(sending, block, mark, cancel);
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask BehindAsync(ValueTask sending, ReadOnlyMemory<byte> block, string mark,
        CancellationToken cancel)
    {
        await sending.ConfigureAwait(false);
        await WholeAsync(block, mark, cancel).ConfigureAwait(false);
    }

    private async ValueTask CompressedAsync(ReadOnlyMemory<byte> block, string mark, BodyCompressor compressor,
        CancellationToken cancel)
    {
        while (BlockMessage.TryTake(ref block, out BlockMessage message))
        {
            if (message.Kind == IpcMessage.SchemaHeader) continue;
            if (message.Kind == IpcMessage.DictionaryHeader && !IsNew(message)) continue;
            int bytes = message.Body.Length;
            if (Memory is not null) await Memory.AcquireAsync(bytes, isInflated: false, cancel).ConfigureAwait(false);
            try
            {
                compressor.Compress(message.Header.Span, message.Body.Span);
                string text = message.Kind == IpcMessage.BatchHeader ? mark : "";
                ReadOnlyMemory<byte> head = _frame.Make(compressor.Metadata[Prefix..], text, compressor.Body.Length,
                    null);
                await writer.WriteAsync(head, compressor.Body, cancel).ConfigureAwait(false);
            }
            finally
            {
                Memory?.Release(bytes, isInflated: false);
            }
        }
    }

    private bool FitsAsItIs(ReadOnlyMemory<byte> block)
    {
        while (BlockMessage.TryTake(ref block, out BlockMessage message))
        {
            if (!Takes(message.Header.Length + (long)message.Body.Length)) return false;
        }

        return true;
    }

    /// <summary>A block's batch as a whole message, for many to send; the block has no dictionary.</summary>
    public static byte[] MessageOf(ReadOnlyMemory<byte> block, string mark)
    {
        while (BlockMessage.TryTake(ref block, out BlockMessage message))
        {
            if (message.Kind != IpcMessage.BatchHeader) continue;
            ReadOnlyMemory<byte> head = new FlightFrame().Make(message.Header.Span, mark, message.Body.Length, null);
            return [.. head.Span, .. message.Body.Span];
        }

        throw new ArrowCidException(ErrorCode.Internal, "a block without a batch is to be sent");
    }

    /// <summary>Sends such a message, or the block's batch in slices where the message is too large for the
    /// client.</summary>
    public ValueTask SharedAsync(ReadOnlyMemory<byte> message, ReadOnlyMemory<byte> block, RecordBatch batch,
        string mark, CancellationToken cancel) => Takes(message.Length)
        ? writer.WriteAsync(message, default, cancel)
        : BlockAsync(block, batch, mark, cancel);

    /// <summary>Frees the memory; the next send allocates it again.</summary>
    public void Rest()
    {
        _frame.Rest();
        _scratch = null;
    }

    /// <summary>Sends a batch that is no stored block.</summary>
    public async ValueTask BatchAsync(RecordBatch batch, string mark, CancellationToken cancel)
    {
        ReadOnlyMemory<byte> block = Encode(batch);
        await BlockAsync(block, batch, mark, cancel).ConfigureAwait(false);
    }

    /// <summary>Sends app_metadata alone.</summary>
    public ValueTask MarkAsync(string mark, CancellationToken cancel) => MessageAsync(default, mark, default, cancel);

    private async ValueTask SlicesAsync(RecordBatch batch, int bytes, string mark, CancellationToken cancel)
    {
        int rows = RowsFor(batch, (double)bytes / Math.Max(1, batch.Length));
        int count = (batch.Length + rows - 1) / rows;
        for (int i = 0; i < count; i++)
        {
            int length = Math.Min(rows, batch.Length - i * rows);
            string part = string.Create(CultureInfo.InvariantCulture, $"{mark} {i}/{count}");
            await WholeAsync(Encode(batch.Slice(i * rows, length)), part, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>How many rows a slice has so that every one fits.</summary>
    private int RowsFor(RecordBatch batch, double bytesPerRow)
    {
        int rows = (int)Math.Min(batch.Length, Math.Max(1, (mostBytes - Overhead) / Math.Max(1, bytesPerRow)));
        while (true)
        {
            if (rows > RowStep) rows -= rows % RowStep;
            if (Fits(batch, rows)) return rows;
            if (rows == 1)
            {
                throw new ArrowCidException(ErrorCode.TooLarge,
                    $"one row takes more than the {mostBytes} bytes that the client takes in a message; " +
                    "raise its limit");
            }

            rows = Math.Max(1, rows / 2);
        }
    }

    private bool Fits(RecordBatch batch, int rows)
    {
        for (int at = 0; at < batch.Length; at += rows)
        {
            RecordBatch slice = batch.Slice(at, Math.Min(rows, batch.Length - at));
            using BlockPlan plan = BlockPlan.Of(slice);
            // The schema's message is part of the block and not of the batch's.
            if (plan.Length - plan.Schema.Message.Length > mostBytes - Overhead / 4) return false;
        }

        return true;
    }

    /// <summary>The batch's canonical block, valid until the next one.</summary>
    private ReadOnlyMemory<byte> Encode(RecordBatch batch)
    {
        using BlockPlan plan = BlockPlan.Of(batch);
        if (_scratch is null || _scratch.Length < plan.Length)
            _scratch = GC.AllocateUninitializedArray<byte>(plan.Length);
        plan.Fill(_scratch);
        return _scratch.AsMemory(0, plan.Length);
    }

    private bool IsNew(in BlockMessage message)
    {
        byte[] hash = SHA256.HashData(message.Whole.Span);
        if (_dictionaries.TryGetValue(message.DictionaryId, out byte[]? known) && hash.AsSpan().SequenceEqual(known))
            return false;
        _dictionaries[message.DictionaryId] = hash;
        return true;
    }

    private ValueTask MessageAsync(ReadOnlyMemory<byte> header, string mark, ReadOnlyMemory<byte> body,
        CancellationToken cancel)
    {
        ReadOnlyMemory<byte> head = _frame.Make(header.Span, mark, body.Length, _descriptor);
        _descriptor = null;
        return writer.WriteAsync(head, body, cancel);
    }
}
