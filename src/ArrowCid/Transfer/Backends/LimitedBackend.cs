using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>A source that gives no more than a number of blocks and bytes. Every read counts, also a second one of the
/// same block.</summary>
internal sealed class LimitedBackend(BlockBackend source, int maxBlocks, long maxBytes) : BlockBackend(source.Name)
{
    private int _blocks;
    private long _bytes;

    private protected override BlockLease? Find(Cid cid, in Digest256 digest, CancellationToken cancellationToken)
    {
        if (source.TryGet(cid, cancellationToken) is not { } block) return null;
        long bytes = Interlocked.Add(ref _bytes, block.Bytes.Length);
        if (Interlocked.Increment(ref _blocks) <= maxBlocks && bytes <= maxBytes) return block;
        block.Dispose();
        throw new ArrowCidException(ErrorCode.TooLarge, string.Create(CultureInfo.InvariantCulture,
            $"one request fetches at most {maxBlocks} blocks and {maxBytes} bytes"));
    }

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        source.Contains(cid, cancellationToken);

    internal override Cid FindSchema(Cid cid, CancellationToken cancellationToken) =>
        source.FindSchema(cid, cancellationToken);

    protected override void Close() => source.Dispose();
}
