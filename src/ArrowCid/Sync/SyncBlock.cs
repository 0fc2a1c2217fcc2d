namespace ArrowCid.Sync;

/// <summary>A block as an end has it, to be disposed of.</summary>
internal sealed class SyncBlock(ulong codec, ReadOnlyMemory<byte> bytes, IDisposable? owner) : IDisposable
{
    public ulong Codec { get; } = codec;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public void Dispose() => owner?.Dispose();
}
