using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>The backlog of a place in the pieces in which it is copied.</summary>
internal static class BacklogPieces
{
    private const int MostAtOnce = 1024;
    private const long MostBytesAtOnce = 256 << 20;

    public static IEnumerable<(List<Cid> Cids, long Bytes)> Of(IEnumerable<(Cid Cid, long Length)> waiting)
    {
        var some = new List<Cid>();
        long held = 0;
        foreach ((Cid cid, long length) in waiting)
        {
            some.Add(cid);
            held += length;
            if (some.Count < MostAtOnce && held < MostBytesAtOnce) continue;
            yield return (some, held);
            (some, held) = ([], 0);
        }

        if (some.Count > 0) yield return (some, held);
    }

    public static BlockCopyResult Sum(BlockCopyResult one, BlockCopyResult other) => new()
    {
        Blocks = one.Blocks + other.Blocks,
        NewBlocks = one.NewBlocks + other.NewBlocks,
        ByteLength = one.ByteLength + other.ByteLength,
    };
}
