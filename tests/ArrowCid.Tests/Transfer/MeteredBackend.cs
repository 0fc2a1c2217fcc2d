using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer;

/// <summary>Blocks in memory that are read in ranges, and counted.</summary>
internal sealed class MeteredBackend() : BlockBackend("the metered place")
{
    private readonly Dictionary<Cid, byte[]> _blocks = [];
    private long _read;

    /// <summary>The bytes that were read since the last time.</summary>
    public long TakeRead() => Interlocked.Exchange(ref _read, 0);

    /// <summary>The blocks, to be changed as a test wants.</summary>
    public Dictionary<Cid, byte[]> Blocks => _blocks;

    public override bool CanPut => true;

    protected override bool CanReadRanges => true;

    protected override bool Has(Cid cid, CancellationToken cancellationToken) => _blocks.ContainsKey(cid);

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _blocks[cid] = bytes.ToArray();

    protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        bool isThere = _blocks.TryGetValue(cid, out byte[]? found);
        bytes = found;
        _ = Interlocked.Add(ref _read, bytes.Length);
        return isThere;
    }

    protected override bool TryReadRange(Cid cid, long offset, Memory<byte> target, CancellationToken cancellationToken)
    {
        if (!_blocks.TryGetValue(cid, out byte[]? found)) return false;
        if (found.Length < offset + target.Length) throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{cid} is shorter");
        found.AsSpan((int)offset, target.Length).CopyTo(target.Span);
        _ = Interlocked.Add(ref _read, target.Length);
        return true;
    }
}
