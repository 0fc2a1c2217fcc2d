using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>A block that is being received into memory of the store. Without <see cref="Put"/> nothing of it remains.
/// One thread at a time.</summary>
internal sealed class DirectUpload : IDisposable
{
    private readonly BlockPutting _puts;
    private readonly DirectBlock _block;
    private readonly StagedBlock _staged;
    private readonly int _capacity;
    private bool _isOver;

    public DirectUpload(BlockPutting puts, DirectBlock block, StagedBlock staged, int capacity)
    {
        (_puts, _block, _staged, _capacity) = (puts, block, staged, capacity);
        block.Begin(staged.Bytes);
    }

    /// <summary>Whether what was received so far is the block's.</summary>
    public bool IsCanonical => _block.IsCanonical;

    /// <summary>Takes all bytes of the source.</summary>
    public void Take(IBodySource source) => _block.Take(_staged.Bytes, source);

    /// <summary>Publishes the block, which is canonical and was received whole.</summary>
    public PutResult Put(Cid expected, PutOptions? options)
    {
        Digest256 digest = _block.End(_staged.Bytes);
        return _puts.PutStaged(_block, _staged, digest, expected, options);
    }

    /// <summary>Returns the batch that was received, in memory of its own, and releases the store's.</summary>
    /// <exception cref="InvalidArrowException">The arrays break a rule.</exception>
    public RecordBatch ToBatch(Schema schema)
    {
        byte[] copy = _staged.Bytes[.._block.Length].ToArray();
        Dispose();
        return _block.ToBatch(schema, copy);
    }

    public void Dispose()
    {
        if (_isOver) return;
        _isOver = true;
        _staged.Dispose();
        _puts.EndReceiving(_capacity);
    }
}
