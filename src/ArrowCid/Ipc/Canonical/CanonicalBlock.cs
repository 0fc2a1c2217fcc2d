using System.Buffers;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>
/// The canonical block of a record batch: one byte sequence for one logical batch, itself a complete Arrow IPC stream,
/// and its CID (<c>canonical-block.md</c>, version 1).
/// </summary>
public static partial class CanonicalBlock
{
    /// <summary>Encodes a batch into its canonical block.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <returns>The block's bytes, in memory of their own, and its address.</returns>
    /// <exception cref="InvalidArrowException">
    /// The batch breaks a rule (section 4), or its block would be over 2^31 - 1024 bytes.
    /// </exception>
    internal static EncodedBlock Encode(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using BlockPlan plan = BlockPlan.Of(batch);
        byte[] block = GC.AllocateUninitializedArray<byte>(plan.Length);
        return new EncodedBlock { Address = AddressOf(plan, plan.WriteTo(block)), Bytes = block };
    }

    /// <summary>Encodes a batch into memory that the caller provides.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="target">Gets the block's bytes in one piece.</param>
    /// <returns>The block's address.</returns>
    /// <exception cref="InvalidArrowException">As for <see cref="Encode(RecordBatch)"/>; nothing was
    /// advanced.</exception>
    internal static BlockAddress EncodeTo(RecordBatch batch, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(target);
        using BlockPlan plan = BlockPlan.Of(batch);
        Digest256 digest = plan.WriteTo(target.GetSpan(plan.Length));
        target.Advance(plan.Length);
        return AddressOf(plan, digest);
    }

    /// <summary>The address of a batch's canonical block, which is not put together in memory.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="budget">Bytes that may be taken beside the batch while planning.</param>
    /// <returns>The CID, the schema's CID, rows and bytes.</returns>
    /// <exception cref="InvalidArrowException">The batch breaks a rule (section 4), its block would be over 2^31 - 1024
    /// bytes, or the budget does not suffice.</exception>
    internal static BlockAddress Address(RecordBatch batch, long budget = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using BlockPlan plan = BlockPlan.Of(batch, budget);
        return AddressOf(plan, plan.Hash());
    }

    /// <summary>The CID of a batch's canonical block, which is not put together in memory.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <returns>A CIDv1, codec raw, multihash sha2-256.</returns>
    /// <exception cref="InvalidArrowException">As for <see cref="Address(RecordBatch, long)"/>.</exception>
    internal static Cid CidOf(RecordBatch batch) => Address(batch).Cid;

    /// <summary>The CID of a schema's canonical message (section 6): batches of one schema share it.</summary>
    /// <param name="schema">The schema.</param>
    /// <returns>A CIDv1, codec raw, multihash sha2-256.</returns>
    /// <exception cref="InvalidArrowException">The schema has no canonical form.</exception>
    internal static Cid SchemaCid(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return Cid.FromSha256(Multicodec.Raw, CanonicalSchema.Of(schema).Digest);
    }

    /// <summary>Reads a block in place.</summary>
    /// <param name="block">The block's bytes; the batch borrows them and is readable as long as they are.</param>
    /// <returns>Its one batch.</returns>
    /// <exception cref="InvalidArrowException">The bytes are not a stream of exactly one batch.</exception>
    internal static RecordBatch DecodeView(ReadOnlyMemory<byte> block)
    {
        using var reader = ArrowReader.Open(block);
        return OnlyBatch(reader);
    }

    /// <summary>Reads a block in place, by a schema that it may share with another.</summary>
    internal static RecordBatch DecodeView(ReadOnlyMemory<byte> block, ref BlockSchema? schema)
    {
        if (schema is not null && FlatColumns.TryRead(block, schema) is { } flat) return flat;
        using var reader = ArrowReader.OpenBlock(block, schema, out schema);
        return OnlyBatch(reader);
    }

    private static RecordBatch OnlyBatch(ArrowReader reader)
    {
        RecordBatch batch = reader.ReadView()
            ?? throw new InvalidArrowException("the stream holds no batch; a block holds one");
        if (reader.ReadView() is not null)
            throw new InvalidArrowException("the stream holds more than one batch; a block holds one");
        return batch;
    }

    private static BlockAddress AddressOf(BlockPlan plan, Digest256 digest) => new()
    {
        Cid = Cid.FromSha256(Multicodec.Raw, digest),
        SchemaCid = Cid.FromSha256(Multicodec.Raw, plan.Schema.Digest),
        Rows = plan.Rows,
        ByteLength = plan.Length,
    };
}
