using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// Where a canonical block's messages and columns lie: the messages before the batch's body (the schema, dictionaries,
/// the batch's metadata), then a range a column of the body with its padding, then the end of the stream.
/// </summary>
/// <param name="Schema">The schema.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Head">The messages before the body, each once.</param>
/// <param name="Columns">A range a column, perhaps empty.</param>
/// <param name="Tail">The end of the stream.</param>
internal sealed record BlockRanges(Schema Schema, long Rows, BlockRange[] Head, BlockRange[] Columns, BlockRange Tail)
{
    /// <summary>Finds them.</summary>
    /// <param name="block">A canonical block.</param>
    /// <exception cref="InvalidArrowException">It is none, as far as its metadata says.</exception>
    public static BlockRanges Of(ReadOnlyMemory<byte> block)
    {
        using var source = new MemorySource(block);
        var messages = new MessageReader(source, ArrowReadOptions.Default, new IpcTraits());
        Schema? schema = null;
        var head = new List<BlockRange>();
        while (messages.TryNext(out IpcMessage message))
        {
            if (message.HeaderType == IpcMessage.SchemaHeader)
                schema = SchemaDecoder.Decode(message.Header, null).Schema;
            bool isBatch = message.HeaderType == IpcMessage.BatchHeader;
            long end = isBatch ? message.BodyOffset : source.Position;
            head.Add(new BlockRange(message.Offset, end - message.Offset));
            if (!isBatch) continue;
            if (schema is null) break;
            var body = new BlockRange(message.BodyOffset, message.Body.Length);
            return new BlockRanges(schema, message.Header.Long(0), [.. head], ColumnsOf(message, schema, body),
                new BlockRange(body.End, block.Length - body.End));
        }

        throw new InvalidArrowException("the stream holds no batch; a block holds one");
    }

    private static BlockRange[] ColumnsOf(in IpcMessage message, Schema schema, BlockRange body)
    {
        FlatVector buffers = message.Header.Vector(2, 16), variadic = message.Header.Vector(4, 8);
        var counts = new Queue<long>();
        for (int i = 0; i < variadic.Count; i++)
        {
            long count = variadic.Long(i);
            if (count < 0 || count > buffers.Count)
                throw new InvalidArrowException("a count of data buffers is impossible", offset: variadic.Offset(i));
            counts.Enqueue(count);
        }

        CanonicalField[] fields = CanonicalField.Compile(schema);
        var columns = new BlockRange[fields.Length];
        int next = 0;
        long start = 0;
        for (int i = 0; i < fields.Length; i++)
        {
            try
            {
                next += BufferName.Of(fields[i], counts).Count();
            }
            catch (InvalidOperationException)
            {
                throw new InvalidArrowException("a column of views has no count of data buffers", fields[i].Path);
            }

            if (next > buffers.Count)
                throw new InvalidArrowException("the batch has fewer buffers than its columns", fields[i].Path);
            long end = next < buffers.Count ? buffers.Long(next) : body.Length;
            if (end < start || end > body.Length)
                throw new InvalidArrowException("buffers are not in their order", fields[i].Path);
            columns[i] = new BlockRange(body.Offset + start, end - start);
            start = end;
        }

        return start == body.Length
            ? columns
            : throw new InvalidArrowException("the body has bytes of no column", offset: body.Offset + start);
    }
}
