using System.Buffers.Binary;
using System.IO.Compression;
using Google.Protobuf;

namespace ArrowCid.Flight.Grpc;

/// <summary>
/// The messages of one direction of a call, one after another. A message is taken whole, or piece by piece into memory
/// that the caller has; nothing is allocated for bytes that are only claimed. One caller at a time.
/// </summary>
/// <param name="stream">The HTTP body.</param>
/// <param name="mostBytes">The most bytes of a message, also once it is decompressed.</param>
/// <param name="encoding">How compressed messages are compressed: gzip or deflate; null where none may come.</param>
internal sealed class GrpcReader(Stream stream, int mostBytes, string? encoding)
{
    private const int PrefixBytes = 5;
    private const int FirstStep = 1 << 16;

    // The buffer grows while several messages fill it: many small ones are then taken with one read.
    private const int LeastBuffer = 1 << 12, MostBuffer = 1 << 15;

    private byte[] _buffer = new byte[LeastBuffer];
    private int _start, _end;
    private int _left;
    private bool _isFilled;
    private long _before;

    // What StallWatch looks at from another thread: the number of the message that is being read, and the bytes of all.
    private long _message = -1, _messages, _received;

    // While a decompressed message is read, what stands behind it.
    private (byte[] Buffer, int Start, int End)? _outer;

    /// <summary>The bytes of the message that were not taken yet.</summary>
    public int Left => _left;

    /// <summary>Whether the sender may take its time between messages; inside one it never may.</summary>
    public bool MayPause { get; set; }

    /// <summary>Which message is awaited of a sender that may not pause (-1: none), and how many bytes have come of
    /// all.</summary>
    public (long Message, long Bytes) Awaited => (Volatile.Read(ref _message), Volatile.Read(ref _received));

    /// <summary>Goes to the next message; what is left of the one before is skipped.</summary>
    /// <returns>False at the end.</returns>
    public ValueTask<bool> NextAsync(CancellationToken cancel) => TryNext() ? new(true) : NextSlowAsync(cancel);

    /// <summary>Goes to the next message where it has begun in what was received already.</summary>
    public bool TryNext()
    {
        if (_outer is not null || _left > _end - _start - PrefixBytes) return false;
        int at = _start + _left;
        // A flag is for the slow way, and so is a message that is too large.
        if (_buffer[at] != 0) return false;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(at + 1));
        if (length > mostBytes) return false;
        _start = at + PrefixBytes;
        _left = (int)length;
        _messages++;
        return true;
    }

    private async ValueTask<bool> NextSlowAsync(CancellationToken cancel)
    {
        while (_left > 0) Take(Math.Min(_left, await SomeAsync(cancel).ConfigureAwait(false)));
        if (_outer is { } outer)
        {
            (_buffer, _start, _end) = outer;
            _outer = null;
        }

        if (!await HasAsync(PrefixBytes, cancel).ConfigureAwait(false))
            return _end == _start ? false : throw EndsInside();
        byte flag = _buffer[_start];
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1));
        if (flag > 1) throw new GrpcException(GrpcStatus.Internal, $"a message has the flag {flag}; 0 and 1 are known");
        if (length > mostBytes) throw TooLarge($"a message of {length} bytes");
        _start += PrefixBytes;
        _left = (int)length;
        _messages++;
        if (flag == 1) await InflateAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>The rest of the message in one piece, valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> RestAsync(CancellationToken cancel)
    {
        if (_left <= _buffer.Length)
        {
            if (!await HasAsync(_left, cancel).ConfigureAwait(false)) throw EndsInside();
            ReadOnlyMemory<byte> rest = _buffer.AsMemory(_start, _left);
            Take(_left);
            return rest;
        }

        return await ReadAsync([], _left, cancel).ConfigureAwait(false) is var (array, length)
            ? array.AsMemory(0, length)
            : default;
    }

    /// <summary>The next bytes of the message in an array, the one given where it has room.</summary>
    /// <returns>The array, perhaps a larger one, and how many bytes it holds from its start.</returns>
    public async ValueTask<(byte[] Array, int Length)> ReadAsync(byte[] array, int count, CancellationToken cancel)
    {
        if (count > _left) throw EndsInside();
        int have = 0;
        while (have < count)
        {
            if (have == array.Length)
            {
                // Room grows with what has come.
                int length = (int)Math.Min(count, Math.Max(FirstStep, 4L * have));
                byte[] larger = GC.AllocateUninitializedArray<byte>(length);
                array.AsSpan(0, have).CopyTo(larger);
                array = larger;
            }

            int read = await IntoAsync(array.AsMemory(have, Math.Min(count, array.Length) - have), cancel)
                .ConfigureAwait(false);
            have += read;
        }

        return (array, count);
    }

    /// <summary>A protobuf varint of the message.</summary>
    public async ValueTask<ulong> VarintAsync(CancellationToken cancel)
    {
        const int MostBytes = 10;
        _ = await HasAsync(Math.Min(MostBytes, _left), cancel).ConfigureAwait(false);
        ulong value = 0;
        for (int i = 0; i < Math.Min(Math.Min(MostBytes, _left), _end - _start); i++)
        {
            byte b = _buffer[_start + i];
            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b >= 0x80) continue;
            Take(i + 1);
            return value;
        }

        throw new GrpcException(GrpcStatus.InvalidArgument, "a message breaks off inside a number");
    }

    /// <summary>Leaves out bytes of the message.</summary>
    public async ValueTask SkipAsync(long count, CancellationToken cancel)
    {
        if (count < 0 || count > _left) throw EndsInside();
        while (count > 0)
        {
            int some = (int)Math.Min(count, await SomeAsync(cancel).ConfigureAwait(false));
            Take(some);
            count -= some;
        }
    }

    /// <summary>The next message as protobuf, or null at the end.</summary>
    public async ValueTask<T?> MessageAsync<T>(MessageParser<T> parser, CancellationToken cancel)
        where T : class, IMessage<T>
    {
        if (!await NextAsync(cancel).ConfigureAwait(false)) return null;
        ReadOnlyMemory<byte> bytes = await RestAsync(cancel).ConfigureAwait(false);
        return Parse(parser, bytes.Span);
    }

    public static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes) where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(GrpcStatus.InvalidArgument, $"the message is not protobuf: {e.Message}", e);
        }
    }

    private void Take(int count)
    {
        _start += count;
        _left -= count;
    }

    private async ValueTask<int> IntoAsync(Memory<byte> target, CancellationToken cancel)
    {
        int buffered = Math.Min(_end - _start, target.Length);
        if (buffered > 0)
        {
            _buffer.AsSpan(_start, buffered).CopyTo(target.Span);
            Take(buffered);
            return buffered;
        }

        int read = await FromStreamAsync(target, cancel).ConfigureAwait(false);
        if (read == 0) throw EndsInside();
        _left -= read;
        return read;
    }

    private async ValueTask<int> FromStreamAsync(Memory<byte> target, CancellationToken cancel)
    {
        ValueTask<int> reading = stream.ReadAsync(target, cancel);
        int read;
        if (reading.IsCompletedSuccessfully)
        {
            read = reading.Result;
        }
        else
        {
            if (!MayPause || _left > 0 || _end > _start) Volatile.Write(ref _message, _messages);
            read = await reading.ConfigureAwait(false);
            Volatile.Write(ref _message, -1);
        }

        Volatile.Write(ref _received, _received + read);
        return read;
    }

    /// <summary>How many bytes stand in the buffer, at least one.</summary>
    private async ValueTask<int> SomeAsync(CancellationToken cancel) =>
        await HasAsync(1, cancel).ConfigureAwait(false) ? _end - _start : throw EndsInside();

    private ValueTask<bool> HasAsync(int count, CancellationToken cancel) =>
        _end - _start >= count ? new(true) : FillAsync(count, cancel);

    private async ValueTask<bool> FillAsync(int count, CancellationToken cancel)
    {
        while (_end - _start < count)
        {
            if (_outer is not null) return false;
            if (_buffer.Length == 0) return false;
            if (_start == _end) _start = _end = 0;
            else if (_start + count > _buffer.Length)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            bool hasHeldMany = _isFilled && _messages - _before > 1;
            if (hasHeldMany && _buffer.Length < MostBuffer) Array.Resize(ref _buffer, 2 * _buffer.Length);
            _before = _messages;
            int read = await FromStreamAsync(_buffer.AsMemory(_end), cancel).ConfigureAwait(false);
            _isFilled = read == _buffer.Length - _end;
            if (read == 0)
            {
                // A call that lasts needs no memory for a request that has ended.
                if (_start == _end) _buffer = [];
                return false;
            }

            _end += read;
        }

        return true;
    }

    private async ValueTask InflateAsync(CancellationToken cancel)
    {
        if (encoding is not ("gzip" or "deflate"))
            throw new GrpcException(GrpcStatus.Internal, "a message is compressed, and no grpc-encoding was named");
        (byte[] packed, int length) = await ReadAsync([], _left, cancel).ConfigureAwait(false);
        using var source = new MemoryStream(packed, 0, length);
        using Stream inflater = encoding == "gzip"
            ? new GZipStream(source, CompressionMode.Decompress)
            : new ZLibStream(source, CompressionMode.Decompress);
        byte[] message = new byte[Math.Min(FirstStep, mostBytes)];
        int have = 0;
        try
        {
            while (true)
            {
                if (have == message.Length)
                {
                    if (have == mostBytes) break;
                    Array.Resize(ref message, (int)Math.Min(mostBytes, 2L * have));
                }

                int read = inflater.Read(message.AsSpan(have));
                if (read == 0) break;
                have += read;
            }

            if (have == mostBytes && inflater.ReadByte() >= 0) throw TooLarge("a message that decompresses to more");
        }
        catch (InvalidDataException e)
        {
            throw new GrpcException(GrpcStatus.Internal, $"a message cannot be decompressed as {encoding}", e);
        }

        _outer = (_buffer, _start, _end);
        (_buffer, _start, _end, _left) = (message, 0, have, have);
    }

    private GrpcException TooLarge(string what) =>
        new(GrpcStatus.ResourceExhausted, $"{what} is over the limit of {mostBytes} bytes; send smaller batches");

    private static GrpcException EndsInside() =>
        new(GrpcStatus.Internal, "the stream ends inside a message");
}
