namespace ArrowCid.Transfer;

/// <summary>The result of an export to a CAR.</summary>
/// <param name="Roots">Its roots: what each block that was asked for is in this layout; not that of the names.</param>
/// <param name="Blocks">Its blocks.</param>
/// <param name="ByteLength">The CAR's bytes.</param>
/// <param name="LargestBlock">The bytes of its largest block.</param>
public sealed record CarExport(IReadOnlyList<Cid> Roots, long Blocks, long ByteLength, long LargestBlock);
