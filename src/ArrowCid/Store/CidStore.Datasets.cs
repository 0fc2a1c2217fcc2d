using System.Collections.Immutable;
using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipld;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Datasets (<c>Ipld/MANIFESTS.md</c>).</summary>
public sealed partial class CidStore
{

    /// <summary>Throws where a put could not keep what is said with it, before anything is put.</summary>
    internal void Check(PutOptions options) => _ = _registry.RecordOfPut(options, options.Pin, options.Name);

    /// <summary>The root of a block as a UnixFS file, where a manifest does not link to the block itself.</summary>
    internal Cid DagOf(BlockLease block)
    {
        if (block.Info.Length <= Dataset.MaxLinked) return default;
        ProveHash(block, block.Info);
        return UnixFsDag.Of(block.Memory.Span, UnixFsProfile.V1Of2025).Root;
    }
}
