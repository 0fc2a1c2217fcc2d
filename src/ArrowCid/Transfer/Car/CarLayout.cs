namespace ArrowCid.Transfer;

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

    /// <summary>As <see cref="UnixFs"/>, and each dataset as a UnixFS directory, the CAR's root: one file per batch,
    /// the schema and the manifest, which IPFS tools list and unpack.</summary>
    Directory = 3,
}
