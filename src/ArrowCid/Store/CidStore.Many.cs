using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid;

/// <summary>Many blocks in one call.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Puts several batches, as <see cref="Put(RecordBatch)"/> does each, but reserved, hashed and announced together,
    /// with one wake for all waiters: for many small batches. Other writers and watchers see them in order.
    /// </summary>
    /// <param name="batches">The batches; their memory is read until the call returns.</param>
    /// <returns>The result of each, in order.</returns>
    /// <exception cref="InvalidArrowException">A batch has no canonical block.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="Put(RecordBatch)"/>, for the first batch that could not be
    /// put. Those before it are put; those after it may be.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    internal PutResult[] PutMany(IReadOnlyList<RecordBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        for (int i = 0; i < batches.Count; i++) ArgumentNullException.ThrowIfNull(batches[i], nameof(batches));
        var results = new PutResult[batches.Count];
        var plans = new List<BlockPlan>(Math.Min(batches.Count, BlockPutting.MostTogether));
        for (int start = 0; start < batches.Count; start += BlockPutting.MostTogether)
        {
            int end = Math.Min(start + BlockPutting.MostTogether, batches.Count);
            try
            {
                InvalidArrowException? refused = null;
                for (int i = start; i < end &&
                    BlockPutting.TryPlan(batches[i], out refused) is { } plan; i++) plans.Add(plan);
                Putting.PutPlans(plans, results.AsSpan(start));
                if (refused is not null) throw refused;
            }
            finally
            {
                foreach (BlockPlan plan in plans) plan.Dispose();
                plans.Clear();
            }
        }

        return results;
    }

    /// <summary>
    /// Memory of the store for a batch that is to be computed: its columns are filled where they will stand, and
    /// <see cref="BatchReservation.Commit"/> publishes them without a copy. From 1 MiB on it is a segment of its own,
    /// which no other put waits for; less is private memory, copied when it is committed.
    /// </summary>
    /// <param name="schema">Columns of fixed width, boolean, null, text and binary (large too).</param>
    /// <param name="rows">Rows.</param>
    /// <param name="dataBytes">For each column of text or binary, in order, the most bytes that its values take
    /// together; the block takes what they have when it is committed.</param>
    /// <returns>The reservation, to be committed, and to be disposed of in any case.</returns>
    /// <exception cref="ArgumentException">Not one number of bytes for each text or binary column.</exception>
    /// <exception cref="InvalidArrowException">The schema has no canonical form, or the block could be over 2^31 - 1024
    /// bytes.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a column with children, a dictionary,
    /// views or runs; <see cref="ErrorCode.StoreFull"/> or <see cref="ErrorCode.TooLarge"/>: no space;
    /// <see cref="ErrorCode.Busy"/>: others hold what is needed.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    internal BatchReservation Reserve(Schema schema, int rows, params ReadOnlySpan<int> dataBytes)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        Blocks.EnterToWrite();
        return new BatchReservation(Blocks, Putting, schema, BlockDraft.Of(schema, rows, dataBytes));
    }
}
