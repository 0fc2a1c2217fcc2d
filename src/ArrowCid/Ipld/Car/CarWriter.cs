using System.Buffers.Binary;

namespace ArrowCid.Ipld.Car;

/// <summary>
/// Writes an archive forward, in memory that grows with the number of blocks alone. The same roots and blocks in the
/// same order give the same bytes.
/// </summary>
internal sealed class CarWriter
{
    private readonly Stream _output;
    private readonly int _version;
    private readonly long _start;
    private readonly List<(Multihash Hash, long Offset)> _index = [];
    private readonly long _headerEnd;
    private long _written;
    private long _left;

    /// <summary>Writes the headers.</summary>
    /// <param name="output">Where to write; for version 2 it must be seekable, because the header is completed at the
    /// end.</param>
    /// <param name="roots">What the archive is about.</param>
    /// <param name="version">1, or 2 with an index.</param>
    public CarWriter(Stream output, IReadOnlyList<Cid> roots, int version)
    {
        (_output, _version) = (output, version);
        if (version == 2)
        {
            if (!output.CanSeek)
            {
                throw new ArrowCidException(ErrorCode.Unsupported,
                    "a CAR of version 2 says at its start how long it is, so it goes to a file; name one, or take " +
                    "version 1");
            }

            _start = output.Position;
            output.Write(new byte[CarFormat.Version2Length]);
        }

        byte[] header = HeaderOf(roots);
        WriteVarint((ulong)header.Length);
        Write(header);
        _headerEnd = _written;
    }

    /// <summary>The bytes written, without the headers of version 2.</summary>
    public long Length => _written;

    /// <summary>Writes a block.</summary>
    public void Add(Cid cid, ReadOnlySpan<byte> block)
    {
        Begin(cid, block.Length);
        Append(block);
    }

    /// <summary>Begins a block of <paramref name="length"/> bytes, which follow with <see cref="Append"/>.</summary>
    public void Begin(Cid cid, long length)
    {
        if (_left != 0) throw new InvalidOperationException($"{_left} bytes of the block before are missing.");
        if (cid.Hash.Code != Multicodec.Identity) _index.Add((cid.Hash, _written));
        WriteVarint((ulong)(cid.ByteLength + length));
        Write(cid.ToBytes());
        _left = length;
    }

    /// <summary>Writes the next bytes of a block.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _left) throw new InvalidOperationException("More bytes than the block was said to have.");
        Write(bytes);
        _left -= bytes.Length;
    }

    /// <summary>Ends the archive and completes the fields of version 2.</summary>
    /// <returns>The index's bytes.</returns>
    public long Finish()
    {
        if (_left != 0) throw new InvalidOperationException($"{_left} bytes of the last block are missing.");
        if (_version == 1) return 0;
        CarIndex.Write(_output, _index);
        long end = _output.Position;
        Span<byte> header = stackalloc byte[CarFormat.Version2Length];
        header.Clear();
        CarFormat.Pragma.CopyTo(header);
        const int DataOffset = 27;
        BinaryPrimitives.WriteUInt64LittleEndian(header[DataOffset..], CarFormat.Version2Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[(DataOffset + 8)..], (ulong)_written);
        BinaryPrimitives.WriteUInt64LittleEndian(header[(DataOffset + 16)..],
            (ulong)(CarFormat.Version2Length + _written));
        _output.Position = _start;
        _output.Write(header);
        _output.Position = end;
        return end - _start - CarFormat.Version2Length - _written;
    }

    /// <summary>Puts the roots into the header that are known only once all is written: of version 2, as many and as
    /// long as those that stand there.</summary>
    public void ReplaceRoots(IReadOnlyList<Cid> roots)
    {
        byte[] header = HeaderOf(roots);
        long at = _start + CarFormat.Version2Length + _headerEnd - header.Length;
        if (_version != 2 || Varint.Length((ulong)header.Length) + header.Length != _headerEnd)
            throw new InvalidOperationException("The roots have another length than the header has space for.");
        long end = _output.Position;
        _output.Position = at;
        _output.Write(header);
        _output.Position = end;
    }

    private static byte[] HeaderOf(IReadOnlyList<Cid> roots) => DagCbor.Encode(IpldNode.Map(
        (CarFormat.RootsKey, IpldNode.List([.. roots.Select(IpldNode.Link)])),
        (CarFormat.VersionKey, IpldNode.Integer(1))));

    private void WriteVarint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[Varint.MaxLength];
        Write(bytes[..Varint.Write(bytes, value)]);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _written += bytes.Length;
    }
}
