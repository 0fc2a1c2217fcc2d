using ArrowCid.Columnar;

namespace ArrowCid;

/// <summary>Many blocks in one transaction.</summary>
public sealed partial class CidStore
{
    /// <summary>As the public one, for batches as the engine has them.</summary>
    internal PutResult[] PutMany(IReadOnlyList<RecordBatch> batches, PutManyOptions options)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);
        for (int i = 0; i < batches.Count; i++) ArgumentNullException.ThrowIfNull(batches[i], nameof(batches));
        BlockPutting.ThrowIfNameOfMany(options, batches.Count, nameof(batches));
        if (options.AllOrNothing)
        {
            using var transaction = new StoreTransaction(this, isSpooled: false);
            foreach (RecordBatch batch in batches) _ = transaction.Add(batch, options.Metadata);
            return transaction.Commit();
        }

        return options.Metadata is { } metadata
            ? [.. batches.Select(batch => Put(batch, metadata))]
            : PutMany(batches);
    }

    /// <summary>Stores several blocks of any bytes, each as <see cref="PutRaw"/> does, in order but with one commit for
    /// all: for small blocks that takes a fraction of the time. With <see cref="PutManyOptions.AllOrNothing"/> they
    /// become visible together, as the batches of <c>PutMany</c> do.</summary>
    /// <param name="blocks">The blocks' bytes, which are read until the call returns.</param>
    /// <param name="options">How they are put; metadata only together with
    /// <see cref="PutManyOptions.AllOrNothing"/>.</param>
    /// <returns>The result for each block, in order.</returns>
    /// <exception cref="ArgumentException">A name is given and there is not exactly one block, or metadata are given
    /// for blocks that are not put together.</exception>
    /// <exception cref="ArrowCidException">As for the batches.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult[] PutRawMany(ReadOnlySpan<ReadOnlyMemory<byte>> blocks, PutManyOptions? options = null)
    {
        options ??= new PutManyOptions();
        BlockPutting.ThrowIfNameOfMany(options, blocks.Length, nameof(blocks));
        if (!options.AllOrNothing)
        {
            if (options.Metadata is not null)
                throw new ArgumentException("Metadata of raw blocks go with AllOrNothing.", nameof(options));
            var results = new PutResult[blocks.Length];
            _ = PutRawMany(blocks, results);
            return results;
        }

        using var transaction = new StoreTransaction(this, isSpooled: false);
        foreach (ReadOnlyMemory<byte> block in blocks) transaction.AddRaw(block, options.Metadata);
        return transaction.Commit();
    }
}
