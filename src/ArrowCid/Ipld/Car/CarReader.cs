using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;

namespace ArrowCid.Ipld.Car;

/// <summary>
/// Reads an archive of version 1 or 2 forward, section by section, in bounded memory. It validates the framing and
/// every CID's form; checking that blocks hash to their CIDs is left to the caller.
/// </summary>
internal sealed class CarReader
{
    private readonly CarInput _input;
    private readonly bool _zeroEnds;
    private readonly long _payloadEnd = long.MaxValue;
    private readonly long _indexOffset;
    private long _left;
    private bool _isAtEnd;

    /// <param name="stream">The archive, from its first byte.</param>
    /// <param name="zeroEnds">A section of no length ends the archive, as padding; else it is a fault.</param>
    /// <exception cref="InvalidCarException">The headers break a rule.</exception>
    public CarReader(Stream stream, bool zeroEnds = false)
    {
        (_input, _zeroEnds, Version) = (new CarInput(stream), zeroEnds, 1);
        if (_input.Peek(CarFormat.Pragma.Length).SequenceEqual(CarFormat.Pragma))
        {
            Version = 2;
            (_payloadEnd, _indexOffset) = ReadVersion2();
        }

        PayloadOffset = _input.Position;
        Roots = ReadHeader();
    }

    /// <summary>1 or 2.</summary>
    public int Version { get; }

    /// <summary>The CIDs that the archive is about; perhaps none.</summary>
    public ImmutableArray<Cid> Roots { get; }

    /// <summary>Where the archive of version 1 begins: 0, or where version 2 says.</summary>
    public long PayloadOffset { get; }

    /// <summary>Whether the archive says that identity CIDs are in its index too.</summary>
    public bool IsFullyIndexed { get; private set; }

    /// <summary>Where the section begins that was read last, or could not be.</summary>
    public long SectionOffset { get; private set; }

    /// <summary>Passes what is left of the block before, and reads where the next one is.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidCarException">The bytes break a rule or end.</exception>
    public bool TryRead(out CarSection section)
    {
        section = default;
        if (_left > 0)
        {
            long skipped = _input.Skip(_left);
            if (skipped < _left) throw EndsInside("a block", _input.Position);
            _left = 0;
        }

        long start = SectionOffset = _input.Position;
        if (_isAtEnd || start == _payloadEnd) return false;
        if (_payloadEnd == long.MaxValue && _input.Peek(1).IsEmpty) return false;
        long length = ReadVarint("a section's length", start);
        if (length == 0)
        {
            if (!_zeroEnds) throw new InvalidCarException("a section has no length", start);
            _isAtEnd = true;
            return false;
        }

        if (length > _payloadEnd - _input.Position)
        {
            throw new InvalidCarException(Text(
                $"a section of {length} bytes runs past the end of the data, {_payloadEnd}"), start);
        }

        long cidStart = _input.Position;
        ReadOnlySpan<byte> ahead = _input.Peek((int)Math.Min(length, Cid.MaxByteLength));
        if (!Cid.TryReadFrom(ahead, out Cid cid, out int taken, out CidError error, CidParseOptions.AllowLongIdentity))
        {
            if (ahead.Length < Math.Min(length, Cid.MaxByteLength)) throw EndsInside("a section's CID", cidStart);
            throw new InvalidCarException(error == CidError.Truncated
                ? Text($"a section of {length} bytes is shorter than its CID")
                : $"a section's CID: {Cid.Describe(error)}", cidStart);
        }

        _input.Take(taken);
        _left = length - taken;
        CheckLimit(cid, length, start);
        section = new CarSection(cid, start, _input.Position, (int)_left);
        return true;
    }

    /// <summary>Reads on in the block of the last section.</summary>
    /// <returns>The number of bytes read: as many as fit, or as are left of the block; 0 at its end.</returns>
    public int ReadContent(Span<byte> target)
    {
        int count = (int)Math.Min(target.Length, _left);
        int read = _input.Read(target[..count]);
        if (read < count) throw EndsInside("a block", _input.Position);
        _left -= read;
        return read;
    }

    /// <summary>Reads the index after the data, once <see cref="TryRead"/> has reached the end.</summary>
    /// <param name="take">Gets each entry: the multihash's code (null in the older form), its digest, and the offset
    /// of its section from <see cref="PayloadOffset"/>.</param>
    /// <returns>What is wrong with the index, as a sentence without a full stop; null where it was read to its end, or
    /// where there is none to be read.</returns>
    /// <exception cref="InvalidCarException">Bytes follow the data where none belong.</exception>
    public string? ReadIndex(CarIndex.EntryTaker take)
    {
        if (Version == 1) return null;
        if (_indexOffset == 0)
        {
            bool ends = _isAtEnd || _input.Peek(1).IsEmpty;
            return ends ? null : throw new InvalidCarException("bytes follow the data, and there is no index",
                _input.Position);
        }

        long gap = _indexOffset - _input.Position;
        if (gap < 0) return Text($"the index would begin at {_indexOffset}, before the end of the data");
        return _input.Skip(gap) < gap
            ? Text($"the index would begin at {_indexOffset}, behind the end of the file")
            : CarIndex.Read(_input, take);
    }

    private (long PayloadEnd, long IndexOffset) ReadVersion2()
    {
        _input.Take(CarFormat.Pragma.Length);
        ReadOnlySpan<byte> header = _input.Peek(CarFormat.Version2Length - CarFormat.Pragma.Length);
        if (header.Length < CarFormat.Version2Length - CarFormat.Pragma.Length)
            throw EndsInside("the header of version 2", _input.Position);
        const int Characteristics = 16;
        byte first = header[0];
        if ((first & ~CarFormat.FullyIndexed) != 0 || header[1..Characteristics].ContainsAnyExcept((byte)0))
            throw new InvalidCarException("characteristics that are not known are set", _input.Position);
        IsFullyIndexed = first != 0;
        ulong data = BinaryPrimitives.ReadUInt64LittleEndian(header[Characteristics..]);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(header[(Characteristics + 8)..]);
        ulong index = BinaryPrimitives.ReadUInt64LittleEndian(header[(Characteristics + 16)..]);
        long at = _input.Position + Characteristics;
        if (data < CarFormat.Version2Length || data > long.MaxValue)
            throw new InvalidCarException(Text($"the data would begin at {data}, inside the header"), at);
        if (size == 0) throw new InvalidCarException("the data has no bytes", at + 8);
        if (size > long.MaxValue - data || index > long.MaxValue)
            throw new InvalidCarException("the data or the index lies beyond any file", at + 8);
        _input.Take(header.Length);
        long gap = (long)data - _input.Position;
        if (_input.Skip(gap) < gap) throw EndsInside("the padding before the data", _input.Position);
        return ((long)(data + size), (long)index);
    }

    private ImmutableArray<Cid> ReadHeader()
    {
        long start = _input.Position;
        if (_input.Peek(1).IsEmpty) throw EndsInside("the header", start);
        long length = ReadVarint("the header's length", start);
        if (length == 0) throw new InvalidCarException("the header has no length", start);
        if (length > CarFormat.MaxHeaderBytes || length > _payloadEnd - _input.Position)
            throw new InvalidCarException(Text($"a header of {length} bytes"), start);
        long headerStart = _input.Position;
        byte[] bytes = ReadGrowing((int)length);
        if (bytes.Length < length) throw EndsInside("the header", headerStart);
        IpldNode header;
        try
        {
            header = DagCbor.Decode(bytes, IpldReadOptions.Lenient);
        }
        catch (InvalidIpldException e)
        {
            throw new InvalidCarException($"the header: {e.Rule}", headerStart + Math.Max(0, e.Offset));
        }

        return JudgeHeader(header, headerStart);
    }

    private ImmutableArray<Cid> JudgeHeader(IpldNode header, long at)
    {
        if (header.Kind != IpldKind.Map || header[CarFormat.VersionKey] is not { Kind: IpldKind.Integer } version)
            throw new InvalidCarException("the header is not a map with a version", at);
        if (version.AsInteger() != 1)
        {
            string where = Version == 2 ? " inside version 2" : "";
            throw new InvalidCarException($"version {version.AsInteger()}{where} is not read; 1 and 2 are", at,
                ErrorCode.InvalidData);
        }

        if (header[CarFormat.RootsKey] is not { Kind: IpldKind.List } roots || header.Count != 2)
            throw new InvalidCarException("the header is not roots, a list, and a version", at);
        return [.. roots.Items.Select(root => root.Kind == IpldKind.Link
            ? root.AsLink()
            : throw new InvalidCarException("a root is not a CID", at))];
    }

    private byte[] ReadGrowing(int length)
    {
        // A length is only a claim until its bytes have come.
        const int FirstStep = 1 << 16;
        byte[] bytes = new byte[Math.Min(length, FirstStep)];
        int have = _input.Read(bytes);
        while (have == bytes.Length && have < length)
        {
            Array.Resize(ref bytes, (int)Math.Min(length, 2L * have));
            have += _input.Read(bytes.AsSpan(have));
        }

        return have == bytes.Length ? bytes : bytes[..have];
    }

    private long ReadVarint(string what, long start)
    {
        ReadOnlySpan<byte> ahead = _input.Peek(Varint.MaxLength);
        CidError error = Varint.Read(ahead, out ulong value, out int taken);
        if (error == CidError.Truncated) throw EndsInside(what, start);
        if (error != CidError.None) throw new InvalidCarException($"{what}: {Cid.Describe(error)}", start);
        _input.Take(taken);
        return (long)value;
    }

    private static void CheckLimit(Cid cid, long length, long start)
    {
        bool streams = cid.Codec == Multicodec.Raw && cid.Hash.IsSha256;
        int most = streams ? CarFormat.MaxRawBytes : CarFormat.MaxSectionBytes;
        if (length <= most) return;
        throw new InvalidCarException(Text($"a section of {length} bytes; {most} at most"), start, ErrorCode.TooLarge);
    }

    private static InvalidCarException EndsInside(string what, long offset) =>
        new($"the file ends inside {what}", offset) { IsCutShort = true };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
