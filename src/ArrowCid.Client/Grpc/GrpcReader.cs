using System.Buffers.Binary;
using System.IO.Pipelines;
using ArrowCid.Flight.Limits;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.Flight.Grpc;

/// <summary>
/// The messages of one direction of a call, one after another. A message is taken whole, or piece by piece into memory
/// that the caller has; nothing is allocated for bytes that are only claimed. One caller at a time.
/// </summary>
/// <param name="stream">The HTTP body.</param>
/// <param name="limit">The most bytes of a message, also once it is decompressed.</param>
/// <param name="encoding">How compressed messages are compressed: gzip or deflate; null where none may come.</param>
/// <param name="memory">Counts what is buffered beyond some KiB; null where nothing counts it.</param>
internal sealed partial class GrpcReader(Stream stream, MessageLimit limit, string? encoding,
    MemoryAccount? memory = null)
{
    /// <summary>What a call may buffer without being counted.</summary>
    public const int Uncounted = FirstStep;

    /// <summary>Reads the messages of a request from its pipe, where middleware decodes what is not binary.</summary>
    public GrpcReader(PipeReader pipe, MessageLimit limit, string? encoding, MemoryAccount? memory = null)
        : this(pipe.AsStream(leaveOpen: true), limit, encoding, memory) => _pipe = pipe;

    private const int PrefixBytes = 5;
    private const int FirstStep = 1 << 16;

    // The buffer grows while several messages fill it: many small ones are then taken with one read.
    private const int LeastBuffer = 1 << 12, MostBuffer = 1 << 15;

    private byte[] _buffer = new byte[LeastBuffer];
    private int _start, _end;
    private int _left;
    private bool _isFilled;
    private long _before;

    /// <summary>The most bytes of a message; set before the first is read.</summary>
    public MessageLimit Limit { get; set; } = limit;

    // What StallWatch looks at from another thread: the number of the message that is being read, and the bytes of all.
    private long _message = -1, _messages, _received;

    // While a decompressed message is read: the bytes after it, and the rest of it where it is not in the buffer.
    private (byte[] Buffer, int Start, int End)? _outer;
    private PackedMessage? _packed;

    // What is counted for the message that is being read.
    private long _counted, _countedInflated;

    /// <summary>The bytes of the message that were not taken yet.</summary>
    public int Left => _left;

    /// <summary>Whether the sender may take its time between messages; inside one it never may.</summary>
    public bool MayPause { get; set; }

    /// <summary>Whether the message came compressed.</summary>
    public bool IsInflated => _outer is not null;

    /// <summary>Which message is awaited of a sender that may not pause (-1: none), and how many bytes have come of
    /// all.</summary>
    public (long Message, long Bytes) Awaited => (Volatile.Read(ref _message), Volatile.Read(ref _received));

    /// <summary>Goes to the next message; what is left of the one before is skipped.</summary>
    /// <returns>False at the end.</returns>
    public ValueTask<bool> NextAsync(CancellationToken cancel) => TryNext() ? new(true) : NextSlowAsync(cancel);

    /// <summary>Ends the count of what was read of the message, when the caller has let go of it. It ends by itself
    /// when another message comes.</summary>
    public void Release()
    {
        memory?.Release(_counted, isInflated: false);
        memory?.Release(_countedInflated, isInflated: true);
        (_counted, _countedInflated) = (0, 0);
    }

    /// <summary>Goes to the next message where it has begun in what was received already.</summary>
    public bool TryNext()
    {
        if (_outer is not null || _counted > 0 || _left > _end - _start - PrefixBytes) return false;
        int at = _start + _left;
        // A flag is for the slow way, and so is a message that is too large.
        if (_buffer[at] != 0) return false;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(at + 1));
        if (length > Limit.MostBytes) return false;
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
            _packed?.Dispose();
            _packed = null;
        }

        if (!await HasAsync(PrefixBytes, cancel).ConfigureAwait(false))
            return _end == _start ? false : throw EndsInside();
        Release();
        byte flag = _buffer[_start];
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1));
        if (flag > 1) throw new GrpcException(StatusCode.Internal, $"a message has the flag {flag}; 0 and 1 are known");
        if (length > Limit.MostBytes && !(flag == 0 && await IsLongAsync(length, cancel).ConfigureAwait(false)))
            throw TooLarge($"a message of {length} bytes");
        _start += PrefixBytes;
        _left = (int)length;
        _messages++;
        if (flag == 1) await InflateAsync(cancel).ConfigureAwait(false);
        return true;
    }

    private async ValueTask<bool> IsLongAsync(uint length, CancellationToken cancel)
    {
        int needed = PrefixBytes + Limit.LongStartBytes;
        return Limit.MayBeLong(length) && await HasAsync(needed, cancel).ConfigureAwait(false)
            && Limit.IsLong(_buffer.AsSpan(_start + PrefixBytes, needed - PrefixBytes));
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

        byte[] all = await BytesAsync(_left, cancel).ConfigureAwait(false);
        return all;
    }

    /// <summary>The next bytes of the message in an array of their own, which counts until the next message.</summary>
    public async ValueTask<byte[]> BytesAsync(int count, CancellationToken cancel)
    {
        if (count > _left) throw EndsInside();
        if (memory is not null && count > Uncounted)
        {
            await memory.AcquireAsync(count, IsInflated, cancel).ConfigureAwait(false);
            if (IsInflated) _countedInflated += count;
            else _counted += count;
        }

        (byte[] bytes, int length) = await ReadAsync([], count, cancel).ConfigureAwait(false);
        return bytes.Length == length ? bytes : bytes[..length];
    }

    /// <summary>The next bytes of the message in an array, the one given where it has space. The caller counts
    /// them.</summary>
    /// <returns>The array, perhaps a larger one, and the number of bytes that it holds from its start.</returns>
    public async ValueTask<(byte[] Array, int Length)> ReadAsync(byte[] array, int count, CancellationToken cancel)
    {
        if (count > _left) throw EndsInside();
        int have = 0;
        while (have < count)
        {
            if (have == array.Length)
            {
                // The buffer grows with the received bytes.
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

        throw new GrpcException(StatusCode.InvalidArgument, "a message breaks off inside a number");
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
            throw new GrpcException(StatusCode.InvalidArgument, $"the message is not protobuf: {e.Message}", e);
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
        if (_packed is not null)
        {
            cancel.ThrowIfCancellationRequested();
            return _packed.Read(target.Span);
        }

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
            if (_outer is not null && _packed is null) return false;
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

    /// <summary>Makes the decompressed message the one that is read. Its length is found by decompressing it once
    /// without keeping it, so that no memory is taken for one that is over the limit.</summary>
    private async ValueTask InflateAsync(CancellationToken cancel)
    {
        if (encoding is not ("gzip" or "deflate"))
            throw new GrpcException(StatusCode.Internal, "a message is compressed, and no grpc-encoding was named");
        int packed = _left;
        if (memory is not null && packed > Uncounted)
        {
            await memory.AcquireAsync(packed, isInflated: false, cancel).ConfigureAwait(false);
            _counted += packed;
        }

        (byte[] bytes, int length) = await ReadAsync([], packed, cancel).ConfigureAwait(false);
        var message = new PackedMessage(bytes, length, encoding == "gzip");
        byte[] start = new byte[FirstStep];
        (int have, int whole) = message.Measure(start, Limit, cancel);
        if (whole < 0) throw TooLarge("a message that decompresses to more");
        _outer = (_buffer, _start, _end);
        _left = whole;
        if (have == whole)
        {
            (_buffer, _start, _end) = (start, 0, have);
            return;
        }

        (_buffer, _start, _end, _packed) = (start, 0, 0, message);
    }

    private GrpcException TooLarge(string what) =>
        new(StatusCode.ResourceExhausted, $"{what} is over the limit of {Limit.MostBytes} bytes; send less at a time");

    private static GrpcException EndsInside() =>
        new(StatusCode.Internal, "the stream ends inside a message");
}
