using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;
using BufferLayout = ArrowCid.Columnar.BufferLayout;

namespace ArrowCid;

/// <summary>
/// A batch in the making, in the memory of the store where it will stand: its producer writes the columns' values
/// there, and <see cref="Commit"/> makes the canonical block of them and publishes it under the CID that
/// <see cref="CidStore.Put(Apache.Arrow.RecordBatch)"/> of the same batch gives. Nothing of it can be found before;
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
    private readonly BlockDraft _draft;
    private readonly CidStore _store;
    // Arrays are pinned: the C interface hands their addresses out.
    private readonly byte[]?[] _validities;
    private StagedBlock? _staged;
    private byte[]? _own;

    internal BatchReservation(CidStore store, BlockStore blocks, Schema schema, BlockDraft draft)
    {
        (_store, _blocks, SchemaView, _draft) = (store, blocks, schema, draft);
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
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.Put(Apache.Arrow.RecordBatch)"/>.</exception>
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
        var source = new MadeBlock(_own, block.Length);
        var request = new PutRequest(RecordKind.Batch, (uint)Multicodec.Raw, source, _draft.Schema.Digest, Rows,
            RecordFlags.OwnEncoder);
        Digest256 digest = _staged is null ? default : Sha256.Hash(block);
        return _store.PutUnder(_draft.Schema, () =>
        {
            BlockInfo info;
            bool isNew = _staged is null
                ? _blocks.Put(in request, out info)
                : _blocks.PutStaged(_staged, in request, in digest, out info);
            return CidStore.ResultOf(in info, isNew);
        });
    }

    /// <summary>What is not canonical where it lies is left to the encoder, who also says which rule is
    /// broken.</summary>
    private PutResult PutCopy(Span<byte> block)
    {
        using BlockPlan plan = BlockPlan.Of(_draft.ToBatch(SchemaView, block.ToArray(), _validities));
        PutRequest request = CidStore.RequestOf(plan);
        return _store.PutUnder(plan.Schema, () =>
        {
            bool isNew = _blocks.Put(in request, out BlockInfo info);
            return CidStore.ResultOf(in info, isNew);
        });
    }

    private sealed class MadeBlock(byte[]? bytes, int length) : IBlockSource
    {
        public int Length => length;

        public Digest256 WriteTo(Span<byte> destination)
        {
            bytes.AsSpan(0, length).CopyTo(destination);
            return Sha256.Hash(destination[..length]);
        }
    }
}

/// <summary>
/// One column of a <see cref="BatchReservation"/>: its memory, zero at first, which is valid until the reservation is
/// committed or disposed of. A column of text or binary has offsets and data; any other one value a row.
/// </summary>
public readonly partial struct ReservedColumn
{
    private readonly BatchReservation _batch;
    private readonly int _index;

    internal ReservedColumn(BatchReservation batch, int index) => (_batch, _index) = (batch, index);

    /// <summary>The field.</summary>
    internal Field FieldView => _batch.SchemaView.Fields[_index];

    /// <summary>
    /// A bit a row, the lowest first: zero for null. All ones when it is asked for first; a column of which it is never
    /// asked for has no nulls. It is not in the store's memory: the block has a bitmap only where something is null.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<byte> Validity => _batch.Validity(_index);

    /// <summary>The values of a column of fixed width, one a row, as <see cref="Column{T}"/> reads them.</summary>
    /// <typeparam name="T">A value as it lies in memory.</typeparam>
    /// <returns>As many as there are rows.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the column has no such
    /// values.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<T> Values<T>() where T : unmanaged
    {
        Elements.Check<T>(FieldView.Type, $"Column '{FieldView.Name}'");
        return MemoryMarshal.Cast<byte, T>(Buffer(BufferLayout.Fixed, "values of fixed width"));
    }

    /// <summary>The values of a column of fixed width as bytes, a row's behind the one's before it.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it has no such values.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<byte> ValueBytes => Buffer(BufferLayout.Fixed, "values of fixed width");

    /// <summary>The values of a boolean column: a bit a row, the lowest first.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it is not boolean.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<byte> Bits => Buffer(BufferLayout.Bits, "bits");

    /// <summary>The offsets of a column of utf8 or binary: one more than rows, from 0, where each row's bytes end in
    /// <see cref="Data"/>. A null row's bytes are dropped, which takes a copy of the batch: best it has none.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it has no such offsets.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<int> Offsets => MemoryMarshal.Cast<byte, int>(Buffer(BufferLayout.Bytes32, "offsets of 32 bits"));

    /// <summary>The offsets of a column of large_utf8 or large_binary, as <see cref="Offsets"/>.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it has no such offsets.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<long> LargeOffsets => MemoryMarshal.Cast<byte, long>(Buffer(BufferLayout.Bytes64, "offsets of 64 bits"));

    /// <summary>The bytes of the rows of a text or binary column, one row's behind the other's: as many as were asked
    /// for. What lies past the last offset is left out.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it has no such bytes.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<byte> Data
    {
        get
        {
            if (FieldView.Type.Layout() is not (BufferLayout.Bytes32 or BufferLayout.Bytes64)) throw HasNo("bytes of its own");
            return _batch.Draft.Data(_batch.Bytes, _index);
        }
    }

    /// <summary>Makes a row null; its value no longer matters.</summary>
    /// <param name="row">The row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public void SetNull(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)_batch.Rows, nameof(row));
        Columnar.Bits.Clear(_batch.Validity(_index), row);
    }

    private Span<byte> Buffer(BufferLayout layout, string what) => FieldView.Type.Layout() == layout
        ? _batch.Draft.Values(_batch.Bytes, _index)
        : throw HasNo(what);

    private ArrowCidException HasNo(string what) => new(ErrorCode.SchemaMismatch,
        $"Column '{FieldView.Name}' is of {FieldView.Type} and has no {what}");
}
