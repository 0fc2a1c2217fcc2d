using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// A batch in the making, in the memory of the store where it will stand: its producer writes the columns' values
/// there, and <see cref="Commit"/> makes the canonical block of them and publishes it under the CID that
/// <see cref="CidStore.Put(Apache.Arrow.RecordBatch, PutOptions)"/> of the same batch gives. Nothing of it can be found
/// before;
/// without <see cref="Commit"/> nothing of it stays. One thread at a time; the store's other puts do not wait for it.
/// </summary>
/// <example>
/// <code>
/// using BatchReservation batch = store.Reserve(schema, 1000);
/// Compute(batch.Column("px").Values&lt;double&gt;());
/// PutResult put = batch.Commit();
/// </code>
/// </example>
public sealed partial class BatchReservation : IDisposable
{
    private readonly BlockStore _blocks;
    private readonly BlockPutting _putting;
    private readonly BlockDraft _draft;
    // Arrays are pinned: the C interface hands their addresses out.
    private readonly byte[]?[] _validities;
    private StagedBlock? _staged;
    private byte[]? _own;

    internal BatchReservation(BlockStore blocks, BlockPutting putting, Schema schema, BlockDraft draft)
    {
        (_blocks, _putting, SchemaView, _draft) = (blocks, putting, schema, draft);
        _validities = new byte[schema.Fields.Count][];
        if (draft.Capacity >= BlockStore.LeastStaged) _staged = blocks.Stage(draft.Capacity);
        else _own = GC.AllocateArray<byte>(draft.Capacity, pinned: true);
    }

    /// <summary>The schema.</summary>
    internal Schema SchemaView { get; }

    /// <summary>Rows.</summary>
    public int Rows => _draft.Rows;

    /// <summary>A column by its position.</summary>
    /// <param name="index">From 0.</param>
    /// <returns>The column, for as long as this is neither committed nor disposed of.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such column.</exception>
    public ReservedColumn this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, SchemaView.Fields.Count);
            return new ReservedColumn(this, index);
        }
    }

    /// <summary>The first column of that name.</summary>
    /// <param name="name">The name, case-sensitive.</param>
    /// <returns>The column, for as long as this is neither committed nor disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: no such column.</exception>
    public ReservedColumn Column(string name)
    {
        int index = SchemaView.IndexOf(name);
        return index >= 0
            ? new ReservedColumn(this, index)
            : throw new ArrowCidException(ErrorCode.SchemaMismatch, $"No column '{name}' is reserved");
    }

    /// <summary>
    /// Normalises what was written (zeros under nulls, no bitmap where nothing is null, one NaN), hashes it where it
    /// lies and publishes it. Spans that were taken of the columns must not be used from now on: their memory is the
    /// published block's. What throws leaves nothing in the store, and this is over all the same.
    /// </summary>
    /// <returns>The block's address and whether it is new.</returns>
    /// <exception cref="InvalidArrowException">What was written breaks a rule (<c>canonical-block.md</c>, section 4):
    /// offsets that run backward or outside, text that is not UTF-8, a null in a field that has none.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.Put(Apache.Arrow.RecordBatch,
    /// PutOptions)"/>.</exception>
    /// <exception cref="ObjectDisposedException">It was committed or disposed of.</exception>
    public PutResult Commit()
    {
        Span<byte> block = Bytes;
        try
        {
            int length = _draft.TryFinish(block, _validities);
            return length >= 0 ? Publish(block[..length]) : PutCopy(block);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Gives the memory back. After <see cref="Commit"/>, or again: nothing.</summary>
    public void Dispose()
    {
        _staged?.Dispose();
        (_staged, _own) = (null, null);
    }

    internal BlockDraft Draft => _draft;

    internal Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_staged is null && _own is null, this);
            return _staged is null ? _own : _staged.Bytes;
        }
    }

    /// <summary>A column's bitmap, all ones when it is asked for first.</summary>
    internal Span<byte> Validity(int column)
    {
        _ = Bytes;
        if (_validities[column] is not { } bits)
        {
            bits = GC.AllocateArray<byte>(Bits.ByteCount(Rows), pinned: true);
            Bits.Fill(bits, 0, Rows);
            _validities[column] = bits;
        }

        return bits;
    }

    private PutResult Publish(Span<byte> block)
    {
        IBlockSource source = _own is null
            ? new FilledBlock(block.Length)
            : new RawBlock(_own.AsMemory(0, block.Length));
        var request = new PutRequest(RecordKind.Batch, (uint)Multicodec.Raw, source, _draft.Schema.Digest, Rows,
            RecordFlags.OwnEncoder);
        request = _putting.Audited(request);
        Digest256 digest = _staged is null ? default : Sha256.Hash(block);
        return _blocks.Schemas.PutUnder(_draft.Schema, () =>
        {
            BlockInfo info;
            bool isNew = _staged is null
                ? _blocks.Put(in request, out info)
                : _blocks.PutStaged(_staged, in request, in digest, out info);
            return BlockProof.ResultOf(in info, isNew);
        });
    }

    /// <summary>A batch that is not canonical in place is left to the encoder, which also reports which rule is
    /// broken.</summary>
    private PutResult PutCopy(Span<byte> block)
    {
        using BlockPlan plan = BlockPlan.Of(_draft.ToBatch(SchemaView, block.ToArray(), _validities));
        PutRequest request = _putting.Audited(BlockPutting.RequestOf(plan));
        bool isNew = _blocks.Put(in request, plan.Schema, out BlockInfo info);
        return BlockProof.ResultOf(in info, isNew);
    }
}
