using System.Numerics;
using ArrowCid.Memory;

namespace ArrowCid.Ipld.Car;

/// <summary>
/// Computes the root of a Filecoin piece: the payload padded by fr32 (127 bytes become 128, so that each 32 bytes are a
/// number under 2^254), as the leaves of a binary tree of SHA-256 whose digests are cut to 254 bits. Works forward in
/// 96 KiB of memory and one node per level of the tree.
/// </summary>
/// <remarks>Not safe for concurrent use.</remarks>
internal sealed class PieceHasher
{
    /// <summary>The height of the smallest piece: four leaves, 128 bytes.</summary>
    public const int LeastHeight = 2;

    /// <summary>The height of the largest piece, 2^60 bytes; sectors have at most 2^36.</summary>
    public const int MostHeight = 55;

    // The number of quads that are hashed together, level by level: 1024 leaves, ten levels.
    private const int PayloadQuad = 127, PaddedQuad = 128, Node = Digest256.ByteCount, Quads = 256, ChunkHeight = 10;

    // The byte of a digest whose two highest bits are cleared, and the mask.
    private const int TopByte = Node - 1;
    private const byte TopMask = 0x3f;

    private static readonly Digest256[] s_zeros = Zeros();

    private readonly byte[] _payload = new byte[Quads * PayloadQuad];
    private readonly byte[] _nodes = new byte[Quads * PaddedQuad];
    private readonly Digest256[] _digests = new Digest256[Quads * PaddedQuad / Node / 2];
    private readonly (long Offset, int Length)[] _pairs = new (long, int)[Quads * PaddedQuad / Node / 2];

    // Of each height the left node that waits for its right neighbor, where there is one.
    private readonly Digest256[] _waiting = new Digest256[MostHeight + 1];
    private ulong _isWaiting;
    private int _filled;

    public PieceHasher()
    {
        for (int i = 0; i < _pairs.Length; i++) _pairs[i] = ((long)i * 2 * Node, 2 * Node);
    }

    /// <summary>The bytes of the payload so far.</summary>
    public long Length { get; private set; }

    /// <summary>Takes the next bytes of the payload.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, _payload.Length - _filled);
            bytes[..count].CopyTo(_payload.AsSpan(_filled));
            bytes = bytes[count..];
            _filled += count;
            if (_filled == _payload.Length) ReduceChunk();
        }
    }

    /// <summary>Ends the payload; the instance cannot be used again.</summary>
    /// <param name="leastHeight">The height of the tree, at least: what the payload does not fill is zeros.</param>
    /// <returns>The root and the height of the tree.</returns>
    public (Digest256 Root, int Height) Finish(int leastHeight = LeastHeight)
    {
        int height = Math.Max(HeightOf(Length), leastHeight);
        if (_filled > 0 || Length == 0) AddRest();
        Digest256? right = null;
        for (int level = 0; level < height; level++)
        {
            if ((_isWaiting >> level & 1) == 1) right = Parent(_waiting[level], right ?? s_zeros[level]);
            else if (right is { } left) right = Parent(left, s_zeros[level]);
        }

        return (right ?? _waiting[height], height);
    }

    /// <summary>The height of the smallest piece that holds a payload.</summary>
    public static int HeightOf(long payload)
    {
        UInt128 quads = ((UInt128)payload + PayloadQuad - 1) / PayloadQuad;
        return quads <= 1 ? LeastHeight : LeastHeight + 64 - BitOperations.LeadingZeroCount((ulong)quads - 1);
    }

    private void AddRest()
    {
        _payload.AsSpan(_filled).Clear();
        int quads = Math.Max(1, (_filled + PayloadQuad - 1) / PayloadQuad);
        Pad(quads);
        for (int i = 0; i < quads * PaddedQuad; i += Node) Add(0, new Digest256(_nodes.AsSpan(i, Node)));
        _filled = 0;
    }

    private void ReduceChunk()
    {
        Pad(Quads);
        for (int pairs = _pairs.Length; pairs > 0; pairs /= 2)
        {
            Sha256.HashMany(_nodes, _pairs.AsSpan(0, pairs), _digests);
            for (int i = 0; i < pairs; i++)
            {
                Span<byte> node = _nodes.AsSpan(i * Node, Node);
                _digests[i].CopyTo(node);
                node[TopByte] &= TopMask;
            }
        }

        Add(ChunkHeight, new Digest256(_nodes.AsSpan(0, Node)));
        _filled = 0;
    }

    /// <summary>Shifts each quad's bits up by 0, 2, 4, 6, so that each fourth has two zero bits at its end.</summary>
    private void Pad(int quads)
    {
        for (int quad = 0; quad < quads; quad++)
        {
            ReadOnlySpan<byte> from = _payload.AsSpan(quad * PayloadQuad, PayloadQuad);
            Span<byte> to = _nodes.AsSpan(quad * PaddedQuad, PaddedQuad);
            from[..Node].CopyTo(to);
            to[TopByte] &= TopMask;
            for (int part = 1; part < PaddedQuad / Node; part++)
            {
                int up = 2 * part, start = part * Node;
                int end = Math.Min(start + Node, PayloadQuad);
                for (int i = start; i < end; i++) to[i] = (byte)((from[i] << up) | (from[i - 1] >> (8 - up)));
                to[start + TopByte] &= TopMask;
            }

            to[PaddedQuad - 1] = (byte)(from[PayloadQuad - 1] >> 2);
        }
    }

    private void Add(int level, Digest256 node)
    {
        while ((_isWaiting >> level & 1) == 1)
        {
            node = Parent(_waiting[level], node);
            _isWaiting &= ~(1UL << level++);
        }

        _waiting[level] = node;
        _isWaiting |= 1UL << level;
    }

    private static Digest256 Parent(Digest256 left, Digest256 right)
    {
        Span<byte> both = stackalloc byte[2 * Node];
        left.CopyTo(both);
        right.CopyTo(both[Node..]);
        Sha256.Hash(both).CopyTo(both);
        both[TopByte] &= TopMask;
        return new Digest256(both[..Node]);
    }

    private static Digest256[] Zeros()
    {
        var zeros = new Digest256[MostHeight + 1];
        for (int i = 1; i < zeros.Length; i++) zeros[i] = Parent(zeros[i - 1], zeros[i - 1]);
        return zeros;
    }
}
