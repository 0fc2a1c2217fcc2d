using ArrowCid.Columnar;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Blocks of any bytes.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Stores bytes as a block: <see cref="Contains"/>, <see cref="StoreMetadata.TryFind"/>,
    /// <see cref="StoreTransfer.TryCopyTo"/> and <see cref="StoreDiagnostics.Verify"/> find it. It is not a batch:
    /// listings of batches and watches leave it out. Bytes of codec raw that are the canonical block of a batch are
    /// stored as that batch. The blocks that a block of dag-cbor or dag-pb links to are kept as long as the block
    /// itself.
    /// </summary>
    /// <param name="bytes">The bytes, which are read until the call returns.</param>
    /// <param name="codec">The codec of the CID (<see cref="Multicodec"/>, an open set), at most 2^32 - 1. The bytes
    /// are not decoded.</param>
    /// <returns>The block's address, whose schema means nothing, and whether the block is new.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The codec is over 2^32 - 1.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="Put(Apache.Arrow.RecordBatch, PutOptions)"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult PutRaw(ReadOnlyMemory<byte> bytes, ulong codec = Multicodec.Raw)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(codec, uint.MaxValue);
        if (codec != Multicodec.Raw) return Putting.PutOfCodec(codec, bytes, nanoseconds: 0);
        if (BlockPutting.TryReadBatch(bytes, out RecordBatch? batch)) return Put(batch);
        PutRequest request = Putting.Audited(BlockPutting.Request(bytes));
        bool isNew = Blocks.Put(in request, out BlockInfo info);
        return BlockProof.ResultOf(in info, isNew);
    }

    /// <summary>Puts many blocks as <see cref="PutRaw"/> does each, in order but with one commit for all: where they
    /// are small that takes a fraction of the time.</summary>
    /// <param name="blocks">The blocks' bytes, which are read until the call returns.</param>
    /// <param name="results">Receives the result of each.</param>
    /// <returns>How many are new.</returns>
    /// <exception cref="ArgumentException"><paramref name="results"/> is shorter than
    /// <paramref name="blocks"/>.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="PutRaw"/>: the blocks before the one that failed are put,
    /// those after it may be.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    internal int PutRawMany(ReadOnlySpan<ReadOnlyMemory<byte>> blocks, Span<PutResult> results)
    {
        if (results.Length < blocks.Length)
            throw new ArgumentException($"There is space for {results.Length} of {blocks.Length}.", nameof(results));
        int newOnes = 0, done = 0;
        while (done < blocks.Length)
        {
            if (BlockPutting.TryReadBatch(blocks[done], out RecordBatch? batch))
            {
                results[done] = Put(batch);
                newOnes += results[done++].IsNew ? 1 : 0;
                continue;
            }

            int count = 1, most = Math.Min(blocks.Length - done, BlockPutting.MostAtOnce);
            while (count < most && !BlockPutting.MayBeBatch(blocks[done + count].Span)) count++;
            newOnes += Putting.PutGroup(blocks.Slice(done, count), results.Slice(done, count));
            done += count;
        }

        return newOnes;
    }
}
