using ArrowCid.Ipld.Car;

namespace ArrowCid.Server.Http;

/// <summary>A CAR that is being sent, a piece of a block at a time.</summary>
internal sealed class GatewayCar(CarWriter writer, PipeStream stream, CancellationToken cancellationToken)
{
    private const int Piece = 64 << 10;

    /// <summary>Sends a block. One that stands in its CID is never sent.</summary>
    public async ValueTask Add(ServedBlock block)
    {
        if (block.Cid.Hash.Code == Multicodec.Identity) return;
        writer.Begin(block.Cid, block.Length);
        foreach (ReadOnlyMemory<byte> piece in block.Pieces(0, block.Length))
        {
            for (int at = 0; at < piece.Length; at += Piece)
            {
                writer.Append(piece.Span.Slice(at, Math.Min(Piece, piece.Length - at)));
                await stream.Send(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
