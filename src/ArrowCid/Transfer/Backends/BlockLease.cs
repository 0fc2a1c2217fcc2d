using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Storage;

namespace ArrowCid.Transfer.Backends;

/// <summary>Holds a block's bytes until it is disposed of: in the store's memory where a store has the block, else in
/// memory of its own.</summary>
public sealed partial class BlockLease : IDisposable
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly IDisposable? _lease;
    private volatile bool _isClosed;

    internal BlockLease(Cid cid, ReadOnlyMemory<byte> bytes, IDisposable? lease) =>
        (Cid, _bytes, _lease) = (cid, bytes, lease);

    /// <summary>The CID that was asked for.</summary>
    public Cid Cid { get; }

    /// <summary>Its bytes, which hash to the CID. Valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public ReadOnlyMemory<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            return _bytes;
        }
    }

    /// <summary>The batch, over the bytes; proved to be canonical. Valid until <see cref="Dispose"/>.</summary>
    /// <returns>The batch.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it is not a batch;
    /// <see cref="ErrorCode.NotCanonical"/>: it is one in another form.</exception>
    internal RecordBatch ReadView()
    {
        if (Cid.Codec != Multicodec.Raw) throw NoBatch(null);
        try
        {
            RecordBatch batch = CanonicalBlock.DecodeView(Bytes);
            using BlockPlan plan = BlockPlan.Of(batch);
            return plan.Makes(Bytes.Span)
                ? batch
                : throw new ArrowCidException(ErrorCode.NotCanonical, $"{Cid} is not a canonical block");
        }
        catch (InvalidArrowException e)
        {
            throw NoBatch(e);
        }
    }

    /// <summary>The schema's CID where it is a batch; else the default. A store knows; of what comes from elsewhere its
    /// bytes tell.</summary>
    internal Cid FindSchema()
    {
        if (_lease is RecordLease { Info: var info })
            return info.Kind == RecordKind.Batch ? Cid.FromSha256(Multicodec.Raw, info.SchemaDigest) : default;
        try
        {
            return CanonicalBlock.Address(ReadView()).SchemaCid;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.SchemaMismatch or ErrorCode.NotCanonical)
        {
            return default;
        }
    }

    /// <summary>Gives the memory back. Again: nothing.</summary>
    public void Dispose()
    {
        _isClosed = true;
        _lease?.Dispose();
    }

    private ArrowCidException NoBatch(Exception? inner) =>
        new(ErrorCode.SchemaMismatch, $"{Cid} is not a batch{(inner is null ? "" : $": {inner.Message}")}", inner);
}
