using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Metadata of blocks (<c>Registry/FACTS.md</c>).</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Stores a batch, as <see cref="Put(RecordBatch)"/> does, with metadata. The metadata is visible as soon as the
    /// block is; the name is assigned once the block is stored.
    /// </summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="options">Its metadata.</param>
    /// <returns>The block's address and whether it is new.</returns>
    /// <exception cref="InvalidArrowException">The batch has no canonical block.</exception>
    /// <exception cref="ArrowCidException">As for the other, and <see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.TooLarge"/>: a fact is over a limit, and nothing was put;
    /// <see cref="ErrorCode.Unsupported"/>: a name or pin in a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    internal PutResult Put(RecordBatch batch, PutOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PutExpected(batch, default, options);
    }

    /// <summary>Puts a batch where its block has a CID that is known before, which the put's own hash proves.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="expected">The CID; the default: any.</param>
    /// <param name="options">What is to be said of it, or null.</param>
    /// <param name="mustBeNew">Whether the put must create the block.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the block has another CID, and was not
    /// put. Others as for <see cref="Put(RecordBatch, PutOptions)"/>.</exception>
    /// <exception cref="BlockExistsException">The put must create the block, and the store has it. Nothing was
    /// written.</exception>
    internal PutResult PutExpected(RecordBatch batch, Cid expected, PutOptions? options, bool mustBeNew = false) =>
        PutAs(options, facts => PutWith(batch, facts, expected, mustBeNew));

    /// <summary>Puts a batch that was encoded before, as <see cref="Put(RecordBatch, PutOptions)"/> does.</summary>
    internal PutResult PutSpooled(SpooledBatch batch, PutOptions? options = null, bool mustBeNew = false) =>
        PutAs(options, facts => PutNeeding(batch.Request with { Facts = facts, MustBeNew = mustBeNew }, batch.Schema));

    private PutResult PutAs(PutOptions? options, Func<FactRecord?, PutResult> put)
    {
        PutResult result = put(options is null
            ? null
            : _registry.Facts.RecordOfPut(options, options.Pin, options.Name));
        if (options?.Name is { } name) _ = Names.Set(name, result.Cid);
        return result;
    }

    internal static void ThrowIfDefault(Cid cid)
    {
        if (cid.IsDefault) throw new ArgumentException("default(Cid) is no block; it was never set.", nameof(cid));
    }

    /// <summary>Throws where a put could not keep what is said with it, before anything is put.</summary>
    internal void Check(PutOptions options) => _ = _registry.Facts.RecordOfPut(options, options.Pin, options.Name);

    /// <summary>The root of a block as a UnixFS file, where a manifest does not link to the block itself.</summary>
    internal Cid DagOf(RecordLease block)
    {
        if (block.Info.Length <= Dataset.MaxLinked) return default;
        ProveHash(block, block.Info);
        return UnixFsDag.Of(block.Memory.Span, UnixFsProfile.V1Of2025).Root;
    }
}
