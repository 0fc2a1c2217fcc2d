using System.Globalization;
using System.Security.Cryptography;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
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

    /// <summary>Sends the schema.</summary>
    public ValueTask SchemaAsync(Schema schema, CancellationToken cancel) =>
        MessageAsync(CanonicalSchema.Of(schema).Message[Prefix..].ToArray(), "", default, cancel);

    /// <summary>Sends a canonical block's batch.</summary>
    /// <param name="block">The block, readable until the call has ended.</param>
    /// <param name="batch">The same batch, for where it is to be cut.</param>
    /// <param name="mark">What its app_metadata begins with.</param>
    /// <param name="cancel">Ends it.</param>
    public async ValueTask BlockAsync(ReadOnlyMemory<byte> block, RecordBatch batch, string mark,
        CancellationToken cancel)
    {
        List<BlockMessage> messages = BlockMessage.Of(block);
        if (mostBytes == 0 || messages.TrueForAll(m => m.Body.Length + m.Header.Length + Overhead <= mostBytes))
            await MessagesAsync(messages, mark, cancel).ConfigureAwait(false);
        else
            await SlicesAsync(batch, block.Length, mark, cancel).ConfigureAwait(false);
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
            List<BlockMessage> messages = BlockMessage.Of(Encode(batch.Slice(i * rows, length)));
            string part = string.Create(CultureInfo.InvariantCulture, $"{mark} {i}/{count}");
            await MessagesAsync(messages, part, cancel).ConfigureAwait(false);
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

    private async ValueTask MessagesAsync(List<BlockMessage> messages, string mark, CancellationToken cancel)
    {
        foreach (BlockMessage message in messages)
        {
            if (message.Kind == IpcMessage.SchemaHeader) continue;
            if (message.Kind == IpcMessage.DictionaryHeader && !IsNew(message)) continue;
            await MessageAsync(message.Header, message.Kind == IpcMessage.BatchHeader ? mark : "", message.Body, cancel)
                .ConfigureAwait(false);
        }
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

/// <summary>A message of a canonical block, as FlightData carries it.</summary>
/// <param name="Kind">Schema, dictionary or batch.</param>
/// <param name="Header">The flatbuffer, without continuation and length.</param>
/// <param name="Body">The body.</param>
/// <param name="Whole">Both, as they lie.</param>
/// <param name="DictionaryId">Of a dictionary, whose.</param>
internal readonly record struct BlockMessage(byte Kind, ReadOnlyMemory<byte> Header, ReadOnlyMemory<byte> Body,
    ReadOnlyMemory<byte> Whole, long DictionaryId)
{
    private const int Prefix = 8;

    /// <summary>The messages of a block.</summary>
    public static List<BlockMessage> Of(ReadOnlyMemory<byte> block)
    {
        var found = new List<BlockMessage>(2);
        using var source = new MemorySource(block);
        var messages = new MessageReader(source, ArrowReadOptions.Default, new IpcTraits());
        while (messages.TryNext(out IpcMessage message))
        {
            int start = (int)message.Offset + Prefix, body = (int)message.BodyOffset;
            long id = message.HeaderType == IpcMessage.DictionaryHeader ? message.Header.Long(0) : 0;
            found.Add(new BlockMessage(message.HeaderType, block[start..body], message.Body,
                block[start..(body + message.Body.Length)], id));
        }

        return found;
    }
}
