using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Storage;
using ArrowCid.Transfer;
using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>
/// A batch of a store, read where it is stored. Its memory does not change until <see cref="Dispose"/>, whatever other
/// processes put or delete; afterwards every read through the lease, its arrays and its batch throws
/// <see cref="ObjectDisposedException"/>.
/// </summary>
/// <remarks>
/// <para>There are three ways to the values, none of which copies them. <see cref="Column{T}"/> is the quickest: a span
/// of one column of fixed width, without an object for it. <see cref="Array"/> makes the Apache.Arrow array of one
/// column. <see cref="Batch"/> makes the arrays of all columns, which costs more the more columns there are.</para>
/// <para>A <see cref="ReadOnlySpan{T}"/> that was taken before <see cref="Dispose"/> is not checked when it is read:
/// the mapping behind it may be gone, and reading it can end the process. Take spans from the lease when they are
/// needed, and keep the lease, not the span. Objects that need no memory still answer: the length of an array, and the
/// nulls of a column that has none.</para>
/// <para>Offsets, views, dictionary indices, type codes and run ends of a column are checked once, when its
/// Apache.Arrow array is made, in every <see cref="VerifyMode"/>: Apache's accessors follow them unchecked. A process
/// of the same user that overwrites a mapped file afterwards, past the store's protocol, can make such an accessor read
/// outside of the column: other memory of this process as text, or an access violation that ends it.
/// <see cref="CidStoreOptions.CopyOnRead"/> reads from a private copy, which no other process can change.</para>
/// </remarks>
public sealed class BatchLease : IDisposable
{
    private readonly RecordLease _block;
    private readonly RecordBatch _batch;
    private A.RecordBatch? _apache;

    internal BatchLease(RecordLease block, RecordBatch batch) => (_block, _batch) = (block, batch);

    /// <summary>The whole batch, over the store's memory. It is made when it is first asked for, and kept; its schema
    /// is kept for all leases of that schema. The lease owns the memory: disposing of the batch frees
    /// nothing.</summary>
    /// <remarks>An extension type is its storage type here; the field's metadata names it.
    /// <see cref="A.Schema.GetFieldIndex(string, IEqualityComparer{string})"/> compares names by the current culture
    /// unless it is given <see cref="StringComparer.Ordinal"/>.</remarks>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow has no such type (a struct
    /// or union without fields, fixed_size_list(0), fixed_size_binary(0)) or cannot hold the metadata (a key given
    /// twice). <see cref="Block"/> has the bytes, and <see cref="Export"/> and <see cref="Column{T}"/> still work.
    /// </exception>
    /// <exception cref="InvalidArrowException">An offset, view, index, type code or run end points outside of its
    /// column.</exception>
    public A.RecordBatch Batch
    {
        get
        {
            RecordBatch view = View;
            return _apache ?? Interlocked.CompareExchange(ref _apache, ToApache.Batch(view), null) ?? _apache;
        }
    }

    /// <summary>Makes the array of one column, over the store's memory.</summary>
    /// <param name="name">The name, case-sensitive; of several columns of one name the first.</param>
    /// <returns>A new array of <see cref="BlockAddress.Rows"/> slots, to be cast to its type:
    /// <c>(Apache.Arrow.DoubleArray)lease.Array("px")</c>. The lease owns its memory: disposing of the array frees
    /// nothing.</returns>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: no such column;
    /// <see cref="ErrorCode.Unsupported"/>: as for <see cref="Batch"/>, of this column.</exception>
    /// <exception cref="InvalidArrowException">As for <see cref="Batch"/>, of this column.</exception>
    public A.IArrowArray Array(string name) => ToApache.Column(View, name);

    /// <summary>A column of fixed width as C# values: <c>lease.Column&lt;double&gt;("px").Values</c>.</summary>
    /// <typeparam name="T">The value in memory; see <see cref="Columnar.Column{T}"/>.</typeparam>
    /// <param name="name">The name, case-sensitive; of several columns of one name the first.</param>
    /// <returns>The column, over the store's memory. Valid until the lease is disposed of.</returns>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: no such column, or its slots are not
    /// such values.</exception>
    public Column<T> Column<T>(string name) where T : unmanaged => View.Column<T>(name);

    /// <summary>The canonical block's bytes: a whole Arrow stream. Valid until the lease is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    public ReadOnlyMemory<byte> Block => _block.Memory;

    /// <summary>The address of the block.</summary>
    public BlockAddress Address => BlockProof.AddressOf(_block.Info);

    /// <summary>The block's CID.</summary>
    public Cid Cid => Cid.FromSha256(Multicodec.Raw, _block.Digest);

    /// <summary>Where the bytes are stored, for people: the segment's file, <c>+</c>, and the offset in it.</summary>
    public string Location => _block.Location;

    /// <summary>The batch as the engine reads it. Valid until the lease is disposed of.</summary>
    internal RecordBatch View
    {
        get
        {
            _block.ThrowIfDisposed();
            return _batch;
        }
    }

    /// <summary>The batch and its block, to be released together with this lease.</summary>
    internal HeldBatch Hold() => new(View, Block, this);

    /// <summary>Hands the batch to another library without a copy, through the Arrow C Data Interface. The memory stays
    /// until the consumer releases the struct, also when this lease and the store are disposed of before.</summary>
    /// <param name="schema">The address of a struct ArrowSchema to be written, or 0 for none.</param>
    /// <param name="array">The address of a struct ArrowArray to be written.</param>
    /// <remarks>The other way, from a foreign library into the store, is Apache.Arrow's importer:
    /// <see cref="A.C.CArrowArrayImporter"/>, then <see cref="CidStore.Put(A.RecordBatch, PutOptions)"/>.</remarks>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    /// <exception cref="InvalidArrowException">A name or time zone has a NUL in it, which the interface cannot carry.
    /// </exception>
    public void Export(nint schema, nint array) => ArrowCData.Export(View, schema, array);

    /// <summary>Releases the memory. Again: nothing.</summary>
    public void Dispose() => _block.Dispose();
}
