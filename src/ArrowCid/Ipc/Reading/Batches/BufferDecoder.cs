using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Compression;

namespace ArrowCid.Ipc;

/// <summary>The buffers of one body in order: borrowed as they lie, or decompressed, or their byte order swapped.
/// </summary>
internal ref struct BufferDecoder
{
    private const int NoCodec = -1, Lz4Code = 0, ZstdCode = 1;

    // The highest ratios of these codecs: an LZ4 length byte encodes 255 bytes, a zstd block of 4 bytes 128 KiB.
    private const long Lz4Ratio = 256, ZstdRatio = 1 << 15, RatioSlack = 1 << 18;

    private readonly ReadOnlyMemory<byte> _body;
    private readonly BodyPieces? _pieces;
    private readonly long _length;
    private readonly long _bodyOffset;
    private readonly long _bodyStart;
    private readonly long _batchOffset;
    private readonly FlatVector _vector;
    private readonly bool _swap;
    private readonly int _codec;
    private readonly ByteBudget _budget;
    private readonly IpcTraits _traits;
    private int _next;

    public BufferDecoder(in IpcMessage message, FlatTable batch, bool swap, ByteBudget budget, IpcTraits traits)
    {
        (_body, _bodyOffset, _batchOffset) = (message.Body, message.BodyOffset, batch.Offset);
        (_swap, _budget, _traits, _bodyStart) = (swap, budget, traits, message.BodyStart);
        (_pieces, _length) = (message.Pieces, message.HeldLength);
        _vector = batch.Vector(2, 16);
        _codec = batch.TryTable(3, out FlatTable compression) ? Codec(compression, traits) : NoCodec;
        traits.MeetAlignment(message.BodyOffset);
        traits.MeetAlignment(_length);
    }

    public readonly int Count => _vector.Count;

    public readonly int Remaining => _vector.Count - _next;

    public ReadOnlyMemory<byte> Next(FieldPath path, Swap swap)
    {
        if (_next == _vector.Count)
        {
            throw new InvalidArrowException($"a batch has {_vector.Count} buffers, fewer than its columns need", path,
                offset: _batchOffset);
        }

        long start = _vector.Long(_next), length = _vector.Long(_next, 8), at = _vector.Offset(_next);
        _next++;
        if (length == 0) return default;
        bool isBefore = start < _bodyStart || length < 0;
        if (isBefore || start - _bodyStart > _length || length > _length - (start - _bodyStart))
        {
            string body = _bodyStart == 0 ? $"its body of {_length}" : $"the {_length} at {_bodyStart}";
            throw new InvalidArrowException($"a buffer of {length} bytes at {start} lies outside {body}", path,
                offset: at);
        }

        _traits.MeetAlignment(start);
        ReadOnlyMemory<byte> buffer = _pieces is null
            ? _body.Slice((int)(start - _bodyStart), (int)length)
            : _pieces.Slice(start, (int)length);
        bool owned = false;
        if (_codec != NoCodec) buffer = Decompress(buffer, path, _bodyOffset + start, out owned);
        if (!_swap || swap == Swap.None || buffer.IsEmpty) return buffer;
        if (!owned) _budget.Take(buffer.Length, path, _bodyOffset + start);
        return ByteOrder.Swapped(buffer.Span, swap);
    }

    /// <summary>Passes buffers that are not asked for.</summary>
    public void Skip(int count, FieldPath path)
    {
        if (count > Remaining)
        {
            throw new InvalidArrowException($"a batch has {_vector.Count} buffers, fewer than its columns need", path,
                offset: _batchOffset);
        }

        _next += count;
    }

    private readonly ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> buffer, FieldPath path, long offset,
        out bool owned)
    {
        owned = false;
        if (buffer.Length < 8)
        {
            throw new InvalidArrowException(
                $"a compressed buffer of {buffer.Length} bytes lacks its length of 8", path, offset: offset);
        }

        long length = BinaryPrimitives.ReadInt64LittleEndian(buffer.Span);
        buffer = buffer[8..];
        if (length == -1) return buffer;
        if (length == 0) return default;
        if (length < 0)
            throw new InvalidArrowException($"a compressed buffer claims {length} bytes", path, offset: offset);
        if (length > Array.MaxLength)
        {
            throw new InvalidArrowException($"a buffer has {length} bytes, over 2^31 - 1", path, offset: offset,
                code: ErrorCode.TooLarge);
        }

        if (length > buffer.Length * (_codec == ZstdCode ? ZstdRatio : Lz4Ratio) + RatioSlack)
        {
            throw new InvalidArrowException(
                $"{buffer.Length} compressed bytes cannot hold the {length} that are claimed", path, offset: offset);
        }

        _budget.Take(length, path, offset);
        byte[] target = GC.AllocateUninitializedArray<byte>((int)length);
        CodecResult result = _codec == ZstdCode
            ? Zstd.Decompress(buffer.Span, target)
            : Lz4Frame.Decompress(buffer.Span, target);
        owned = true;
        return result switch
        {
            CodecResult.Complete => target,
            CodecResult.OtherLength => throw new InvalidArrowException(
                $"a compressed buffer does not hold exactly the {length} bytes that it claims", path, offset: offset),
            _ => throw new InvalidArrowException("a compressed buffer is broken", path, offset: offset),
        };
    }

    private static int Codec(FlatTable compression, IpcTraits traits)
    {
        int codec = compression.Byte(0);
        if (codec is not (Lz4Code or ZstdCode) || compression.Byte(1) != 0)
        {
            throw new InvalidArrowException(
                $"body compression {codec} by method {compression.Byte(1)} is not known (LZ4 frame and zstd are)",
                offset: compression.Offset, code: ErrorCode.Unsupported);
        }

        if (codec == ZstdCode) traits.HasZstdBodies = true;
        else traits.HasLz4Bodies = true;
        return codec;
    }
}
