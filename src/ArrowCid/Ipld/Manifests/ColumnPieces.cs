using System.Collections.Immutable;

namespace ArrowCid.Ipld;

/// <summary>A column's pieces, in order; none where it has no bytes.</summary>
internal sealed record ColumnPieces(string Name, ImmutableArray<ColumnPiece> Pieces)
{
    /// <summary>The bytes of all pieces.</summary>
    public long ByteLength => Pieces.Sum(piece => (long)piece.Length);
}
