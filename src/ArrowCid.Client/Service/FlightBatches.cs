using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Flight.Limits;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>Makes batches of FlightData messages as they come: the schema once, then dictionaries and
/// batches.</summary>
/// <param name="memory">Counts what decoding takes; null where nothing counts it.</param>
internal sealed class FlightBatches(MemoryAccount? memory = null) : IDisposable
{
    private readonly MessageQueue _queue = new();

    // The bodies of the dictionaries that are in use, by their numbers.
    private readonly Dictionary<long, List<MessageBody>> _kept = [];
    private ArrowReader? _reader;

    public Schema? Schema => _reader?.SchemaView;

    /// <summary>Takes the reader's message.</summary>
    /// <returns>The batch, over <see cref="FlightDataReader.Body"/>, where it is one; else null.</returns>
    /// <exception cref="InvalidArrowException">The message breaks a rule, or is out of its place.</exception>
    public RecordBatch? Take(FlightDataReader message)
    {
        if (message.Kind == 0) return null;
        // A dictionary's values are read long after its message.
        ReadOnlyMemory<byte> body = message.Body;
        if (message.Kind == IpcMessage.DictionaryHeader) KeepDictionary(message);
        _queue.Add(message.Header, body);
        if (_reader is null)
        {
            _reader = ArrowReader.Open(_queue, memory);
            return null;
        }

        if (message.Kind == IpcMessage.DictionaryHeader) return null;
        return _reader.ReadView() ?? throw new InvalidArrowException("a message is neither a dictionary nor a batch");
    }

    /// <summary>Plans the block of a message whose body was left in it, where nothing is to be read before
    /// it.</summary>
    /// <returns>Null where <see cref="Take"/> has to read the message.</returns>
    public DirectBlock? TryPlan(FlightDataReader message) =>
        _reader is { Traits.IsBigEndian: false } reader && _queue.IsEmpty
            ? DirectBlock.TryPlan(reader.SchemaView, message.Header, message.LeftBody)
            : null;

    /// <summary>Keeps a dictionary's body, and ends the count of those that it replaces.</summary>
    private void KeepDictionary(FlightDataReader message)
    {
        const int HeaderField = 2, IdField = 0, DeltaField = 2;
        if (!FlatTable.Root(message.Header, new FlatLimits(0, message.Header.Length))
            .TryTable(HeaderField, out FlatTable dictionary))
        {
            throw new InvalidArrowException("a dictionary's message has no header");
        }

        long id = dictionary.Long(IdField);
        if (!_kept.TryGetValue(id, out List<MessageBody>? bodies)) _kept[id] = bodies = [];
        if (!dictionary.Flag(DeltaField))
        {
            bodies.ForEach(message.Forget);
            bodies.Clear();
        }

        bodies.Add(message.TakeBody());
    }

    /// <summary>Takes no more messages; batches stay readable.</summary>
    public void Dispose()
    {
        _reader?.Dispose();
        _queue.Dispose();
    }

    /// <summary>Messages in memory as if they stood one after another in a stream.</summary>
    private sealed class MessageQueue : ByteSource
    {
        // Dictionaries wait for their batch, which may never come.
        private const long MostAhead = 1L << 30;

        private readonly Queue<ReadOnlyMemory<byte>> _parts = new();
        private ReadOnlyMemory<byte> _part;
        private long _added;

        public bool IsEmpty => _added == Position;

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
