using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using BufferLayout = ArrowCid.Columnar.BufferLayout;

namespace ArrowCid;

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

    /// <summary>The values of a column of fixed width as bytes, a row's after the one's before it.</summary>
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
    public Span<long> LargeOffsets => MemoryMarshal.Cast<byte, long>(Buffer(BufferLayout.Bytes64,
        "offsets of 64 bits"));

    /// <summary>The bytes of the rows of a text or binary column, one row's after the other's: as many as were asked
    /// for. What lies past the last offset is left out.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it has no such bytes.</exception>
    /// <exception cref="ObjectDisposedException">The reservation was committed or disposed of.</exception>
    public Span<byte> Data
    {
        get
        {
            if (FieldView.Type.Layout()
                is not (BufferLayout.Bytes32 or BufferLayout.Bytes64)) throw HasNo("bytes of its own");
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
