namespace ArrowCid.Server.Http;

/// <summary>A block that is being sent: its bytes are hashed before they are given, those of a large one a leaf of 1
/// MiB at a time.</summary>
internal sealed class ServedBlock : IDisposable
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly IDisposable? _lease;
    private readonly LargeBlock? _large;

    /// <summary>A block whose bytes were just proved.</summary>
    public ServedBlock(Cid cid, ReadOnlyMemory<byte> bytes, IDisposable? lease) =>
        (Cid, _bytes, _lease) = (cid, bytes, lease);

    /// <summary>A block whose leaves are known.</summary>
    public ServedBlock(Cid cid, ReadOnlyMemory<byte> bytes, IDisposable? lease, LargeBlock large)
        : this(cid, bytes, lease) => _large = large;

    public Cid Cid { get; }

    /// <summary>Called with the block's CID when a piece of it is found damaged.</summary>
    public Action<Cid>? OnDamage { get; init; }

    public long Length => _bytes.Length;

    /// <summary>Where it is over 1 MiB, the root of the same bytes as a UnixFS file.</summary>
    public Cid? Dag => _large?.Root;

    /// <summary>A range of the bytes, each piece proved as it is come to.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: a piece is not what it
    /// was.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces(long from, long count)
    {
        if (count == 0) yield break;
        if (_large is null)
        {
            yield return _bytes.Slice((int)from, (int)count);
            yield break;
        }

        long end = from + count;
        for (int leaf = (int)(from / LargeBlock.LeafBytes); (long)leaf * LargeBlock.LeafBytes < end; leaf++)
        {
            long start = (long)leaf * LargeBlock.LeafBytes;
            ReadOnlyMemory<byte> bytes = Leaf(leaf);
            int skip = (int)Math.Max(0, from - start);
            int upTo = (int)Math.Min(bytes.Length, end - start);
            yield return bytes[skip..upTo];
        }
    }

    /// <summary>All bytes, proved; of a node, which is small.</summary>
    public ReadOnlyMemory<byte> Whole()
    {
        foreach (ReadOnlyMemory<byte> _ in Pieces(0, Length))
        {
            // To come to each piece is to prove it.
        }

        return _bytes;
    }

    /// <summary>The first bytes, which tell a format, unproved.</summary>
    public ReadOnlySpan<byte> Start => _bytes.Span[..Math.Min(_bytes.Length, 8)];

    public void Dispose() => _lease?.Dispose();

    private ReadOnlyMemory<byte> Leaf(int index)
    {
        int start = index * LargeBlock.LeafBytes;
        ReadOnlyMemory<byte> bytes = _bytes.Slice(start, Math.Min(LargeBlock.LeafBytes, _bytes.Length - start));
        if (Cid.Sha256(Multicodec.Raw, bytes.Span) == _large!.Leaves[index]) return bytes;
        OnDamage?.Invoke(Cid);
        throw new ArrowCidException(ErrorCode.BlockCorrupt,
            $"bytes {start} to {start + bytes.Length - 1} of {Cid} are not what they were; repair it from a copy, or " +
            "put it again");
    }
}
