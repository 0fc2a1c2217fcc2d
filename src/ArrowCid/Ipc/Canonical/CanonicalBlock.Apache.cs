using System.Buffers;
using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Ipc;

public static partial class CanonicalBlock
{
    /// <summary>Encodes a batch into its canonical block.</summary>
    /// <param name="batch">The batch; its buffers are read until the call returns.</param>
    /// <returns>The block's bytes, in memory of their own, and its address.</returns>
    /// <exception cref="InvalidArrowException">
    /// The batch breaks a rule (section 4), or its block would be over 2^31 - 1024 bytes.
    /// </exception>
    public static EncodedBlock Encode(A.RecordBatch batch) => Encode(FromApache.Batch(batch));

    /// <summary>Encodes a batch into memory that the caller provides.</summary>
    /// <param name="batch">The batch; its buffers are read until the call returns.</param>
    /// <param name="target">Gets the block's bytes in one piece.</param>
    /// <returns>The block's address.</returns>
    /// <exception cref="InvalidArrowException">As for <see cref="Encode(A.RecordBatch)"/>; nothing was
    /// advanced.</exception>
    public static BlockAddress EncodeTo(A.RecordBatch batch, IBufferWriter<byte> target) =>
        EncodeTo(FromApache.Batch(batch), target);

    /// <summary>Computes the address of a batch's canonical block, which is not put together in memory.</summary>
    /// <param name="batch">The batch; its buffers are read until the call returns.</param>
    /// <param name="budget">The number of bytes that may be taken beside the batch while planning.</param>
    /// <returns>The CID, the schema's CID, rows and bytes.</returns>
    /// <exception cref="InvalidArrowException">The batch breaks a rule (section 4), its block would be over 2^31 - 1024
    /// bytes, or the budget does not suffice.</exception>
    public static BlockAddress Address(A.RecordBatch batch, long budget = long.MaxValue) =>
        Address(FromApache.Batch(batch), budget);

    /// <summary>Computes the CID of a batch's canonical block, which is not put together in memory.</summary>
    /// <param name="batch">The batch; its buffers are read until the call returns.</param>
    /// <returns>A CIDv1, codec raw, multihash sha2-256.</returns>
    /// <exception cref="InvalidArrowException">As for <see cref="Address(A.RecordBatch, long)"/>.</exception>
    public static Cid CidOf(A.RecordBatch batch) => CidOf(FromApache.Batch(batch));

    /// <summary>Computes the CID of a schema's canonical message (section 6): batches of one schema share it.</summary>
    /// <param name="schema">The schema.</param>
    /// <returns>A CIDv1, codec raw, multihash sha2-256.</returns>
    /// <exception cref="InvalidArrowException">The schema has no canonical form.</exception>
    public static Cid SchemaCid(A.Schema schema) => SchemaCid(FromApacheType.Schema(schema));

    /// <summary>Reads a block in place.</summary>
    /// <param name="block">The block's bytes; the batch borrows them and is readable as long as they are.</param>
    /// <returns>Its one batch.</returns>
    /// <exception cref="InvalidArrowException">The bytes are not a stream of exactly one batch, or a slot points
    /// outside of its column.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry the
    /// batch (see <see cref="ArrowReader.Read"/>).</exception>
    public static A.RecordBatch Decode(ReadOnlyMemory<byte> block) => ToApache.Batch(DecodeView(block));
}
