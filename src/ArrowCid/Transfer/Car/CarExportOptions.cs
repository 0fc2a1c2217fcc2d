namespace ArrowCid.Transfer;

/// <summary>How a CAR is written.</summary>
public sealed class CarExportOptions
{
    /// <summary>How batches lie in it.</summary>
    public CarLayout Layout { get; init; }

    /// <summary>1, which all tools read, or 2: with an index at its end, into a stream that can seek.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Names that go along, as a root of their own, for an import to set; null for none.</summary>
    public IReadOnlyDictionary<string, Cid>? Names { get; init; }

    /// <summary>Whether the signed statements about the blocks go along, as a root of their own, for an import to
    /// check and to store. Where there are none, nothing is added.</summary>
    public bool Statements { get; init; } = true;

    /// <summary>Also computes the Filecoin piece commitment of the CAR, of this padded size in bytes; 0 for the
    /// smallest that holds it; null for none. Only for version 1, which is written forward.</summary>
    public long? PieceSize { get; init; }
}
