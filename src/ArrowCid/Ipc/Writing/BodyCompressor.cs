using System.Buffers.Binary;
using ArrowCid.Compression;

namespace ArrowCid.Ipc;

/// <summary>
/// Compresses the bodies of IPC messages, each buffer by itself, as <c>BodyCompression</c> of Arrow's Message.fbs says:
/// an
/// int64 with the plain length in front of the frame, or -1 in front of the plain bytes where a frame would not be
/// smaller. Not safe for concurrent use.
/// </summary>
/// <param name="codec">The codec; not <see cref="ArrowCompression.None"/>.</param>
internal sealed class BodyCompressor(ArrowCompression codec)
{
    // The level that Arrow's C++ library uses.
    private const int ZstdLevel = 1;

    // Codes of CompressionType.
    private const int Lz4Code = 0, ZstdCode = 1;

    private const int LengthBytes = sizeof(long), Alignment = 8;

    private readonly FlatBufferWriter _message = new();
    private byte[] _body = [];
    private int _length;

    /// <summary>The compressed message's metadata, encapsulated: continuation, length and flatbuffer. Valid until the
    /// next message.</summary>
    public ReadOnlySpan<byte> Metadata => _message.Written;

    /// <summary>The compressed message's body, valid until the next message.</summary>
    public ReadOnlyMemory<byte> Body => _body.AsMemory(0, _length);

    /// <summary>Compresses a message.</summary>
    /// <param name="header">The flatbuffer of a record batch or dictionary batch that is not compressed.</param>
    /// <param name="body">Its body.</param>
    /// <exception cref="InvalidArrowException">The header is of another message, or a buffer lies outside the
    /// body.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: the body would be over 2^31
    /// bytes.</exception>
    public void Compress(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        var message = FlatTable.Root(header, new FlatLimits(0, header.Length));
        byte kind = message.Byte(1);
        if (kind is not (IpcMessage.BatchHeader or IpcMessage.DictionaryHeader) || !message.TryTable(2,
            out FlatTable table))
            throw new InvalidArrowException("the message to compress is not a batch");
        FlatTable batch = table;
        if (kind == IpcMessage.DictionaryHeader && !table.TryTable(1, out batch))
            throw new InvalidArrowException("the dictionary to compress has no batch");

        FlatVector buffers = batch.Vector(2, 16);
        _length = 0;
        (long Start, long Length)[] places = new (long, long)[buffers.Count];
        for (int i = 0; i < places.Length; i++)
        {
            long start = buffers.Long(i), length = buffers.Long(i, 8);
            if (start < 0 || length < 0 || start > body.Length || length > body.Length - start)
                throw new InvalidArrowException("a buffer of the message to compress lies outside its body");
            int at = _length;
            if (length > 0) Add(body.Slice((int)start, (int)length));
            places[i] = (at, _length - at);
            Pad();
        }

        WriteMetadata(message, kind, table, batch, places);
    }

    private void WriteMetadata(FlatTable message, byte kind, FlatTable table, FlatTable batch,
        ReadOnlySpan<(long Start, long Length)> places)
    {
        _message.Clear();
        _message.Begin();
        int root = _message.Table([2, 1, 4, 8]);
        _message.Set16(root, 0, message.Short(0));
        _message.Set8(root, 1, kind);
        _message.Set64(root, 3, _length);
        int parent = root, slot = 2;
        if (kind == IpcMessage.DictionaryHeader)
        {
            int dictionary = _message.Table([8, 4, 1]);
            _message.Link(root, 2, dictionary);
            _message.Set64(dictionary, 0, table.Long(0));
            _message.Set8(dictionary, 2, table.Byte(2));
            (parent, slot) = (dictionary, 1);
        }

        FlatVector counts = batch.Vector(4, 8);
        int copy = counts.Count > 0 ? _message.Table([8, 4, 4, 4, 4]) : _message.Table([8, 4, 4, 4]);
        _message.Link(parent, slot, copy);
        _message.Set64(copy, 0, batch.Long(0));
        FlatVector nodes = batch.Vector(1, 16);
        int vector = _message.WideVector(nodes.Count, 16);
        _message.Link(copy, 1, vector);
        for (int i = 0; i < nodes.Count; i++)
        {
            _message.Write64(vector + 4 + 16 * i, nodes.Long(i));
            _message.Write64(vector + 12 + 16 * i, nodes.Long(i, 8));
        }

        vector = _message.WideVector(places.Length, 16);
        _message.Link(copy, 2, vector);
        for (int i = 0; i < places.Length; i++)
        {
            _message.Write64(vector + 4 + 16 * i, places[i].Start);
            _message.Write64(vector + 12 + 16 * i, places[i].Length);
        }

        int compression = _message.Table([1, 1]);
        _message.Link(copy, 3, compression);
        _message.Set8(compression, 0, codec == ArrowCompression.Zstd ? ZstdCode : Lz4Code);
        if (counts.Count > 0)
        {
            vector = _message.WideVector(counts.Count, 8);
            _message.Link(copy, 4, vector);
            for (int i = 0; i < counts.Count; i++) _message.Write64(vector + 4 + 8 * i, counts.Long(i));
        }

        _message.End(root);
    }

    /// <summary>Adds a buffer: its frame, or its bytes where that is not smaller.</summary>
    private void Add(ReadOnlySpan<byte> buffer)
    {
        long bound = codec == ArrowCompression.Zstd
            ? Zstd.MaxCompressedLength(buffer.Length)
            : Lz4Frame.MaxCompressedLength(buffer.Length);
        int start = _length;
        long length = -1;
        int written = buffer.Length;
        // A frame that may not fit an array is not tried.
        if (start + LengthBytes + bound + Alignment <= Array.MaxLength)
        {
            Span<byte> target = Take(LengthBytes + (int)bound)[LengthBytes..];
            written = codec == ArrowCompression.Zstd
                ? Zstd.Compress(buffer, target, ZstdLevel)
                : Lz4Frame.Compress(buffer, target);
            if (written < buffer.Length) length = buffer.Length;
        }

        if (length == -1)
        {
            written = buffer.Length;
            buffer.CopyTo(Take(LengthBytes + written)[LengthBytes..]);
        }

        BinaryPrimitives.WriteInt64LittleEndian(_body.AsSpan(start), length);
        _length = start + LengthBytes + written;
    }

    private void Pad()
    {
        int padding = -_length & (Alignment - 1);
        Take(padding)[..padding].Clear();
        _length += padding;
    }

    private Span<byte> Take(int count)
    {
        long needed = (long)_length + count;
        if (needed > Array.MaxLength)
            throw new ArrowCidException(ErrorCode.TooLarge, "the batch is too large to be compressed as one message");
        if (needed > _body.Length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(
                (int)Math.Min(Array.MaxLength, Math.Max(needed, _body.Length + _body.Length / 2L)));
            _body.AsSpan(0, _length).CopyTo(larger);
            _body = larger;
        }

        return _body.AsSpan(_length, count);
    }
}
