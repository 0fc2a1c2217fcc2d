using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>Batches as Apache.Arrow has them.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Stores a batch: its canonical block is written into the store's shared memory and hashed there. Once this
    /// returns any process finds it. A block that is already in the store is announced again and takes no space.
    /// </summary>
    /// <param name="batch">The batch. Its buffers are read until the call returns, and not copied but for the block
    /// itself. Names, nullability and metadata are those of its schema, also of nested fields; an extension type's name
    /// and parameters become metadata of its field.</param>
    /// <param name="options">Metadata, a name and a pin; null: none. A reader that sees the block sees its metadata;
    /// the name follows once the block is stored.</param>
    /// <returns>The block's address and whether it is new.</returns>
    /// <exception cref="InvalidArrowException">The columns do not fit the schema, or the batch has no canonical block
    /// (<c>canonical-block.md</c>, section 4).</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>, <see cref="ErrorCode.IndexFull"/> or
    /// <see cref="ErrorCode.TooLarge"/>: no space; <see cref="ErrorCode.Busy"/>: other processes hold what is needed; a
    /// retry may help.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or <see cref="ErrorCode.TooLarge"/>:
    /// the metadata is over a limit, and nothing was stored; <see cref="ErrorCode.Unsupported"/>: a name or pin in a
    /// ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult Put(A.RecordBatch batch, PutOptions? options = null) =>
        Putting.Put(FromApache.Batch(batch), options);

    /// <summary>
    /// Stores several batches, as <see cref="Put(A.RecordBatch, PutOptions)"/> does each, but reserved, hashed and
    /// announced together, with one wake-up of all waiting processes: for many small batches. Other writers and
    /// watchers
    /// see them in order. With <see cref="PutManyOptions.AllOrNothing"/> they become visible together or not at all:
    /// every reader, watcher and listing of any process sees either all of them, with their metadata and name, or none.
    /// So it is after this process is killed at any moment, and on a disk after a loss of power, whatever
    /// <see cref="CidStoreOptions.Durability"/> says. Blocks that the store has are not written again. All blocks of a
    /// transaction are in one segment, which is made as large as they need: at most half of the store's capacity, and
    /// at most 1 GiB. A batch is planned twice, so that only one at a time takes memory.
    /// </summary>
    /// <param name="batches">The batches; their memory is read until the call returns.</param>
    /// <param name="options">How they are put, and with which metadata; null: each by itself, without any.</param>
    /// <returns>The result for each batch, in order.</returns>
    /// <exception cref="ArgumentException">A name is given and there is not exactly one batch.</exception>
    /// <exception cref="InvalidArrowException">A batch has no canonical block.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: the batches are more than a transaction
    /// holds. Others as for <see cref="Put(A.RecordBatch, PutOptions)"/>. If they are put together, nothing was
    /// stored.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult[] PutMany(IReadOnlyList<A.RecordBatch> batches, PutManyOptions? options = null) => options is null
        ? PutMany(ViewsOf(batches))
        : PutMany(ViewsOf(batches), options);

    /// <summary>
    /// Reserves memory of the store for a batch that is still to be computed: its columns are filled in their final
    /// place, and <see cref="BatchReservation.Commit"/> publishes them without a copy. From 1 MiB on the memory is a
    /// segment of its own, which no other put waits for; less is private memory, copied when it is committed.
    /// </summary>
    /// <param name="schema">Columns of fixed width, boolean, null, text and binary (large too).</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="dataBytes">For each column of text or binary, in order, the most bytes that its values take
    /// together; the block takes what they have when it is committed.</param>
    /// <returns>The reservation. The caller must commit it or dispose it.</returns>
    /// <exception cref="ArgumentException">Not one number of bytes for each column of text or binary.</exception>
    /// <exception cref="InvalidArrowException">The schema has no canonical form, or the block could be over 2^31 - 1024
    /// bytes.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a column with children, a dictionary,
    /// views or runs; <see cref="ErrorCode.StoreFull"/> or <see cref="ErrorCode.TooLarge"/>: no space;
    /// <see cref="ErrorCode.Busy"/>: other processes hold what is needed.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public BatchReservation Reserve(A.Schema schema, int rows, params ReadOnlySpan<int> dataBytes) =>
        Reserve(FromApacheType.Schema(schema), rows, dataBytes);

    private static RecordBatch[] ViewsOf(IReadOnlyList<A.RecordBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        var views = new RecordBatch[batches.Count];
        for (int i = 0; i < views.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(batches[i], nameof(batches));
            views[i] = FromApache.Batch(batches[i]);
        }

        return views;
    }
}
