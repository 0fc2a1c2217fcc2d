namespace ArrowCid.Exchange;

/// <summary>How batches lie in a CAR.</summary>
public enum CarLayout
{
    /// <summary>As UnixFS files of profile <c>unixfs-v1-2025</c>, which every IPFS node reads: blocks of at most 1
    /// MiB. A batch of 1 MiB or less is one block under its own CID.</summary>
    UnixFs = 0,

    /// <summary>Each as one block under its own CID, whatever its size: for ArrowCid's readers. Kubo and Helia take
    /// blocks of at most 2 MiB.</summary>
    Flat = 1,

    /// <summary>As column manifests with pieces of at most 1 MiB, cut where columns end: equal columns of several
    /// batches are there once.</summary>
    Columns = 2,
}

/// <summary>How a CAR is written.</summary>
public sealed class CarExportOptions
{
    /// <summary>How batches lie in it.</summary>
    public CarLayout Layout { get; init; }

    /// <summary>1, which everybody reads, or 2: with an index at its end, into a stream that can seek.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Names that go along, as a root of their own, for an import to set; null for none.</summary>
    public IReadOnlyDictionary<string, Cid>? Names { get; init; }

    /// <summary>Gets the bytes of blocks written so far, after each block.</summary>
    public Action<long>? Progress { get; init; }
}

/// <summary>What was written to a CAR.</summary>
/// <param name="Roots">Its roots: what each block that was asked for is in this layout; not that of the names.</param>
/// <param name="Blocks">Its blocks.</param>
/// <param name="ByteLength">The CAR's bytes.</param>
/// <param name="LargestBlock">The bytes of its largest block.</param>
public sealed record CarExport(IReadOnlyList<Cid> Roots, long Blocks, long ByteLength, long LargestBlock);
