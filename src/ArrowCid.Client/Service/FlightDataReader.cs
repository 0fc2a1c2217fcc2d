using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;
using Grpc.Core;

namespace ArrowCid.Flight.Service;

/// <summary>
/// Reads FlightData messages by hand, each body straight into one buffer that is used again for the next unless it was
/// taken. One caller at a time; <see cref="Give"/> is for any thread.
/// </summary>
/// <param name="reader">The messages.</param>
/// <param name="memory">Counts the bodies; null where nothing counts them.</param>
internal sealed class FlightDataReader(GrpcReader reader, MemoryAccount? memory = null) : IReclaimable
{
    private const ulong DescriptorTag = 0x0A, HeaderTag = 0x12, MetadataTag = 0x1A, BodyTag = (1000 << 3) | 2;
    private const int MostSpares = 2;

    // Guards the spares; while the next message is awaited the body is one.
    private readonly Lock _lock = new();
    private readonly Stack<MessageBody> _spares = new();
    private MessageBody _body = MessageBody.None;
    private int _bodyLength;

    /// <summary>What the stream is about; in the first message, or null.</summary>
    public FlightDescriptor? Descriptor { get; private set; }

    /// <summary>The flatbuffer of the IPC message; empty where the message is metadata alone.</summary>
    public byte[] Header { get; private set; } = [];

    public byte[] AppMetadata { get; private set; } = [];

    /// <summary>The body, until the next message.</summary>
    public ReadOnlyMemory<byte> Body => _body.Bytes.AsMemory(0, _bodyLength);

    /// <summary>Bodies of more bytes than this that end their message are left in it; see <see cref="LeftBody"/>.
    /// </summary>
    public int MostBody { get; init; } = int.MaxValue;

    /// <summary>The bytes of a body that was left in its message; 0 where none was, or it was read.</summary>
    public int LeftBody { get; private set; }

    /// <summary>Whether bodies and headers are passed over, where only app_metadata is wanted.</summary>
    public bool OnlyMetadata { get; init; }

    /// <summary>The most bytes of app_metadata.</summary>
    public int MostMetadata { get; init; } = int.MaxValue;

    /// <summary>Whether a body was passed over.</summary>
    public bool HasBody { get; private set; }

    /// <summary>Which kind of IPC message it is (<see cref="IpcMessage"/>); 0 where there is no header.</summary>
    public byte Kind { get; private set; }

    /// <summary>Reads the next message.</summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> NextAsync(CancellationToken cancel)
    {
        (Descriptor, Header, AppMetadata, _bodyLength, Kind, HasBody) = (null, [], [], 0, 0, false);
        LeftBody = 0;
        reader.Release();
        if (!reader.TryNext() && !await AwaitAsync(cancel).ConfigureAwait(false)) return false;
        reader.MayPause = true;
        while (reader.Left > 0)
        {
            ulong tag = await reader.VarintAsync(cancel).ConfigureAwait(false);
            switch (tag)
            {
                case DescriptorTag:
                    byte[] descriptor = await BytesAsync(cancel).ConfigureAwait(false);
                    Descriptor = GrpcReader.Parse(FlightDescriptor.Parser, descriptor);
                    break;
                case HeaderTag when !OnlyMetadata:
                    Header = await BytesAsync(cancel).ConfigureAwait(false);
                    break;
                case MetadataTag:
                    AppMetadata = await BytesAsync(cancel, MostMetadata).ConfigureAwait(false);
                    break;
                case BodyTag when !OnlyMetadata:
                    int size = await LengthAsync(cancel).ConfigureAwait(false);
                    if (size > MostBody && size == reader.Left && Header.Length > 0 && reader.CanHold)
                    {
                        LeftBody = size;
                        return true;
                    }

                    await ReadBodyAsync(size, cancel).ConfigureAwait(false);
                    break;
                case BodyTag:
                    int length = await LengthAsync(cancel).ConfigureAwait(false);
                    HasBody = length > 0;
                    await reader.SkipAsync(length, cancel).ConfigureAwait(false);
                    break;
                default:
                    await SkipAsync(tag, cancel).ConfigureAwait(false);
                    break;
            }
        }

        if (Header.Length > 0) Kind = CheckedKind();
        else if (_bodyLength > 0) throw new GrpcException(StatusCode.InvalidArgument, "a body came without a header");
        return true;
    }

    /// <summary>Reads the body that was left in its message.</summary>
    public async ValueTask ReadLeftAsync(CancellationToken cancel)
    {
        await ReadBodyAsync(LeftBody, cancel).ConfigureAwait(false);
        LeftBody = 0;
        Kind = CheckedKind();
    }

    /// <summary>Counts memory for the body that was left, in which another place takes it.</summary>
    public async ValueTask<long> CountLeftAsync(CancellationToken cancel)
    {
        long counted = LeftBody > GrpcReader.Uncounted ? LeftBody : 0;
        if (memory is null || counted == 0) return 0;
        Give(TakeBody());
        Reclaim();
        await memory.AcquireAsync(counted, isInflated: false, cancel).ConfigureAwait(false);
        return counted;
    }

    /// <summary>Keeps the body's memory beyond the next message; <see cref="Give"/> or <see cref="Forget"/> ends
    /// it.</summary>
    public MessageBody TakeBody()
    {
        MessageBody taken = _body;
        (_body, _bodyLength) = (MessageBody.None, 0);
        return taken;
    }

    /// <summary>Returns a body's memory for reuse.</summary>
    public void Give(MessageBody body)
    {
        if (body.Bytes.Length == 0) return;
        lock (_lock)
        {
            if (_spares.Count < MostSpares && memory is not { IsShort: true })
            {
                _spares.Push(body);
                return;
            }
        }

        Forget(body);
    }

    /// <summary>Ends the count of a body's memory that was taken.</summary>
    public void Forget(MessageBody body) => memory?.Release(body.Counted, body.IsInflated);

    /// <inheritdoc/>
    public void Reclaim()
    {
        MessageBody[] spares;
        lock (_lock)
        {
            spares = [.. _spares];
            _spares.Clear();
        }

        foreach (MessageBody spare in spares) Forget(spare);
    }

    /// <summary>Waits for a message. What is kept for it may be reclaimed meanwhile.</summary>
    private async ValueTask<bool> AwaitAsync(CancellationToken cancel)
    {
        ValueTask<bool> next = reader.NextAsync(cancel);
        if (next.IsCompleted || memory is null) return await next.ConfigureAwait(false);
        Give(TakeBody());
        memory.Offer(this);
        try
        {
            return await next.ConfigureAwait(false);
        }
        finally
        {
            memory.Withdraw(this);
        }
    }

    private async ValueTask ReadBodyAsync(int length, CancellationToken cancel)
    {
        if (_body.Bytes.Length < length || _body.IsInflated != reader.IsInflated)
        {
            Give(TakeBody());
            _body = SpareOf(length);
            if (_body.Bytes.Length < length)
            {
                long counted = length > GrpcReader.Uncounted ? length : 0;
                if (memory is not null && counted > 0)
                {
                    Reclaim();
                    await memory.AcquireAsync(counted, reader.IsInflated, cancel).ConfigureAwait(false);
                }

                (byte[] bytes, _bodyLength) = await reader.ReadAsync([], length, cancel).ConfigureAwait(false);
                _body = new MessageBody(bytes, counted, reader.IsInflated);
                return;
            }
        }

        (_, _bodyLength) = await reader.ReadAsync(_body.Bytes, length, cancel).ConfigureAwait(false);
    }

    private MessageBody SpareOf(int length)
    {
        lock (_lock)
        {
            return _spares.TryPeek(out MessageBody? spare) && spare.Bytes.Length >= length &&
                spare.IsInflated == reader.IsInflated
                ? _spares.Pop()
                : MessageBody.None;
        }
    }

    private byte CheckedKind()
    {
        var message = FlatTable.Root(Header, new FlatLimits(0, Header.Length));
        if (message.Long(3) == _bodyLength) return message.Byte(1);
        throw new InvalidArrowException($"a message's header says a body of {message.Long(3)} bytes, and it has " +
            $"{_bodyLength}");
    }

    private async ValueTask<int> LengthAsync(CancellationToken cancel)
    {
        ulong length = await reader.VarintAsync(cancel).ConfigureAwait(false);
        return length <= (ulong)reader.Left
            ? (int)length
            : throw new GrpcException(StatusCode.InvalidArgument, "a field of FlightData is longer than its message");
    }

    private async ValueTask<byte[]> BytesAsync(CancellationToken cancel, int most = int.MaxValue)
    {
        int length = await LengthAsync(cancel).ConfigureAwait(false);
        if (length <= most) return await reader.BytesAsync(length, cancel).ConfigureAwait(false);
        throw new GrpcException(StatusCode.ResourceExhausted,
            $"app_metadata of {length} bytes is over the limit of {most}; send several messages");
    }

    private async ValueTask SkipAsync(ulong tag, CancellationToken cancel)
    {
        const int WireBits = 3;
        if (tag >> WireBits == 0)
            throw new GrpcException(StatusCode.InvalidArgument, "a message is no FlightData: it has a field 0");
        switch (tag & 7)
        {
            case 0:
                _ = await reader.VarintAsync(cancel).ConfigureAwait(false);
                break;
            case 1:
                await reader.SkipAsync(sizeof(long), cancel).ConfigureAwait(false);
                break;
            case 2:
                await reader.SkipAsync(await LengthAsync(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
                break;
            case 5:
                await reader.SkipAsync(sizeof(int), cancel).ConfigureAwait(false);
                break;
            default:
                throw new GrpcException(StatusCode.InvalidArgument,
                    $"field {tag >> WireBits} of FlightData is of no kind that protobuf has");
        }
    }
}
