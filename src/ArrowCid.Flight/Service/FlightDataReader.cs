using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>
/// Reads FlightData messages by hand, each body straight into one buffer that is used again for the next unless it was
/// taken.
/// </summary>
internal sealed class FlightDataReader(GrpcReader reader)
{
    private const ulong DescriptorTag = 0x0A, HeaderTag = 0x12, MetadataTag = 0x1A, BodyTag = (1000 << 3) | 2;
    private const int MostSpares = 2;

    private readonly Stack<byte[]> _spares = new();
    private byte[] _body = [];
    private int _bodyLength;

    /// <summary>What the stream is about; in the first message, or null.</summary>
    public FlightDescriptor? Descriptor { get; private set; }

    /// <summary>The flatbuffer of the IPC message; empty where the message is metadata alone.</summary>
    public byte[] Header { get; private set; } = [];

    public byte[] AppMetadata { get; private set; } = [];

    /// <summary>The body, until the next message.</summary>
    public ReadOnlyMemory<byte> Body => _body.AsMemory(0, _bodyLength);

    /// <summary>Which kind of IPC message it is (<see cref="IpcMessage"/>); 0 where there is no header.</summary>
    public byte Kind { get; private set; }

    /// <summary>Reads the next message.</summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> NextAsync(CancellationToken cancel)
    {
        (Descriptor, Header, AppMetadata, _bodyLength, Kind) = (null, [], [], 0, 0);
        if (!await reader.NextAsync(cancel).ConfigureAwait(false)) return false;
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
                case HeaderTag:
                    Header = await BytesAsync(cancel).ConfigureAwait(false);
                    break;
                case MetadataTag:
                    AppMetadata = await BytesAsync(cancel).ConfigureAwait(false);
                    break;
                case BodyTag:
                    int length = await LengthAsync(cancel).ConfigureAwait(false);
                    (_body, _bodyLength) = await reader.ReadAsync(_body, length, cancel).ConfigureAwait(false);
                    break;
                default:
                    await SkipAsync(tag, cancel).ConfigureAwait(false);
                    break;
            }
        }

        if (Header.Length > 0) Kind = CheckedKind();
        else if (_bodyLength > 0) throw new GrpcException(GrpcStatus.InvalidArgument, "a body came without a header");
        return true;
    }

    /// <summary>Keeps the body's memory beyond the next message; see <see cref="Give"/>.</summary>
    public byte[] TakeBody()
    {
        byte[] taken = _body;
        _body = _spares.TryPop(out byte[]? spare) ? spare : [];
        return taken;
    }

    /// <summary>Memory that was taken and may be used again.</summary>
    public void Give(byte[] body)
    {
        if (_spares.Count < MostSpares) _spares.Push(body);
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
            : throw new GrpcException(GrpcStatus.InvalidArgument, "a field of FlightData is longer than its message");
    }

    private async ValueTask<byte[]> BytesAsync(CancellationToken cancel)
    {
        int length = await LengthAsync(cancel).ConfigureAwait(false);
        (byte[] bytes, int count) = await reader.ReadAsync([], length, cancel).ConfigureAwait(false);
        return bytes.Length == count ? bytes : bytes[..count];
    }

    private async ValueTask SkipAsync(ulong tag, CancellationToken cancel)
    {
        const int WireBits = 3;
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
                throw new GrpcException(GrpcStatus.InvalidArgument,
                    $"field {tag >> WireBits} of FlightData is of no kind that protobuf has");
        }
    }
}
