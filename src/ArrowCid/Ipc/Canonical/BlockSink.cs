using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>
/// Where a block's bytes go, in order: into the caller's memory, into the hash, into both, or beside bytes that they
/// are held against; piece by piece while they are in cache.
/// </summary>
internal ref struct BlockSink
{
    /// <summary>Bytes hashed at a time.</summary>
    public const int Piece = 2 * 1024;

    private readonly Span<byte> _block;
    private readonly bool _keeps;
    private readonly Sha256? _hash;
    private readonly ReadOnlySpan<byte> _expected;
    private byte[] _piece;
    private int _hashed;

    /// <summary>A sink that fills <paramref name="block"/> and hashes what stands there.</summary>
    public BlockSink(Span<byte> block, Sha256 hash)
    {
        _block = block;
        (_keeps, _hash, _piece) = (true, hash, []);
    }

    /// <summary>A sink that only fills <paramref name="block"/>; its digest means nothing.</summary>
    public BlockSink(Span<byte> block)
    {
        _block = block;
        (_keeps, _piece) = (true, []);
    }

    /// <summary>A sink that only hashes.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="piece">Memory to put bytes together in, at least <see cref="Piece"/> long.</param>
    public BlockSink(Sha256 hash, byte[] piece) => (_hash, _piece) = (hash, piece);

    /// <summary>A sink that only compares; its digest means nothing.</summary>
    /// <param name="expected">As many bytes as are to come.</param>
    /// <param name="piece">As for the sink that only hashes.</param>
    public BlockSink(ReadOnlySpan<byte> expected, byte[] piece)
    {
        _expected = expected;
        _piece = piece;
    }

    /// <summary>Bytes put so far.</summary>
    public int Position { get; private set; }

    /// <summary>Whether a byte was another than the one expected.</summary>
    public bool Differs { get; private set; }

    /// <summary>Puts bytes that the hash has taken in already; only at the start.</summary>
    public void PutHashed(ReadOnlySpan<byte> bytes)
    {
        if (_keeps)
        {
            bytes.CopyTo(_block);
            _hashed = bytes.Length;
        }
        else if (_hash is null)
        {
            Compare(bytes, 0);
        }

        Position = bytes.Length;
    }

    /// <summary>
    /// Returns space for at least <paramref name="least"/> bytes, to be filled wholly or in part before <see
    /// cref="Advance"/>.
    /// </summary>
    public Span<byte> GetSpan(int least)
    {
        if (_keeps) return _block.Slice(Position, Math.Max(least, Math.Min(Piece, _block.Length - Position)));
        if (_piece.Length - _hashed < least)
        {
            Flush();
            if (_piece.Length < least) _piece = new byte[least];
        }

        return _piece.AsSpan(_hashed);
    }

    public void Advance(int count)
    {
        Position += count;
        if (_keeps)
        {
            if (_hash is not null && Position - _hashed >= Piece) Flush();
        }
        else
        {
            _hashed += count;
        }
    }

    public void Put(scoped ReadOnlySpan<byte> bytes)
    {
        if (!_keeps && bytes.Length >= 1024)
        {
            Flush();
            if (_hash is null) Compare(bytes, Position);
            else _hash.Append(bytes);
            Position += bytes.Length;
            return;
        }

        while (!bytes.IsEmpty)
        {
            Span<byte> span = GetSpan(Math.Min(bytes.Length, Piece));
            int count = Math.Min(span.Length, bytes.Length);
            bytes[..count].CopyTo(span);
            bytes = bytes[count..];
            Prefetch.Lines(bytes[..Math.Min(Piece, bytes.Length)]);
            Advance(count);
        }
    }

    /// <summary>Zeros up to the next multiple of 64.</summary>
    public void Align()
    {
        int count = BlockFormat.Padding(Position);
        if (count == 0) return;
        GetSpan(count)[..count].Clear();
        Advance(count);
    }

    public Digest256 Finish()
    {
        if (_hash is null && _keeps) return default;
        Flush();
        return _hash is null ? default : _hash.Finish();
    }

    private void Compare(scoped ReadOnlySpan<byte> bytes, int at) =>
        Differs |= !bytes.SequenceEqual(_expected.Slice(at, bytes.Length));

    // In a keeping sink _hashed is how much of the block is hashed; in the other how much of the piece is filled.
    private void Flush()
    {
        if (_keeps)
        {
            Prefetch.Lines(_block.Slice(Position, Math.Min(Piece, _block.Length - Position)));
            _hash!.Append(_block[_hashed..Position]);
            _hashed = Position;
        }
        else if (_hashed > 0)
        {
            if (_hash is null) Compare(_piece.AsSpan(0, _hashed), Position - _hashed);
            else _hash.Append(_piece.AsSpan(0, _hashed));
            _hashed = 0;
        }
    }
}
