namespace ArrowCid.Transfer;

/// <summary>The result of an export to a CAR.</summary>
public sealed record CarExport
{
    /// <summary>Its roots: what each block that was asked for is in this layout; not that of the names.</summary>
    public required IReadOnlyList<Cid> Roots { get; init; }

    /// <summary>Its blocks.</summary>
    public required long Blocks { get; init; }

    /// <summary>The CAR's bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The bytes of its largest block.</summary>
    public required long LargestBlock { get; init; }

    /// <summary>The Filecoin piece commitment, where <see cref="CarExportOptions.PieceSize"/> asks for it; else
    /// null.</summary>
    public PieceCommitment? Piece { get; init; }
}
