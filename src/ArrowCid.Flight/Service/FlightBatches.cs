using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>Makes batches of FlightData messages as they come: the schema once, then dictionaries and
/// batches.</summary>
internal sealed class FlightBatches : IDisposable
{
    private readonly MessageQueue _queue = new();
    private ArrowReader? _reader;

    public Schema? Schema => _reader?.Schema;

    /// <summary>Takes the reader's message.</summary>
    /// <returns>The batch, over <see cref="FlightDataReader.Body"/>, where it is one; else null.</returns>
    /// <exception cref="InvalidArrowException">The message breaks a rule, or is out of its place.</exception>
    public RecordBatch? Take(FlightDataReader message)
    {
        if (message.Kind == 0) return null;
        // A dictionary's values are read long after its message.
        int length = message.Body.Length;
        _queue.Add(message.Header,
            message.Kind == IpcMessage.DictionaryHeader ? message.TakeBody().AsMemory(0, length) : message.Body);
        if (_reader is null)
        {
            _reader = ArrowReader.Open(_queue);
            return null;
        }

        if (message.Kind == IpcMessage.DictionaryHeader) return null;
        return _reader.Read() ?? throw new InvalidArrowException("a message is neither a dictionary nor a batch");
    }

    /// <summary>Takes no more messages; batches stay readable.</summary>
    public void Dispose()
    {
        _reader?.Dispose();
        _queue.Dispose();
    }

    /// <summary>Messages in memory as if they stood one behind another in a stream.</summary>
    private sealed class MessageQueue : ByteSource
    {
        // Dictionaries wait for their batch, which may never come.
        private const long MostAhead = 1L << 30;

        private readonly Queue<ReadOnlyMemory<byte>> _parts = new();
        private ReadOnlyMemory<byte> _part;
        private long _added;

        public void Add(byte[] header, ReadOnlyMemory<byte> body)
        {
            _added += 8 + header.Length + body.Length;
            if (_added - Position > MostAhead)
            {
                throw new InvalidArrowException($"dictionaries of over {MostAhead} bytes come before their batch",
                    code: ErrorCode.TooLarge);
            }

            byte[] metadata = new byte[8 + header.Length];
            BinaryPrimitives.WriteInt32LittleEndian(metadata, -1);
            BinaryPrimitives.WriteInt32LittleEndian(metadata.AsSpan(4), header.Length);
            header.CopyTo(metadata, 8);
            _parts.Enqueue(metadata);
            if (!body.IsEmpty) _parts.Enqueue(body);
        }

        public override int Read(Span<byte> target)
        {
            int have = 0;
            while (have < target.Length && HasPart())
            {
                int count = Math.Min(_part.Length, target.Length - have);
                _part.Span[..count].CopyTo(target[have..]);
                _part = _part[count..];
                have += count;
            }

            Position += have;
            return have;
        }

        public override ReadOnlyMemory<byte> ReadBody(int count)
        {
            if (count == 0 || !HasPart()) return default;
            ReadOnlyMemory<byte> body = _part[..Math.Min(count, _part.Length)];
            _part = _part[body.Length..];
            Position += body.Length;
            return body;
        }

        public override void Dispose()
        {
        }

        private bool HasPart() => !_part.IsEmpty || _parts.TryDequeue(out _part);
    }
}
