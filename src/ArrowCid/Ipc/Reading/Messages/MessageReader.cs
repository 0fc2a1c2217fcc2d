using System.Buffers.Binary;

namespace ArrowCid.Ipc;

/// <summary>Encapsulated messages, one after another, with or without the continuation marker.</summary>
internal sealed class MessageReader(ByteSource source, ArrowReadOptions options, IpcTraits traits)
{
    private const int Continuation = -1;

    public ArrowReadOptions Options => options;

    /// <summary>Whether the bodies of batches are left where they are, unread.</summary>
    public bool LeavesBatches { get; set; }

    /// <summary>The next message of a stream.</summary>
    /// <returns>False at the end of the stream: its marker, or no more bytes where a message could begin.</returns>
    public bool TryNext(out IpcMessage message)
    {
        message = default;
        long start = source.Position;
        Span<byte> prefix = stackalloc byte[8];
        int have = source.Read(prefix[..4]);
        int length = have == 4 ? BinaryPrimitives.ReadInt32LittleEndian(prefix) : 0;
        bool marked = have == 4 && length == Continuation;
        if (marked)
        {
            have += source.Read(prefix[4..]);
            length = have == 8 ? BinaryPrimitives.ReadInt32LittleEndian(prefix[4..]) : 0;
        }

        if (have < (marked ? 8 : 4) && !IsEndMarkerCutShort(prefix[..have]))
            throw new InvalidArrowException("the input ends inside a message's length", offset: start);
        if (length == 0)
        {
            traits.LacksEndOfStream = have < (marked ? 8 : 4);
            return false;
        }

        if (!marked) traits.HasLegacyFraming = true;
        message = Read(length, start);
        return true;
    }

    /// <summary>The message that a file's footer points at.</summary>
    public IpcMessage At(SeekableSource file, FooterBlock block)
    {
        file.MoveTo(block.Offset);
        Span<byte> prefix = stackalloc byte[8];
        file.Read(prefix[..4]);
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        bool marked = length == Continuation;
        if (marked)
        {
            file.Read(prefix[4..]);
            length = BinaryPrimitives.ReadInt32LittleEndian(prefix[4..]);
        }
        else
        {
            traits.HasLegacyFraming = true;
        }

        if (length <= 0 || length != block.MetadataLength - (marked ? 8 : 4))
        {
            throw new InvalidArrowException(
                $"a message of {length} bytes stands where the footer says {block.MetadataLength} with its prefix",
                offset: block.Offset);
        }

        IpcMessage message = Read(length, block.Offset);
        return message.HeldLength == block.BodyLength
            ? message
            : throw new InvalidArrowException(
                $"a message's body has {message.HeldLength} bytes where the footer says {block.BodyLength}",
                offset: block.Offset);
    }

    private IpcMessage Read(int length, long start)
    {
        if (length < 0) throw new InvalidArrowException($"a message's metadata has {length} bytes", offset: start);
        long metadataStart = source.Position;
        ReadOnlySpan<byte> metadata = source.ReadMetadata(length);
        if (metadata.Length < length)
        {
            throw new InvalidArrowException(
                $"the input ends inside a message's metadata: {metadata.Length} of {length} bytes", offset: start);
        }

        var root = FlatTable.Root(metadata, new FlatLimits(metadataStart, length));
        short version = MeetVersion(root.Short(0), traits, root.Offset);
        MeetCustomMetadata("a message", root.Vector(4, 4), root.Offset);
        if (!root.TryTable(2, out FlatTable header))
            throw new InvalidArrowException("a message has no header", offset: root.Offset);
        long bodyStart = source.Position;
        byte kind = root.Byte(1);
        bool isLeft = LeavesBatches && kind == IpcMessage.BatchHeader;
        long bodyLength = root.Long(3);
        bool isOver = !isLeft && options.ReadsLargeBatches && bodyLength > options.WholeBodyBytes;
        string? whole = isOver ? WhyWhole(kind, version, header) : null;
        BodyPieces? pieces = whole is null
            ? null
            : BodyPieces.Read(source, kind, header, bodyLength, root.Offset, whole);
        ReadOnlyMemory<byte> body = isLeft || isOver ? default : ReadBody(bodyLength, root.Offset);
        return new IpcMessage
        {
            Header = header,
            HeaderType = kind,
            Version = version,
            Body = body,
            Offset = start,
            BodyOffset = bodyStart,
            BodyLength = bodyLength,
            Pieces = pieces,
            IsLarge = isOver && pieces is null,
        };
    }

    /// <summary>Why a body cannot be read in parts by rows, or null where it can.</summary>
    private string? WhyWhole(byte kind, short version, FlatTable header) => 0 switch
    {
        _ when kind != IpcMessage.BatchHeader => "a dictionary is not cut",
        _ when header.TryTable(3, out _) => "a compressed batch cannot be cut; write it without compression",
        _ when version == IpcMessage.V4 => "a batch of metadata version V4 cannot be cut",
        _ when source is not SeekableSource => "input that cannot seek cannot be cut; write it to a file first",
        _ => null,
    };

    public static short MeetVersion(short version, IpcTraits traits, long offset)
    {
        if (version is not (IpcMessage.V4 or IpcMessage.V5))
        {
            throw new InvalidArrowException($"metadata version V{version + 1} is not read; V4 and V5 are",
                offset: offset, code: ErrorCode.Unsupported);
        }

        traits.MetadataVersion = Math.Min(traits.MetadataVersion, version);
        return version;
    }

    public void MeetCustomMetadata(string holder, FlatVector pairs, long offset)
    {
        if (pairs.Count == 0) return;
        if (!options.DropCustomMetadata && !IsAllDropped(pairs))
        {
            throw new InvalidArrowException(
                $"{holder} has custom_metadata, which a block cannot keep; say to drop it, or remove it",
                offset: offset);
        }

        traits.HasCustomMetadata = true;
    }

    private ReadOnlyMemory<byte> ReadBody(long length, long offset)
    {
        if (length < 0) throw new InvalidArrowException($"a message's body has {length} bytes", offset: offset);
        if (length > options.WholeBodyBytes)
        {
            throw new InvalidArrowException(
                $"a message's body has {length} bytes, over {options.WholeBodyBytes}; split the batch",
                offset: offset, code: ErrorCode.TooLarge);
        }

        ReadOnlyMemory<byte> body = source.ReadBody((int)length);
        return body.Length == length
            ? body
            : throw new InvalidArrowException(
                $"the input ends inside a message's body: {body.Length} of {length} bytes", offset: offset);
    }

    private bool IsAllDropped(FlatVector pairs)
    {
        if (options.DropMetadata is not { } dropped) return false;
        for (int i = 0; i < pairs.Count; i++)
        {
            if (!dropped.Contains(pairs.Table(i).Text(0, "a metadata key", null) ?? "")) return false;
        }

        return true;
    }

    private static bool IsEndMarkerCutShort(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> marker = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
        return marker.StartsWith(bytes) || marker[4..].StartsWith(bytes);
    }
}
