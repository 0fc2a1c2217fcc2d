using ArrowCid.Ipld;

namespace ArrowCid.Server.Http;

/// <summary>A UnixFS file that is being sent.</summary>
internal sealed class UnixFsFile
{
    private readonly GatewayBlocks _blocks;
    private readonly Cid _cid;
    private readonly ReadOnlyMemory<byte> _node;
    private readonly ReadOnlyMemory<byte> _data;

    private UnixFsFile(GatewayBlocks blocks, Cid cid, ReadOnlyMemory<byte> node, UnixFsNode file)
    {
        (_blocks, _cid, _node, _data) = (blocks, cid, node, file.Data ?? default);
        Length = (long)(file.FileSize
            ?? file.BlockSizes.Aggregate((ulong)_data.Length, (sum, size) => checked(sum + size)));
    }

    public long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="GatewayException">406: it is no file.</exception>
    public static UnixFsFile Open(GatewayBlocks blocks, Cid cid)
    {
        ReadOnlyMemory<byte> bytes = blocks.Read(cid) ?? throw blocks.NotHere(cid);
        DagPbNode node = DagPb.Decode(bytes.Span, IpldReadOptions.Lenient);
        UnixFsKind? kind = node.Data is { } data ? UnixFsNode.Decode(data.Span).Kind : null;
        if (kind is not (UnixFsKind.File or UnixFsKind.Raw))
        {
            throw new GatewayException(406, $"{cid} is {(kind is null ? "a node" : $"a {kind}")} and no file; " +
                "ask for ?format=car, or for a file in it");
        }

        return new UnixFsFile(blocks, cid, bytes, UnixFsReader.FileOf(node, cid));
    }

    /// <summary>Sends a range of it.</summary>
    public async Task Send(ByteRange range, PipeStream stream, CancellationToken cancellationToken)
    {
        if (range.Count == 0) return;
        long end = range.From + range.Count;
        await stream.Send(Within(_data, 0), cancellationToken).ConfigureAwait(false);
        var walk = new DagWalk(new CarParameters(DagScope.Entity, range.From, end - 1, true, true), []);
        walk.Begin(_cid, _node.Span);
        while (walk.TryNext(out Cid cid))
        {
            using ServedBlock block = await _blocks.OpenAsync(cid, cancellationToken).ConfigureAwait(false);
            if (cid.Codec == Multicodec.DagPb)
            {
                ReadOnlyMemory<byte> bytes = block.Whole();
                DagPbNode node = DagPb.Decode(bytes.Span, IpldReadOptions.Lenient);
                ReadOnlyMemory<byte> data = UnixFsReader.FileOf(node, cid).Data ?? default;
                await stream.Send(Within(data, walk.Start), cancellationToken).ConfigureAwait(false);
                walk.Below(bytes.Span);
                continue;
            }

            long from = Math.Max(0, range.From - walk.Start);
            long count = Math.Min(block.Length, end - walk.Start) - from;
            foreach (ReadOnlyMemory<byte> piece in block.Pieces(from, Math.Max(0, count)))
                await stream.Send(piece, cancellationToken).ConfigureAwait(false);
        }

        ReadOnlyMemory<byte> Within(ReadOnlyMemory<byte> bytes, long start)
        {
            long from = Math.Clamp(range.From - start, 0, bytes.Length);
            long upTo = Math.Clamp(end - start, 0, bytes.Length);
            return bytes[(int)from..(int)Math.Max(from, upTo)];
        }
    }
}
