using ArrowCid.Columnar;

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
        return Putting.PutExpected(batch, default, options);
    }
}
