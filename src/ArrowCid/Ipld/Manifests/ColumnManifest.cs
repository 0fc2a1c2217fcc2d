using System.Collections.Immutable;
using System.Globalization;
using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Ipld;

/// <summary>
/// The column manifest of a block (<c>MANIFESTS.md</c>): the block's bytes as head, a range a column and tail, cut in
/// pieces at these edges. Put together the pieces are the block; one column can be fetched and proved alone; equal
/// columns of two blocks share their pieces.
/// </summary>
/// <param name="Cid">The block's CID.</param>
/// <param name="Schema">Its schema's CID.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="ByteLength">Its bytes.</param>
/// <param name="Head">The pieces of the messages before the columns.</param>
/// <param name="Columns">The columns.</param>
/// <param name="Tail">The pieces of the end.</param>
internal sealed record ColumnManifest(Cid Cid, Cid Schema, long Rows, long ByteLength,
    ImmutableArray<ColumnPiece> Head, ImmutableArray<ColumnPieces> Columns, ImmutableArray<ColumnPiece> Tail)
{
    public const string Kind = "arrowcid/columns";

    /// <summary>The most bytes of a piece.</summary>
    public const int MaxPiece = 1 << 20;

    /// <summary>The most bytes of the manifest.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>All pieces in the order of the block's bytes.</summary>
    public IEnumerable<ColumnPiece> Pieces => Head.Concat(Columns.SelectMany(column => column.Pieces)).Concat(Tail);

    /// <summary>Makes the manifest of a block.</summary>
    /// <param name="block">A canonical block.</param>
    /// <param name="cid">Its CID.</param>
    /// <param name="schema">Its schema's CID.</param>
    public static ColumnManifest Of(ReadOnlyMemory<byte> block, Cid cid, Cid schema)
    {
        BlockRanges ranges = BlockRanges.Of(block);
        var pieces = new List<(long Offset, int Length)>();
        foreach (BlockRange range in ranges.Head) Cut(range, pieces);
        int head = pieces.Count;
        int[] ends = new int[ranges.Columns.Length];
        for (int i = 0; i < ends.Length; i++)
        {
            Cut(ranges.Columns[i], pieces);
            ends[i] = pieces.Count;
        }

        Cut(ranges.Tail, pieces);
        var digests = new Digest256[pieces.Count];
        Sha256.HashMany(block.Span, pieces.ToArray(), digests);
        ColumnPiece[] hashed = [.. pieces.Zip(digests, (piece, digest) =>
            new ColumnPiece(Cid.FromSha256(Multicodec.Raw, digest), piece.Length))];
        ImmutableArray<ColumnPieces>.Builder columns = ImmutableArray.CreateBuilder<ColumnPieces>(ends.Length);
        for (int i = 0, from = head; i < ends.Length; from = ends[i++])
            columns.Add(new ColumnPieces(ranges.Schema.Fields[i].Name, [.. hashed[from..ends[i]]]));
        return new ColumnManifest(cid, schema, ranges.Rows, block.Length, [.. hashed[..head]],
            columns.DrainToImmutable(), [.. hashed[(ends.Length > 0 ? ends[^1] : head)..]]);
    }

    /// <summary>The manifest's own block.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: over the limit.</exception>
    public byte[] Encode()
    {
        byte[] block = DagCbor.Encode(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("cid", IpldNode.Bytes(Cid.ToBytes())),
            ("head", ListOf(Head)),
            ("kind", IpldNode.Text(Kind)),
            ("rows", IpldNode.Integer(Rows)),
            ("tail", ListOf(Tail)),
            ("bytes", IpldNode.Integer(ByteLength)),
            ("schema", IpldNode.Bytes(Schema.ToBytes())),
            ("columns", IpldNode.List([.. Columns.Select(column =>
                IpldNode.Map(("name", IpldNode.Text(column.Name)), ("pieces", ListOf(column.Pieces))))]))));
        return block.Length <= MaxBytes
            ? block
            : throw new ArrowCidException(ErrorCode.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"the column manifest of {Cid} would have {block.Length} bytes, {MaxBytes} at most: " +
                $"export it as UnixFS"));
    }

    /// <summary>Reads a manifest. That its pieces are the block's is proved only by putting them together.</summary>
    /// <exception cref="InvalidIpldException">It breaks a rule.</exception>
    public static ColumnManifest Decode(IpldNode node)
    {
        ManifestNode map = ManifestNode.Of(node, Kind, "cid", "head", "rows", "tail", "bytes", "schema", "columns");
        ImmutableArray<ColumnPieces>.Builder columns = ImmutableArray.CreateBuilder<ColumnPieces>();
        foreach (IpldNode item in map.List("columns"))
        {
            ManifestNode column = ManifestNode.Part(item, Kind, "name", "pieces");
            columns.Add(new ColumnPieces(column.Text("name"), PiecesOf(column, "pieces")));
        }

        var manifest = new ColumnManifest(map.Named("cid", Multicodec.Raw), map.Named("schema", Multicodec.Raw),
            map.Number("rows"), map.Number("bytes"), PiecesOf(map, "head"), columns.DrainToImmutable(),
            PiecesOf(map, "tail"));
        long bytes = manifest.Pieces.Sum(piece => (long)piece.Length);
        if (bytes != manifest.ByteLength) throw map.Refuse("'bytes' is not the sum of the pieces'");
        return manifest.ByteLength <= int.MaxValue ? manifest : throw map.Refuse("a block is under 2^31 bytes");
    }

    /// <summary>Reads a block that may be a column manifest.</summary>
    /// <returns>Null where it is none.</returns>
    public static ColumnManifest? TryDecode(ReadOnlySpan<byte> block)
    {
        if (block.Length > MaxBytes || block.IndexOf("arrowcid/columns"u8) < 0) return null;
        try
        {
            IpldNode node = DagCbor.Decode(block);
            return ManifestNode.KindOf(node) == Kind ? Decode(node) : null;
        }
        catch (InvalidIpldException)
        {
            return null;
        }
    }

    private static ImmutableArray<ColumnPiece> PiecesOf(ManifestNode map, string key)
    {
        ImmutableArray<ColumnPiece>.Builder pieces = ImmutableArray.CreateBuilder<ColumnPiece>();
        foreach (IpldNode item in map.List(key))
        {
            bool isPiece = item is { Kind: IpldKind.List, Count: 2 } && item.Items[0].Kind == IpldKind.Link
                && item.Items[1].Kind == IpldKind.Integer;
            if (!isPiece) throw map.Refuse($"'{key}' holds something that is not a link and a length");
            Cid cid = item.Items[0].AsLink();
            Int128 length = item.Items[1].AsInteger();
            bool isLength = length >= 1 && length <= MaxPiece;
            if (cid.Version != 1 || cid.Codec != Multicodec.Raw || !cid.Hash.IsSha256 || !isLength)
                throw map.Refuse($"'{key}' holds a piece that is not 1 to {MaxPiece} raw bytes under sha2-256");
            pieces.Add(new ColumnPiece(cid, (int)length));
        }

        return pieces.DrainToImmutable();
    }

    private static void Cut(BlockRange range, List<(long Offset, int Length)> pieces)
    {
        for (long at = range.Offset; at < range.End; at += MaxPiece)
            pieces.Add((at, (int)Math.Min(MaxPiece, range.End - at)));
    }

    private static IpldNode ListOf(ImmutableArray<ColumnPiece> pieces) => IpldNode.List([.. pieces.Select(piece =>
        IpldNode.List(IpldNode.Link(piece.Cid), IpldNode.Integer(piece.Length)))]);
}
